"""Size, profile and level of H.264 pictures, from the sequence header (H.264 7.3.2.1.1).

Pure and bounded; ValueError for what is not one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROFILES: Final = {
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4",
}
_WITH_CHROMA: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
_MAX_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    profile: str
    level: str


def parse_avc_header(record: bytes) -> Picture:
    """`record`: an AVCDecoderConfigurationRecord, the FLV body after its first five bytes."""
    if len(record) < 8 or record[0] != 1 or not record[5] & 0x1F:
        raise ValueError("no AVCDecoderConfigurationRecord with an SPS")
    length = int.from_bytes(record[6:8])
    sps = record[8 : 8 + length]
    if not 4 <= len(sps) == length <= _MAX_BYTES or sps[0] & 0x1F != 7:
        raise ValueError("not an SPS")
    return parse_sps(sps)


def parse_sps(sps: bytes) -> Picture:
    """`sps` with its NAL header."""
    bits = _Bits(sps[1:].replace(b"\0\0\3", b"\0\0"))
    profile, _, level = bits.read(8), bits.read(8), bits.read(8)
    bits.golomb()
    chroma = 1
    separate_planes = 0
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        if chroma == 3:
            separate_planes = bits.read(1)
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.golomb()
    match bits.golomb():  # pic_order_cnt_type
        case 0:
            bits.golomb()
        case 1:
            bits.read(1)
            bits.golomb()
            bits.golomb()
            count = bits.golomb()
            if count > 255:
                raise ValueError("too many reference frames in a cycle")
            for _ in range(count):
                bits.golomb()
    bits.golomb()
    bits.read(1)
    width, map_height = 16 * (bits.golomb() + 1), 16 * (bits.golomb() + 1)
    frames_only = bits.read(1)
    height = map_height * (2 - frames_only)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    if bits.read(1):  # cropping
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        subsampled = chroma in (1, 2) and not separate_planes
        width -= (left + right) * (2 if subsampled else 1)
        vertical = 2 if chroma == 1 and not separate_planes else 1
        height -= (top + bottom) * vertical * (2 - frames_only)
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise ValueError("a size that is none")
    return Picture(width, height, PROFILES.get(profile, str(profile)), f"{level / 10:.1f}")


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = len(data) * 8

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the SPS ends too early")
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """ue(v), of at most 32 bits."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("not an Exp-Golomb code")
        return (1 << zeros) - 1 + self.read(zeros)
