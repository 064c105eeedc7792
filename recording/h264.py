"""H.264 parameter sets in a file whose pieces have different ones: before keyframes. Pure.

ISO 14496-15: samples are NAL units, each after its length; an avcC record holds the parameter sets
of `avc1`, in `avc3` they stand in the samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SPS: Final = 7
LENGTH_BYTES: Final = 4  # in what we write


class BadRecord(ValueError):
    """Not an avcC record, or not a sample of it."""


@dataclass(frozen=True)
class Config:
    length_bytes: int
    sets: tuple[bytes, ...]  # SPS, then PPS


def parse_config(record: bytes) -> Config:
    """Raises BadRecord."""
    if len(record) < 7 or record[0] != 1:
        raise BadRecord("no avcC")
    sets, at = [], 5
    for mask in (0x1F, 0xFF):
        if at >= len(record):
            raise BadRecord("cut off")
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2])
            unit = record[at + 2 : at + 2 + size]
            if not size or len(unit) != size:
                raise BadRecord("cut off")
            sets.append(unit)
            at += 2 + size
    if not sets:
        raise BadRecord("no parameter sets")
    return Config((record[4] & 3) + 1, tuple(sets))


def units_of(sample: bytes, length_bytes: int) -> list[bytes]:
    """Raises BadRecord."""
    found, at = [], 0
    while at < len(sample):
        size = int.from_bytes(sample[at : at + length_bytes])
        unit = sample[at + length_bytes : at + length_bytes + size]
        if len(unit) != size:
            raise BadRecord("cut off")
        if unit:
            found.append(unit)
        at += length_bytes + size
    return found


def in_band(sample: bytes, config: Config, *, is_keyframe: bool) -> bytes:
    """The sample as `avc3` has it. Raises BadRecord."""
    if not is_keyframe and config.length_bytes == LENGTH_BYTES:
        return sample
    units = units_of(sample, config.length_bytes)
    has_sets = any(unit[0] & 0x1F == SPS for unit in units)
    if is_keyframe and not has_sets:
        units = [*config.sets, *units]
    return b"".join(len(unit).to_bytes(LENGTH_BYTES) + unit for unit in units)
