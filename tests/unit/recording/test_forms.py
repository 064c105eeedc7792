"""Which pieces go into one file, and H.264 with its parameter sets in the samples."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.forms import Form, Picture, Sound, mixes
from recording.h264 import BadRecord, Config, in_band, parse_config, units_of

SPS, PPS, IDR, SLICE = b"\x67\x42\xc0\x1e", b"\x68\xce", b"\x65\x88\x84", b"\x41\x9a"


def record(sps: bytes = SPS, length_bytes: int = 4) -> bytes:
    head = bytes([1, *sps[1:4], 0xFC | (length_bytes - 1), 0xE1])
    return head + len(sps).to_bytes(2) + sps + b"\x01" + len(PPS).to_bytes(2) + PPS


def sample(*units: bytes, length_bytes: int = 4) -> bytes:
    return b"".join(len(unit).to_bytes(length_bytes) + unit for unit in units)


def test_parameter_sets_stand_before_keyframes():
    config = parse_config(record())
    assert config == Config(4, (SPS, PPS))
    assert in_band(sample(IDR), config, is_keyframe=True) == sample(SPS, PPS, IDR)
    assert in_band(sample(SLICE), config, is_keyframe=False) == sample(SLICE)
    whole = sample(SPS, PPS, IDR)
    assert in_band(whole, config, is_keyframe=True) == whole


def test_lengths_become_those_of_the_file():
    config = parse_config(record(length_bytes=2))
    for units, is_keyframe, expected in (
        ((IDR,), True, (SPS, PPS, IDR)),
        ((SLICE, SLICE), False, (SLICE, SLICE)),
    ):
        given_ = sample(*units, length_bytes=2)
        assert in_band(given_, config, is_keyframe=is_keyframe) == sample(*expected)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes(raw: bytes, is_keyframe: bool):
    with contextlib.suppress(BadRecord):
        config = parse_config(raw)
        assert config.sets
    with contextlib.suppress(BadRecord):
        in_band(raw, Config(4, (SPS,)), is_keyframe=is_keyframe)
    with contextlib.suppress(BadRecord):
        assert all(units_of(raw, 2))


@pytest.mark.parametrize("raw", [b"", b"\x01", record()[:-1], record()[:12], b"\x00" * 20])
def test_no_record(raw: bytes):
    with pytest.raises(BadRecord):
        parse_config(raw)


A, B = Picture("h264", record()), Picture("h264", record(SPS + b"\x00"))
HEVC, OTHER_HEVC = Picture("hevc", b"a"), Picture("hevc", b"b")
MONO, STEREO = Sound("aac", "LC", 44100, "mono"), Sound("aac", "LC", 48000, "stereo")
HE, MP3 = Sound("aac", "HE-AAC", 44100, "stereo"), Sound("mp3", "", 44100, "stereo")


@pytest.mark.parametrize(
    ("first", "other", "sound", "expected"),
    [
        (Form(A, MONO), Form(A, MONO), MONO, True),
        (Form(A, MONO), Form(B, STEREO), MONO, True),
        (Form(A, MONO), Form(B, None), MONO, True),
        (Form(A, None), Form(B, STEREO), STEREO, True),
        (Form(A, MONO), Form(B, MP3), MONO, True),
        (Form(A, MP3), Form(B, MP3), MP3, True),
        (Form(A, MP3), Form(B, MONO), MP3, False),
        (Form(A, HE), Form(A, MONO), HE, False),
        (Form(A, MONO), Form(None, MONO), MONO, False),
        (Form(None, MONO), Form(None, STEREO), MONO, True),
        (Form(HEVC, MONO), Form(OTHER_HEVC, MONO), MONO, False),
        (Form(HEVC, MONO), Form(HEVC, STEREO), MONO, True),
        (Form(A, MONO), Form(HEVC, MONO), MONO, False),
        (Form(Picture("h264", b"rubbish"), None), Form(A, None), None, False),
    ],
)
def test_what_goes_together(first: Form, other: Form, sound: Sound | None, expected: bool):
    assert mixes(first, other, sound) is expected
