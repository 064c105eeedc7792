"""RTCP: our own packets and another implementation's are read back, garbage is left out."""

from __future__ import annotations

import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.wire import rtcp, rtcp_parse
from tests.effort import few
from tests.unit.wire.mutations import hostile

BLOCK = rtcp.ReportBlock(11, 128, -3, 70000, 42, 0x12345678, 65536)
SENDER = rtcp.SenderReport(7, 0xE1B2C3D4E5F60718, 90000, 100, 110000, (BLOCK,))
U32 = st.integers(0, 0xFFFFFFFF)


def transport_cc(base: int, chunks: bytes, deltas: bytes, count: int) -> bytes:
    body = (1).to_bytes(4, "big") + (2).to_bytes(4, "big") + base.to_bytes(2, "big")
    body += count.to_bytes(2, "big") + (5).to_bytes(3, "big") + b"\x09" + chunks + deltas
    body += bytes(-len(body) % 4)
    return b"\x8f\xcd" + (len(body) // 4).to_bytes(2, "big") + body


# 3 received (run), then 7 two-bit symbols of which 4 count: small, lost, large, small.
CC = transport_cc(65534, b"\x20\x03\xd2\x40", bytes((4, 8, 12, 1, 0xFF, 0xFE, 9)), 7)
VALID = [
    rtcp.build_sender_report(SENDER),
    rtcp.build_receiver_report(9, [BLOCK, BLOCK]),
    rtcp.build_cname(7, "abc"),
    rtcp.build_bye([1, 2]),
    rtcp.build_pli(1, 2),
    rtcp.build_fir(1, 2, 200),
    rtcp.build_nack(1, 2, [10, 11, 27, 65535, 3]),
    rtcp.build_remb(1, 1_500_000, [2, 3]),
    CC,
]


def test_all_in_one_compound() -> None:
    assert rtcp_parse.parse_compound(b"".join(VALID)) == (
        SENDER,
        rtcp.ReceiverReport(9, (BLOCK, BLOCK)),
        rtcp.Cname(7, "abc"),
        rtcp.Bye((1, 2)),
        rtcp.Pli(1, 2),
        rtcp.Fir(1, ((2, 200),)),
        rtcp.Nack(1, 2, (10, 11, 27, 65535, 3)),
        rtcp.Remb(1, 1_500_000, (2, 3)),
        rtcp.TransportCc(
            1, 2, 9, 320,
            ((65534, 4), (65535, 12), (0, 24), (1, 25), (2, None), (3, 23), (4, 32)),
        ),
    )  # fmt: skip


def test_one_bit_symbols() -> None:
    data = transport_cc(10, b"\xa8\x00", bytes((1, 2)), 4)  # received, lost, received, lost
    (feedback,) = rtcp_parse.parse_compound(data)
    assert isinstance(feedback, rtcp.TransportCc)
    assert feedback.arrivals == ((10, 1), (11, None), (12, 3), (13, None))


@pytest.mark.parametrize("data", VALID[:-1])
def test_another_implementation_reads_us(data: bytes) -> None:
    (packet,) = aiortc.rtp.RtcpPacket.parse(data)
    assert bytes(packet) == data


def test_we_read_another_implementation() -> None:
    remb = aiortc.rtp.RtcpPsfbPacket(
        fmt=15, ssrc=1, media_ssrc=0, fci=aiortc.rtp.pack_remb_fci(4160000, [2529072847])
    )
    nack = aiortc.rtp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=[12, 32, 39, 54, 76, 110])
    assert rtcp_parse.parse_compound(bytes(remb) + bytes(nack)) == (
        rtcp.Remb(1, 4160000, (2529072847,)),
        rtcp.Nack(1, 2, (12, 32, 39, 54, 76, 110)),
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"\x80\xc9\x00\x07" + bytes(4), 0),  # longer than the datagram
        (b"\x40\xc9\x00\x01" + bytes(4), 0),  # version 1
        (rtcp.build_pli(1, 2) + b"\x81", 1),
        (rtcp.build_pli(1, 2) + b"\x00" * 12, 1),
        (b"\xa1\xce\x00\x02" + bytes(7) + b"\x09", 0),  # padding longer than the packet
        (b"\x80\xcc\x00\x01" + bytes(4) + rtcp.build_pli(1, 2), 1),  # APP is skipped
        (rtcp.build_pli(1, 2) * 100, rtcp_parse.MAX_PACKETS),
        (transport_cc(1, b"\x20\x00", b"", 5), 0),  # a run of none, for ever
        (transport_cc(1, b"\x20\x05", b"", 5), 0),  # deltas missing
        (transport_cc(1, b"\x3f\xff" * 9, b"\x01" * 900, 65535), 0),  # more than we care to hear
    ],
)
def test_bad_lengths(data: bytes, expected: int) -> None:
    assert len(rtcp_parse.parse_compound(data)) == expected


@few
@given(st.lists(st.integers(0, 65535), max_size=300))
def test_nack_names_exactly_what_was_asked(numbers: list[int]) -> None:
    data = rtcp.build_nack(1, 2, numbers)
    assert len(data) <= 12 + 4 * 253
    named = [
        number
        for packet in rtcp_parse.parse_compound(data)
        if isinstance(packet, rtcp.Nack)
        for number in packet.sequence_numbers
    ]
    assert set(named) <= set(numbers)
    if len(numbers) <= 253:
        assert set(named) == set(numbers)


@few
@given(st.integers(-5, 1 << 70), st.lists(U32, max_size=5))
def test_remb_rounds_down_a_little(bitrate: int, ssrcs: list[int]) -> None:
    (remb,) = rtcp_parse.parse_compound(rtcp.build_remb(1, bitrate, ssrcs))
    assert isinstance(remb, rtcp.Remb)
    wanted = max(0, min(bitrate, 0x3FFFF << 40))
    assert wanted * (1 - 2**-17) <= remb.bitrate <= wanted
    assert remb.ssrcs == tuple(ssrcs)


@few
@given(
    st.builds(
        rtcp.SenderReport, U32, st.integers(0, 2**64 - 1), U32, U32, U32,
        st.lists(
            st.builds(
                rtcp.ReportBlock,
                U32, st.integers(0, 255), st.integers(-(2**23), 2**23 - 1), U32, U32, U32, U32,
            ),
            max_size=31,
        ).map(tuple),
    )
)  # fmt: skip
def test_reports_round_trip(report: rtcp.SenderReport) -> None:
    assert rtcp_parse.parse_compound(rtcp.build_sender_report(report)) == (report,)
    received = rtcp.build_receiver_report(report.ssrc, report.blocks)
    assert rtcp_parse.parse_compound(received) == (rtcp.ReceiverReport(report.ssrc, report.blocks),)


@given(hostile([*VALID, b"".join(VALID)]))
def test_nothing_raises(data: bytes) -> None:
    packets = rtcp_parse.parse_compound(data)
    for packet in packets:
        if isinstance(packet, rtcp.Nack):
            assert len(packet.sequence_numbers) <= rtcp_parse.MAX_NACKED
        if isinstance(packet, rtcp.TransportCc):
            assert len(packet.arrivals) <= rtcp_parse.MAX_ARRIVALS


@given(hostile(VALID).map(lambda data: b"\x8f\xcd" + (len(data) // 4).to_bytes(2, "big") + data))
def test_no_feedback_raises(data: bytes) -> None:
    rtcp_parse.parse_compound(data)
