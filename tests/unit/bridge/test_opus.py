"""AAC of any kind to Opus frames of 960 samples, without a break, in step with FLV's time."""

from __future__ import annotations

import itertools
import math
import os
from array import array
from fractions import Fraction

import av
import pytest

from bridge.opus import LOOKAHEAD_SAMPLES, OpusPacket, ToOpus, level_of

TONE_HZ = 1_000


def aac(rate: int, layout: str, frames: int) -> tuple[bytes, list[bytes]]:
    """A tone that begins with the sixth of the frames."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
    encoder.time_base, encoder.bit_rate = Fraction(1, rate), 128_000
    encoder.open()
    coded = []
    for index in range(frames):
        frame = av.AudioFrame(format="fltp", layout=layout, samples=1_024)
        frame.sample_rate, frame.pts = rate, index * 1_024
        angles = (2 * math.pi * TONE_HZ * at / rate for at in range(1_024))
        loudness = 0.5 if index > 5 else 0.0
        for plane in frame.planes:
            plane.update(array("f", (loudness * math.sin(angle) for angle in angles)).tobytes())
            angles = (2 * math.pi * TONE_HZ * at / rate for at in range(1_024))
        coded += [bytes(packet) for packet in encoder.encode(frame)]
    return bytes(encoder.extradata or b""), coded


def through(rate: int, layout: str, secs: float = 2.0) -> list[OpusPacket]:
    header, frames = aac(rate, layout, int(secs * rate / 1_024))
    to_opus = ToOpus("AAC", header)
    packets = []
    for index, frame in enumerate(frames):
        packets += to_opus.push(frame, 5_000 + round(index * 1_024_000 / rate))
    return packets


def decoded(packets: list[OpusPacket]) -> int:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    return sum(frame.samples for each in packets for frame in decoder.decode(av.Packet(each.data)))


@pytest.mark.parametrize(
    ("rate", "layout"), [(48_000, "stereo"), (44_100, "mono"), (22_050, "stereo")]
)
def test_frames_follow_each_other_without_a_break(rate: int, layout: str) -> None:
    packets = through(rate, layout)
    assert len(packets) == pytest.approx(100, abs=4)
    assert {b.position - a.position for a, b in itertools.pairwise(packets)} == {960}
    assert decoded(packets) == len(packets) * 960
    for each in packets:
        assert each.at_ms == pytest.approx((each.position - LOOKAHEAD_SAMPLES) / 48, abs=3)
    # It is silent up to the tone's place: 7 frames of the encoder, one of them its own delay.
    tone_ms = next(each.at_ms for each in packets if each.level < 40)
    assert tone_ms == pytest.approx(5_000 + 7 * 1_024_000 / rate, abs=30)


def test_a_hole_in_the_sound_is_jumped_over() -> None:
    header, frames = aac(48_000, "stereo", 60)
    to_opus = ToOpus("AAC", header)
    packets = []
    for index, frame in enumerate(frames):
        packets += to_opus.push(frame, round(index * 1_024 / 48) + (3_000 if index >= 30 else 0))
    steps = [b.position - a.position for a, b in itertools.pairwise(packets)]
    assert sorted(set(steps))[0] == 960
    assert max(steps) == pytest.approx(3_000 * 48, abs=1_920)
    assert packets[-1].at_ms == pytest.approx(3_000 + len(frames) * 1_024 / 48, abs=50)


def test_broken_sound_is_left_out() -> None:
    header, frames = aac(48_000, "stereo", 40)
    to_opus = ToOpus("AAC", header)
    packets = []
    for index, frame in enumerate(frames):
        given = os.urandom(300) if index % 4 == 0 else frame
        packets += to_opus.push(given, round(index * 1_024 / 48))
    assert packets
    for header in (b"", b"\xff", os.urandom(5)):
        other = ToOpus("AAC", header)
        for _ in range(20):
            other.push(os.urandom(200), 0)


def test_levels() -> None:
    assert level_of(bytes(3_840)) == 127
    assert level_of(b"\xff\x7f" * 1_920) == 0
    assert level_of(array("h", [3_277] * 1_920).tobytes()) == 20
