"""Packets into order, into pictures and into time; garbage into nothing."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.webrtc.packets import build_rtp, packetize_h264
from bridge.webrtc.rtp_buffer import Ordered, ReorderBuffer
from bridge.webrtc.rtp_clock import Delay, StreamClock
from bridge.webrtc.rtp_codecs import ASSEMBLIES
from bridge.webrtc.rtp_frames import Frame, FrameBuilder
from bridge.webrtc.rtp_packet import (
    Goodbye,
    Reception,
    RtpPacket,
    SenderReport,
    build_nack,
    build_pli,
    build_receiver_report,
    parse_rtcp,
    parse_rtp,
)
from tests.effort import some


def packet(
    number: int, timestamp: int = 0, payload: bytes = b"x", marker: bool = False
) -> RtpPacket:
    return RtpPacket(96, marker, number & 0xFFFF, timestamp, 7, payload)


# --- Bytes --------------------------------------------------------------------------------------


def test_what_the_publisher_builds_is_read() -> None:
    data = build_rtp(106, True, 65_535, 2**32 - 1, 99, b"\xbe\xde\0\1\x10\1\0\0", b"payload")
    assert parse_rtp(data) == RtpPacket(106, True, 65_535, 2**32 - 1, 99, b"payload")
    padded = bytearray(build_rtp(106, False, 1, 2, 3, b"", b"payload") + b"\0\0\3")
    padded[0] |= 0x20
    assert parse_rtp(bytes(padded)) == RtpPacket(106, False, 1, 2, 3, b"payload")


def test_reports_are_read_and_built() -> None:
    report = b"\x80\xc8\0\6" + (7).to_bytes(4) + (1 << 40).to_bytes(8) + (5).to_bytes(4) + bytes(8)
    goodbye = b"\x81\xcb\0\1" + (7).to_bytes(4)
    assert parse_rtcp(report + goodbye) == [SenderReport(7, 1 << 40, 5), Goodbye((7,))]
    built = build_receiver_report(1, [Reception(7, 3, -1, 2**33, 5, 6, 8)])
    assert (built[1], len(built)) == (201, 32)
    assert build_nack(1, 7, [10, 12, 65_535])[12:] == b"\0\x0a\0\2\xff\xff\0\0"
    assert len(build_pli(1, 7)) == 12


@given(st.binary(max_size=300))
def test_garbage_is_no_packet(data: bytes) -> None:
    parse_rtp(data)
    parse_rtcp(data)


# --- Order --------------------------------------------------------------------------------------


def sequence(items: list[Ordered]) -> list[int]:
    return [item.packet.sequence for item in items]


def test_reordered_packets_wait_for_each_other_over_the_wrap() -> None:
    buffer = ReorderBuffer(0.2)
    got: list[int] = []
    for at, number in enumerate([65_533, 65_535, 65_534, 1, 0, 2]):
        buffer.put(packet(number), at / 100)
        got += sequence(buffer.take(at / 100))
    assert got == [65_533, 65_534, 65_535, 0, 1, 2]
    assert buffer.lost == 0


def test_what_is_lost_is_asked_for_then_left_behind() -> None:
    buffer = ReorderBuffer(0.2)
    for number in (1, 2, 5):
        buffer.put(packet(number), 0.0)
    assert sequence(buffer.take(0.0)) == [1, 2]
    assert buffer.missing(0.0) == [3, 4]
    assert buffer.missing(0.01) == []
    assert buffer.missing(0.05) == [3, 4]
    buffer.put(packet(4), 0.06)
    assert buffer.missing(0.1) == [3]
    assert buffer.due_secs() == pytest.approx(0.26)
    [four, five] = buffer.take(0.27)
    assert (four.after_gap, five.after_gap) == (True, False)
    assert buffer.lost == 1
    assert not buffer.put(packet(3), 0.3), "too late"
    assert not buffer.put(packet(5), 0.3), "had"


def test_a_leap_of_the_numbers_is_another_source() -> None:
    buffer = ReorderBuffer(0.2)
    buffer.put(packet(10), 0.0)
    buffer.take(0.0)
    buffer.put(packet(30_000), 0.1)
    [item] = buffer.take(0.1)
    assert item.after_gap
    assert buffer.missing(0.2) == []


@some
@given(st.lists(st.integers(0, 65_535), max_size=300))
def test_any_numbers_are_borne(numbers: list[int]) -> None:
    buffer = ReorderBuffer(0.1)
    taken = 0
    for at, number in enumerate(numbers):
        buffer.put(packet(number), at / 100)
        taken += len(buffer.take(at / 100))
        assert len(buffer.missing(at / 100)) <= 400
    taken += len(buffer.take(1e9))
    assert taken <= len(numbers)
    assert len(buffer.take(2e9)) == 0


# --- Pictures -----------------------------------------------------------------------------------

SETS = [b"\x67sps-", b"\x68pps"]
IDR = b"\x65" + bytes(range(256)) * 20
SLICE = b"\x41" + b"slice" * 500


def send(
    builder: FrameBuilder, payloads: list[bytes], timestamp: int, drop: int = -1
) -> list[Frame]:
    frames: list[Frame] = []
    gap = False
    for index, payload in enumerate(payloads):
        if index == drop:
            gap = True
            continue
        one = packet(index, timestamp, payload, marker=index == len(payloads) - 1)
        frames += builder.put(Ordered(one, 1.0, gap))
        gap = False
    return frames


def test_h264_comes_out_as_it_went_in() -> None:
    builder = FrameBuilder(ASSEMBLIES["H264"])
    assert send(builder, packetize_h264([SLICE]), 1) == [], "nothing before a keyframe"
    [frame] = send(builder, packetize_h264([*SETS, IDR]), 3_000)
    assert frame.nals == (*SETS, IDR)
    assert frame.keyframe
    [frame] = send(builder, packetize_h264([SLICE]), 6_000)
    assert (frame.nals, frame.keyframe) == ((SLICE,), False)


def test_after_a_loss_there_is_nothing_until_a_keyframe() -> None:
    builder = FrameBuilder(ASSEMBLIES["H264"])
    send(builder, packetize_h264([*SETS, IDR]), 1)
    assert send(builder, packetize_h264([SLICE]), 2, drop=1) == []
    assert builder.needs_keyframe
    assert send(builder, packetize_h264([SLICE]), 3) == []
    [frame] = send(builder, packetize_h264([*SETS, IDR]), 4)
    assert frame.keyframe
    assert not builder.needs_keyframe


def test_a_picture_without_its_marker_ends_with_the_next() -> None:
    builder = FrameBuilder(ASSEMBLIES["H264"])
    assert builder.put(Ordered(packet(1, 1, IDR), 1.0, False)) == []
    [frame] = builder.put(Ordered(packet(2, 2, b"\x41abc"), 1.1, False))
    assert frame.nals == (IDR,)


def test_vp8_and_vp9_and_av1_keyframes() -> None:
    vp8 = FrameBuilder(ASSEMBLIES["VP8"])
    [frame] = send(vp8, [b"\x90\x80\x11\x10key", b"\x80\x80\x11rest"], 1)
    assert (frame.keyframe, frame.data) == (True, b"\x10keyrest")
    [frame] = send(vp8, [b"\x10\x01delta"], 2)
    assert not frame.keyframe
    vp9 = FrameBuilder(ASSEMBLIES["VP9"])
    [frame] = send(vp9, [b"\x08key", b"\x04rest"], 1)
    assert (frame.keyframe, frame.data) == (True, b"keyrest")
    [frame] = send(vp9, [b"\xcc\x81\x05delta"], 2)
    assert (frame.keyframe, frame.data) == (False, b"delta")
    av1 = FrameBuilder(ASSEMBLIES["AV1"])
    # A sequence header alone, then a frame over two packets.
    [frame] = send(av1, [b"\x68\x03\x08ab\x30fra", b"\x90me"], 1)
    assert frame.keyframe
    assert frame.data == b"\x12\0" + b"\x0a\x02ab" + b"\x32\x05frame"


@pytest.mark.parametrize("codec", sorted(ASSEMBLIES))
@some
@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans(), st.booleans()), max_size=30))
def test_hostile_payloads_are_borne(codec: str, parts: list[tuple[bytes, bool, bool]]) -> None:
    builder = FrameBuilder(ASSEMBLIES[codec])
    for number, (payload, marker, gap) in enumerate(parts):
        for frame in builder.put(Ordered(packet(number, number // 3, payload, marker), 0.0, gap)):
            assert frame.data or frame.nals


# --- Time ---------------------------------------------------------------------------------------


def run(
    clock: StreamClock, secs: float, delay: Callable[[float], float], start: int = 2**32 - 90_000
) -> list[tuple[float, float]]:
    """(captured, placed) of 30 pictures a second whose packets take `delay`."""
    found = []
    for number in range(int(secs * 30)):
        taken = number / 30
        timestamp = (start + int(taken * 90_000)) & 0xFFFFFFFF
        found.append((taken, clock.place(timestamp, 100 + taken + delay(taken))))
    return found


def test_time_without_reports_follows_the_fastest_packet_over_the_wrap() -> None:
    chance = random.Random(1)
    placed = run(StreamClock(90_000), 20, lambda _: 0.01 + chance.random() * 0.05)
    late = [at - 100 - taken for taken, at in placed[60:]]
    assert max(late) - min(late) < 0.01


def test_reports_bring_lips_into_step_without_a_jump() -> None:
    """Sound is 80 ms faster on its way than the picture: both are placed alike."""
    session = Delay()
    picture, sound = StreamClock(90_000, session), StreamClock(48_000, session)
    steps, before = [], None
    for number in range(30 * 20):
        taken = number / 30
        if number == 60:
            picture.got_report(int((5_000 + taken) * 2**32), int(taken * 90_000))
            sound.got_report(int((5_000 + taken) * 2**32), int(taken * 48_000))
        seen = picture.place(int(taken * 90_000), 100 + taken + 0.1)
        heard = sound.place(int(taken * 48_000), 100 + taken + 0.02)
        if before is not None:
            steps.append(seen - before)
        before = seen
    assert abs(seen - heard) < 0.002
    assert max(abs(step - 1 / 30) for step in steps) < 0.04
    assert all(step >= 0 for step in steps)


def test_a_clock_that_leaps_is_followed_at_once() -> None:
    clock = StreamClock(90_000)
    run(clock, 3, lambda _: 0.01, start=0)
    assert clock.place(3 * 90_000 + 90_000 * 3_600, 103.1) == pytest.approx(103.1, abs=0.3)
    assert clock.place(3 * 90_000 + 90_000 * 3_601, 104.1) == pytest.approx(104.1, abs=0.3)


@some
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)), max_size=40))
def test_no_report_moves_a_stream_far_from_the_clock(values: list[tuple[int, int]]) -> None:
    clock = StreamClock(90_000)
    for number, (timestamp, ntp) in enumerate(values):
        clock.got_report(ntp, timestamp)
        at = clock.place(timestamp, 100 + number / 30)
        assert 97.0 < at <= 100 + number / 30
