"""Which RTP payloads begin a keyframe, for H.264, VP8, VP9 and AV1. No I/O here.

A viewer may start at exactly such a packet. Any bytes are taken; garbage is no keyframe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Buffer = bytes | bytearray | memoryview

_NAL_IDR = 5
_NAL_SPS = 7
_NAL_STAP_A = 24
_NAL_FU_A = 28
# An access unit's first STAP-A holds SPS, PPS, SEI and perhaps a small IDR.
_MAX_AGGREGATED = 16


def starts_keyframe(codec: str, packet: Buffer, start: int, end: int) -> bool:
    """Whether packet[start:end], a payload of `codec` ("H264", "VP8", …), begins a keyframe."""
    test = _TESTS.get(codec.upper())
    end = min(end, len(packet))
    return test is not None and 0 <= start < end and test(packet, start, end)


def _h264(packet: Buffer, start: int, end: int) -> bool:
    """RFC 6184: an SPS or an IDR slice, alone, aggregated, or the first fragment of one."""
    kind = packet[start] & 0x1F
    if kind == _NAL_FU_A:
        # S bit set: the first fragment. SPS is too small to be fragmented, yet costs nothing.
        head = packet[start + 1] if start + 1 < end else 0
        return head & 0x80 != 0 and head & 0x1F in (_NAL_IDR, _NAL_SPS)
    if kind == _NAL_STAP_A:
        offset = start + 1
        for _ in range(_MAX_AGGREGATED):
            if offset + 2 >= end:
                return False
            size = packet[offset] << 8 | packet[offset + 1]
            if size == 0 or offset + 2 + size > end:
                return False
            if packet[offset + 2] & 0x1F in (_NAL_IDR, _NAL_SPS):
                return True
            offset += 2 + size
        return False
    return kind in (_NAL_IDR, _NAL_SPS)


def _vp8(packet: Buffer, start: int, end: int) -> bool:
    """RFC 7741: start of partition 0, and the P bit of the frame header is clear."""
    first = packet[start]
    if first & 0x10 == 0 or first & 0x07:
        return False
    offset = start + 1
    if first & 0x80:
        if offset >= end:
            return False
        flags = packet[offset]
        offset += 1
        if flags & 0x80:  # picture id, 7 or 15 bits
            if offset >= end:
                return False
            offset += 2 if packet[offset] & 0x80 else 1
        if flags & 0x40:
            offset += 1
        if flags & 0x30:
            offset += 1
    return offset < end and packet[offset] & 0x01 == 0


def _vp9(packet: Buffer, start: int, end: int) -> bool:
    """RFC 9628: not inter-picture predicted, begin of a frame, lowest spatial layer."""
    first = packet[start]
    if first & 0x40 or not first & 0x08:
        return False
    if not first & 0x20:
        return True
    offset = start + 1
    if first & 0x80:
        if offset >= end:
            return False
        offset += 2 if packet[offset] & 0x80 else 1
    return offset < end and packet[offset] & 0x0E == 0


def _av1(packet: Buffer, start: int, end: int) -> bool:
    """AV1 payload format: the N bit says that a coded video sequence begins."""
    return end - start > 1 and packet[start] & 0x88 == 0x08


_TESTS: Mapping[str, Callable[[Buffer, int, int], bool]] = {
    "H264": _h264,
    "VP8": _vp8,
    "VP9": _vp9,
    "AV1": _av1,
}
