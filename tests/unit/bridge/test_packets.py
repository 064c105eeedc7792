"""H.264 in RTP payloads and back again, by aiortc's reader; headers byte for byte."""

from __future__ import annotations

from aiortc.codecs.h264 import h264_depayload
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from bridge.h264 import split_annex_b
from bridge.webrtc.packets import (
    MAX_PAYLOAD_BYTES,
    absolute_send_time,
    build_extensions,
    build_rtp,
    ntp_time,
    packetize_h264,
)
from tests.effort import few

# Without start codes inside, ending in other than zero, as NAL units are.
NALS = st.lists(
    st.tuples(st.sampled_from([0x41, 0x65, 0x67, 0x68, 0x06]), st.integers(1, 3_000)).map(
        lambda one: bytes((one[0],)) + b"\x55" * one[1]
    ),
    min_size=1,
    max_size=6,
)


@few
@given(NALS)
def test_what_goes_in_comes_out(nals: list[bytes]) -> None:
    payloads = packetize_h264(nals)
    assert all(0 < len(each) <= MAX_PAYLOAD_BYTES for each in payloads)
    assert split_annex_b(b"".join(h264_depayload(each) for each in payloads)) == nals


def test_small_ones_travel_together_and_large_ones_in_like_parts() -> None:
    small, large = b"\x67abc", b"\x65" + b"x" * 3_000
    together, *parts = packetize_h264([small, b"\x68d", large])
    assert together == b"\x78\0\4\x67abc\0\2\x68d"
    assert [part[:2].hex() for part in parts] == ["7c85", "7c05", "7c45"]
    assert [len(part) for part in parts] == [1002, 1002, 1002]
    assert packetize_h264([small]) == [small]


def test_headers() -> None:
    extensions = build_extensions({1: b"0", 3: b"abc"})
    data = build_rtp(99, True, 65_535, 1 << 32 | 7, 0xDEADBEEF, extensions, b"payload")
    packet = RtpPacket.parse(data)
    assert (packet.payload_type, packet.marker, packet.sequence_number) == (99, 1, 65_535)
    assert (packet.timestamp, packet.ssrc, packet.payload) == (7, 0xDEADBEEF, b"payload")
    assert extensions == bytes.fromhex("bede0002") + b"\x100\x32abc" + bytes(2)
    assert build_extensions({}) == b""
    assert RtpPacket.parse(build_rtp(0, False, 1, 2, 3, b"", b"x")).payload == b"x"


def test_times() -> None:
    assert absolute_send_time(1.5) == bytes.fromhex("060000")
    assert absolute_send_time(64 + 1.5) == bytes.fromhex("060000")
    assert ntp_time(0.5) == (2_208_988_800 << 32) + (1 << 31)
