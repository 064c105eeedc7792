"""What WebRTC can't take, made anew: forms, sizes, keyframes when asked for, and no harm done."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from fractions import Fraction

import av
import pytest

from bridge.flv_video import Coded
from bridge.h264 import PPS, SPS, kind_of
from bridge.recode import MOST_WAITING, Picture, Recoder, fit


def encode(count: int, size: tuple[int, int] = (320, 180), fps: int = 30) -> list[Coded]:
    """x264 with B-frames and one keyframe, as OBS sends it."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = (*size, "yuv420p")
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.options = {"preset": "ultrafast", "bf": "2", "g": "1000", "x264-params": "bframes=2"}
    packets = []
    for index in range(count):
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes((index * 3 % 256,)) * plane.buffer_size)
        frame.pts = index
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    ms = 1_000 / fps
    return [
        Coded(
            "H264", bytes(one), b"", one.is_keyframe, round((one.pts or 0) * ms - index * ms + 100)
        )
        for index, one in enumerate(packets)
    ]


async def wait_for(pictures: list[Picture], count: int) -> None:
    deadline = time.monotonic() + 20
    while len(pictures) < count:
        assert time.monotonic() < deadline, f"{len(pictures)} of {count} pictures"
        await asyncio.sleep(0.01)


async def test_pictures_in_order_keyframes_when_due_or_asked_for() -> None:
    pictures: list[Picture] = []
    recoder = Recoder(pictures.append)
    coded = encode(120)
    for index, one in enumerate(coded):
        if index == 30:
            recoder.want_keyframe()
        recoder.push(one, index * 33)
        await wait_for(pictures, index - 5)  # what B-frames hold back
    recoder.close()
    times = [each.at_ms for each in pictures]
    assert times == sorted(set(times))
    keys = [index for index, each in enumerate(pictures) if each.is_key]
    assert keys[0] == 0
    assert 20 < keys[1] <= 32, keys
    assert len(keys) == 3, keys  # and one 2 s later
    for index in keys:
        assert [kind_of(nal) for nal in pictures[index].nals[:2]] == [SPS, PPS]
    assert recoder.dropped_frames == recoder.broken_frames == 0


async def test_who_is_too_slow_shows_fewer_pictures_not_old_ones() -> None:
    pictures: list[Picture] = []
    recoder = Recoder(pictures.append)
    for index, one in enumerate(encode(50)):
        recoder.push(one, index * 33)
    await wait_for(pictures, 10)
    recoder.close()
    steps = [b.at_ms - a.at_ms for a, b in itertools.pairwise(pictures[:5])]
    assert max(steps) > 100


async def test_it_begins_at_the_last_picture_of_what_was_before() -> None:
    pictures: list[Picture] = []
    recoder = Recoder(pictures.append)
    coded = encode(150)
    recoder.begin([(one, index * 33) for index, one in enumerate(coded[:140])])
    for index, one in enumerate(coded[140:], 140):
        recoder.push(one, index * 33)
    await wait_for(pictures, 8)
    recoder.close()
    assert pictures[0].is_key
    assert pictures[0].at_ms >= 139 * 33
    assert recoder.dropped_frames == 0


async def test_too_many_are_dropped_up_to_a_keyframe_and_garbage_is_counted() -> None:
    pictures: list[Picture] = []
    recoder = Recoder(pictures.append)
    garbage = Coded("HEVC", os.urandom(500), os.urandom(30), True, 0)
    for at_ms in range(20):
        recoder.push(garbage, at_ms)
    recoder.push(Coded("Theora", b"x", b"", True, 0), 21)
    large = Coded("H264", bytes(1 << 20), b"", True, 0)
    for at_ms in range(MOST_WAITING + 40):
        recoder.push(large, at_ms)
        recoder.push(Coded("H264", b"\0", b"", False, 0), at_ms)
    assert recoder.dropped_frames > 0
    deadline = time.monotonic() + 20
    while not recoder.broken_frames:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    recoder.close()


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ((640, 360), (640, 360)),
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((1440, 1440), (720, 720)),
        ((641, 361), (640, 360)),
        ((3840, 10), (1280, 16)),
    ],
)
def test_sizes(size: tuple[int, int], fits: tuple[int, int]) -> None:
    assert fit(*size) == fits
