"""Keyframe starts of the four codecs, and that no payload raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.wire.keyframes import starts_keyframe

SPS = b"\x67\x42\xe0\x1f"
PPS = b"\x68\xce"


def stap(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("codec", "payload", "expected"),
    [
        ("H264", SPS, True),
        ("h264", b"\x65\x88", True),  # IDR
        ("H264", b"\x61\x9a", False),  # other slice
        ("H264", PPS, False),
        ("H264", stap(SPS, PPS), True),
        ("H264", stap(b"\x06\x05\x01", SPS), True),  # SEI first
        ("H264", stap(PPS), False),
        ("H264", stap(SPS)[:-1], False),  # cut short
        ("H264", b"\x7c\x85\x88", True),  # FU-A, start of an IDR
        ("H264", b"\x7c\x05\x88", False),  # FU-A, middle of an IDR
        ("H264", b"\x7c\x45\x88", False),  # FU-A, end
        ("H264", b"\x7c\x81\x88", False),  # FU-A, start of another slice
        ("H264", b"\x7c", False),
        ("VP8", b"\x10\x00", True),
        ("VP8", b"\x10\x01", False),  # interframe
        ("VP8", b"\x00\x00", False),  # not the start
        ("VP8", b"\x11\x00", False),  # partition 1
        ("VP8", b"\x90\xe0\x81\x23\x05\x20\x00", True),  # 15-bit picture id, TL0PICIDX, TID
        ("VP8", b"\x90\x80\x12\x00", True),  # 7-bit picture id
        ("VP8", b"\x90\x80\x81\x23\x01", False),
        ("VP8", b"\x90\x80\x81", False),
        ("VP9", b"\x08\x00", True),
        ("VP9", b"\x48\x00", False),  # inter-picture predicted
        ("VP9", b"\x00\x00", False),  # not the begin of a frame
        ("VP9", b"\xa8\x81\x23\x00", True),  # picture id, spatial layer 0
        ("VP9", b"\xa8\x81\x23\x02", False),  # spatial layer 1
        ("AV1", b"\x18\x0a", True),  # N
        ("AV1", b"\x10\x0a", False),
        ("AV1", b"\x98\x0a", False),  # Z: goes on with an earlier packet's unit
        ("opus", SPS, False),
        ("H264", b"", False),
    ],
)
def test_table(codec: str, payload: bytes, expected: bool) -> None:
    packet = b"\xff" * 12 + payload
    assert starts_keyframe(codec, packet, 12, len(packet)) is expected
    # What lies behind the payload in the buffer plays no part.
    assert starts_keyframe(codec, packet + b"\x67\x65" * 20, 12, len(packet)) is expected


@given(
    st.sampled_from(["H264", "VP8", "VP9", "AV1", "H265", ""]),
    st.binary(max_size=64),
    st.integers(-5, 70),
    st.integers(-5, 70),
)
def test_nothing_raises(codec: str, packet: bytes, start: int, end: int) -> None:
    assert starts_keyframe(codec, packet, start, end) in (True, False)
    assert starts_keyframe(codec, memoryview(packet), 0, len(packet)) in (True, False)
