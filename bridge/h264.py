"""H.264 between its two forms, AVCC (FLV, RTMP) and Annex B (RTP), and its parameter sets. No I/O.

AVCC: each NAL unit behind its length, parameter sets apart in a record (ISO/IEC 14496-15, 5.3.3.1).
Annex B: each NAL unit behind a start code, parameter sets in-band (H.264, Annex B and 7.3).
ValueError: these bytes are neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

SLICE: Final = 1
IDR: Final = 5
SEI: Final = 6
SPS: Final = 7
PPS: Final = 8
DELIMITER: Final = 9
END_OF_SEQUENCE: Final = 10
END_OF_STREAM: Final = 11
FILLER: Final = 12
NOT_A_PICTURE: Final = frozenset((DELIMITER, END_OF_SEQUENCE, END_OF_STREAM, FILLER))

START_CODE: Final = b"\0\0\0\1"
MAX_NALS: Final = 4_000  # of one picture; 4K in slices of one row each has 135
MAX_SET_BYTES: Final = 1_024  # a High profile SPS with all scaling lists has about 500
_MAX_SPS_ID, _MAX_PPS_ID = 31, 255
_SETS: Final = (SPS, PPS)


def kind_of(nal: bytes) -> int:
    """The NAL unit's type; 0 (unspecified) for an empty one."""
    return nal[0] & 0x1F if nal else 0


def has_idr(nals: Iterable[bytes]) -> bool:
    """Whether a decoder that knows nothing can begin here."""
    return any(kind_of(nal) == IDR for nal in nals)


def without(nals: Iterable[bytes], kinds: Collection[int]) -> list[bytes]:
    return [nal for nal in nals if kind_of(nal) not in kinds]


# --- AVCC ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Config:
    """What an AVCDecoderConfigurationRecord says; in FLV five bytes stand before it."""

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    length_bytes: int = 4


def parse_config(record: bytes) -> Config:
    if len(record) < 7 or record[0] != 1:
        raise ValueError("no AVCDecoderConfigurationRecord")
    sps, at = _take_sets(record, 6, record[5] & 0x1F, SPS)
    if at >= len(record):
        raise ValueError("the record ends before its picture parameter sets")
    pps, _ = _take_sets(record, at + 1, record[at], PPS)
    return Config(sps, pps, (record[4] & 3) + 1)


def _take_sets(record: bytes, at: int, count: int, kind: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        end = at + 2 + int.from_bytes(record[at : at + 2])
        nal = record[at + 2 : end]
        if end > len(record) or kind_of(nal) != kind or len(nal) > MAX_SET_BYTES:
            raise ValueError("the record holds what is no parameter set")
        found.append(nal)
        at = end
    return tuple(found), at


def build_config(sps: Collection[bytes], pps: Collection[bytes]) -> bytes:
    """The record for these sets, with lengths of 4 bytes. The profile is that of the first SPS."""
    first = next(iter(sps), b"")
    if len(first) < 4 or not pps or len(sps) > 31 or len(pps) > 255:
        raise ValueError("a record needs an SPS and a PPS")
    head = bytes((1, *first[1:4], 0xFC | 3, 0xE0 | len(sps)))
    record = head + _with_lengths(sps, 2) + bytes((len(pps),)) + _with_lengths(pps, 2)
    if first[1] in (100, 110, 122, 144):
        # Chroma and depth follow for High profiles: 4:2:0 and 8 bits is all that browsers send.
        record += bytes((0xFC | 1, 0xF8, 0xF8, 0))
    return record


def split_avcc(data: bytes, length_bytes: int = 4) -> list[bytes]:
    nals: list[bytes] = []
    at, size = 0, len(data)
    while at < size:
        start = at + length_bytes
        at = start + int.from_bytes(data[at:start])
        if at > size or start > size or len(nals) >= MAX_NALS:
            raise ValueError("a NAL unit is longer than its picture")
        if at > start:
            nals.append(data[start:at])
    return nals


def build_avcc(nals: Iterable[bytes]) -> bytes:
    return _with_lengths(nals, 4)


def _with_lengths(nals: Iterable[bytes], length_bytes: int) -> bytes:
    return b"".join(part for nal in nals for part in (len(nal).to_bytes(length_bytes), nal))


# --- Annex B ------------------------------------------------------------------------------------


def split_annex_b(data: bytes) -> list[bytes]:
    """What stands before the first start code, and zeros after a NAL unit, are no part of any."""
    nals: list[bytes] = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        start += 3
        end = data.find(b"\0\0\1", start)
        # A NAL unit never ends in a zero byte (7.4.1), so zeros belong to the next start code.
        nal = (data[start:end] if end >= 0 else data[start:]).rstrip(b"\0")
        if nal:
            nals.append(nal)
        if len(nals) > MAX_NALS:
            raise ValueError("a picture of too many NAL units")
        start = end
    return nals


def build_annex_b(nals: Iterable[bytes]) -> bytes:
    return b"".join(part for nal in nals for part in (START_CODE, nal))


# --- Parameter sets -----------------------------------------------------------------------------


class ParameterSets:
    """Those in force, by their ids: wherever they came from, the newest counts. Bounded."""

    def __init__(self) -> None:
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}

    @property
    def sps(self) -> tuple[bytes, ...]:
        return tuple(self._sps.values())

    @property
    def pps(self) -> tuple[bytes, ...]:
        return tuple(self._pps.values())

    @property
    def are_complete(self) -> bool:
        return bool(self._sps and self._pps)

    def take(self, nals: Iterable[bytes]) -> bool:
        """Remember the sets among them; whether one is new or another than before."""
        changed = False
        for nal in nals:
            kind = kind_of(nal)
            if kind in _SETS:
                changed |= self._take_one(nal, kind)
        return changed

    def _take_one(self, nal: bytes, kind: int) -> bool:
        if len(nal) > MAX_SET_BYTES or len(nal) < (5 if kind == SPS else 2):
            raise ValueError("no parameter set is of such a length")
        known, most = (self._sps, _MAX_SPS_ID) if kind == SPS else (self._pps, _MAX_PPS_ID)
        number = _first_golomb(nal[4:] if kind == SPS else nal[1:])
        if number > most:
            raise ValueError("a parameter set with an id that is none")
        if known.get(number) == nal:
            return False
        known[number] = nal
        return True

    def before_idr(self, nals: list[bytes]) -> list[bytes]:
        """The picture with all sets in front if it is an IDR, else as it is; `take` it first."""
        if not has_idr(nals):
            return nals
        return [*self.sps, *self.pps, *without(nals, _SETS)]


def _first_golomb(data: bytes) -> int:
    """ue(v) of at most 8 bits' value at the start: needs no more than three bytes."""
    value = int.from_bytes(data[:3].ljust(3, b"\0"))
    zeros = 24 - value.bit_length()
    if zeros > 8:
        raise ValueError("not an Exp-Golomb code of an id")
    return (value >> (23 - 2 * zeros)) - 1
