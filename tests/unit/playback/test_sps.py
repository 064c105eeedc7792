"""Size, profile and level from sequence headers that x264 wrote, and from anything else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.sps import Picture, parse_avc_header, parse_sps
from tests.unit.playback.media import AVC

RECORDS = {
    "640x360 High 3.0": AVC[5:].hex(),
    "1920x1080 Main 4.0": (
        "014d4028ffe1001a674d4028eca03c0113f2e022000003000200000300781e30632c01000568ebe3cb20"
    ),
    "854x480 Baseline 3.1": (
        "0142c01fffe100196742c01fd900d83de6f0110000030001000003003c0f18324801000568cb83cb20"
    ),
    "1280x720 High 4:4:4 3.1": (
        "01f4001fffe1001a67f4001f919b280a00b76022000003000200000300781e30632c01000668ebe3c44844fff8f800"
    ),
    "320x240 High 2.1": (  # interlaced
        "01640015ffe1001a67640015acd941410fcb8088000003000800000301e0f8a14cb001000668fba3cb22c0fdf8f800"
    ),
    "1920x1080 High 4.0": (  # interlaced and cropped
        "01640028ffe1001a67640028acd94078044fde0220000003002000000783e2c5b2c001000668fba3cb22c0fdf8f800"
    ),
}


@pytest.mark.parametrize("expected", RECORDS)
def test_records_of_x264(expected: str) -> None:
    picture = parse_avc_header(bytes.fromhex(RECORDS[expected]))
    size, _, rest = expected.partition(" ")
    profile, _, level = rest.rpartition(" ")
    width, height = map(int, size.split("x"))
    assert picture == Picture(width, height, profile, level)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for parse in (parse_sps, parse_avc_header):
        with contextlib.suppress(ValueError):
            parse(data)


@given(st.integers(0, len(AVC) - 6), st.integers(0, 255))
def test_any_byte_changed(at: int, value: int) -> None:
    data = bytearray(AVC[5:])
    data[at] = value
    with contextlib.suppress(ValueError):
        picture = parse_avc_header(bytes(data))
        assert 0 < picture.width <= 16384 and 0 < picture.height <= 16384


@given(st.integers(0, len(AVC) - 6))
def test_cut_anywhere(length: int) -> None:
    with contextlib.suppress(ValueError):
        parse_avc_header(AVC[5 : 5 + length])
