"""The child `to_rtmp` with a real SFU and a real nginx: what a player of `out` gets."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from bridge.canvas import box_of
from bridge.faces import DISC, INK
from live.layouts import rectangles
from playback.flv import AUDIO, VIDEO
from tests.integration.bridge.rtmp_tape import Tape, lips_ms, onsets_ms, tones
from tests.integration.bridge.webrtc_media import FPS, LOOP, read_counter, unwrapped
from tests.integration.bridge.webrtc_room import Room
from tests.integration.playback.rig import Rig

pytestmark = [pytest.mark.media, pytest.mark.timeout(180)]
PLAY_ID = "play_bridge0001"


async def until(what: str, look: Callable[[], Any], within_secs: float = 30.0) -> Any:
    deadline = time.monotonic() + within_secs
    while not (found := look()):
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.05)
    return found


@pytest.fixture
async def tape(rig: Rig, room: Room) -> AsyncIterator[Tape]:
    one = Tape(rig.rtmp_port, PLAY_ID)
    yield one
    await one.stop()


def never_back(times: list[int]) -> bool:
    return all(b >= a for a, b in itertools.pairwise(times))


def scale_of(height: int, original: int) -> float:
    return height / original


def said(room: Room, tape: Tape, what: str, height: int) -> tuple[float, float]:
    """Print the figures of a run; (delay ms, lips ms) of it."""
    pictures = tape.pictures()
    scale = pictures[-1].frame.height / height
    numbers = unwrapped([read_counter(one.luma, scale) for one in pictures])
    counted = [(one.at_ms, number) for one, number in zip(pictures, numbers, strict=True)]
    steps = np.diff(numbers)
    loop_ms = LOOP * 1000 / FPS
    delays = [
        ((one.arrived - room.zero - number / FPS) * 1000) % loop_ms
        for one, number in zip(pictures, numbers, strict=True)
    ]
    off_ms, spread_ms = lips_ms(counted, onsets_ms(*tape.sound()))
    delay_ms = float(np.median(delays[len(delays) // 2 :]))
    print(
        f"{what}: {len(pictures)} pictures, delay {delay_ms:.0f} ms, picture minus sound "
        f"{off_ms:.0f} ms (spread {spread_ms:.0f}), steps of the counter {steps.min()} to "
        f"{steps.max()}, {room.figures()}"
    )
    assert steps.min() >= 0
    assert abs(off_ms) < 100
    assert never_back(tape.times(VIDEO))
    assert never_back(tape.times(AUDIO))
    return delay_ms, off_ms


async def test_h264_is_passed_on_with_its_sound(room: Room, tape: Tape) -> None:
    one = await room.publish(width=1280, height=720)
    room.bridge(one, play_id=PLAY_ID)
    await until("the first picture", tape.frames)
    print(f"first picture {time.monotonic() - room.child_started:.2f} s after the process began")
    await until("ten seconds of it", lambda: tape.frames() > 8 * FPS)
    delay_ms, _ = said(room, tape, "pass, 720p30", 720)
    assert delay_ms < 1_000
    assert room.state() == ("running", "")
    gaps = np.diff(tape.keyframe_times())
    print(f"keyframes {gaps.max() / 1000:.1f} s apart at most, the first {gaps[0] / 1000:.1f} s")
    assert gaps[0] < 1_800  # asked for after 1.1 s: HLS needs two for its first segment
    assert len(tape.headers()) == 1


async def test_a_publisher_that_comes_back_in_another_size(room: Room, tape: Tape) -> None:
    one = await room.publish(width=640, height=360)
    room.bridge(one, play_id=PLAY_ID)
    await until("pictures", lambda: tape.frames() > 2 * FPS)
    await one.close()
    other = await room.publish(width=480, height=270)
    room.bridge(other, play_id=PLAY_ID)
    at = tape.frames()
    await until("pictures of the new one", lambda: len(tape.headers()) == 2)
    await until("a few of them", lambda: tape.frames() > at + 2 * FPS)
    assert tape.drops == 0, "the stream went on"
    assert room.figures()["connects"] == 1
    pictures = tape.pictures()
    assert {one.frame.width for one in pictures} == {640, 480}
    # Time went on by the clock: what the counters say and what the stamps say is the same.
    first, last = pictures[0], pictures[-1]
    numbers = unwrapped([read_counter(one.luma) for one in pictures])
    counted = (numbers[-1] - numbers[0]) * 1000 / FPS
    print(f"{last.at_ms - first.at_ms} ms by stamps, {counted:.0f} ms by counters")
    assert abs(last.at_ms - first.at_ms - counted) < 250
    assert never_back(tape.times(VIDEO))
    assert never_back(tape.times(AUDIO))


async def test_vp8_is_transcoded_once_it_may_be(room: Room, tape: Tape) -> None:
    one = await room.publish(codec="VP8", width=640, height=360)
    room.bridge(one, play_id=PLAY_ID)
    await until("the wish", lambda: room.reports() and room.reports()[-1]["needs"] == "transcode")
    assert room.state() == ("waiting", "codec")
    room.bridge(one, play_id=PLAY_ID, mode="transcode")
    await until("pictures", lambda: tape.frames() > 6 * FPS)
    said(room, tape, "VP8 to x264, 360p to 720p30", 360)
    assert tape.pictures(1)[-1].frame.height == 720
    assert room.state() == ("running", "")


async def test_two_are_mixed_in_picture_and_sound(room: Room, tape: Tape) -> None:
    one = await room.publish(colour=(90, 90, 200), tone=600, steady=True)  # red
    other = await room.publish(codec="VP8", colour=(150, 60, 60), tone=1500, steady=True)  # green
    room.bridge(one, play_id=PLAY_ID)
    await until("the first alone", lambda: tape.frames() > FPS)
    room.bridge(one, other, play_id=PLAY_ID, mode="mix", layout="grid")
    await until("the mix", lambda: len(tape.headers()) == 2)
    at = tape.frames()
    began = time.monotonic()
    await until("seconds of it", lambda: time.monotonic() - began > 4 and tape.frames() > at + 10)
    shown = tape.pictures(1)[-1].frame
    assert (shown.width, shown.height) == (1280, 720)
    left, right = colour_at(shown, 320, 200), colour_at(shown, 960, 200)
    assert near(left, (90, 90, 200)), left
    assert near(right, (150, 60, 60)), right

    def strengths() -> list[float]:
        return tones(tape.sound()[1][-48_000:], [600, 1500, 1000])

    def both() -> bool:
        one_, other_, nobody = strengths()
        return min(one_, other_) > 100 * nobody

    await until("both sounds", both)
    print(f"600 Hz, 1500 Hz, 1000 Hz against noise: {[round(each) for each in strengths()]}")
    assert tape.drops == 0
    print(f"mix of two 360p to 720p30: {room.figures()}")

    # Muted: only the other is heard. Picture in picture: the small one is at the lower right.
    room.bridge(
        one, other, play_id=PLAY_ID, mode="mix", layout="pip", of_tiles=[{}, {"muted": True}]
    )
    at = tape.frames()
    began = time.monotonic()
    await until("a few seconds", lambda: time.monotonic() - began > 4 and tape.frames() > at + 10)
    shown = tape.pictures(1)[-1].frame
    assert near(colour_at(shown, 640, 200), (90, 90, 200))
    assert near(colour_at(shown, 1110, 590), (150, 60, 60)), colour_at(shown, 1110, 590)
    await until("one sound", lambda: strengths()[0] > 100 * strengths()[1])

    # The camera is off: a face with a letter, in the same place.
    other.shows = False
    called = [{}, {"name": "Mei"}]
    room.bridge(one, other, play_id=PLAY_ID, mode="mix", layout="pip", of_tiles=called)
    box = box_of(rectangles("pip", 2)[1], 1280, 720)
    middle = box.x + box.w // 2, box.y + box.h // 2

    def face() -> bool:
        frame = tape.pictures(1)[-1].frame
        luma = frame.to_ndarray(format="yuv420p")
        letter = luma[middle[1] - 20 : middle[1] + 20, middle[0] - 20 : middle[0] + 20].max()
        disc = colour_at(frame, middle[0] - 24, middle[1])
        return near(disc, (round(DISC[0]), round(DISC[1]), round(DISC[2]))) and letter > INK[0] - 30

    for _ in range(100):
        if await asyncio.to_thread(face):  # decoding; the publishers live in this loop
            break
        await asyncio.sleep(0.3)
    else:
        pytest.fail("a face never came")

    # One leaves: back to passing on.
    room.bridge(one, play_id=PLAY_ID)
    await until("the first alone again", lambda: len(tape.headers()) == 3)
    assert room.figures()["connects"] == 1
    assert never_back(tape.times(VIDEO))


def colour_at(frame: Any, x: int, y: int) -> tuple[int, int, int]:
    data = frame.to_ndarray(format="yuv420p")
    height, width = frame.height, frame.width
    chroma = data[height:].reshape(2, height // 2, width // 2)
    return (
        int(np.median(data[y - 4 : y + 4, x - 4 : x + 4])),
        int(chroma[0][y // 2, x // 2]),
        int(chroma[1][y // 2, x // 2]),
    )


def near(found: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 20 for a, b in zip(found, wanted, strict=True))


async def test_crashes_of_sfu_and_nginx(room: Room, rig: Rig, tape: Tape) -> None:
    one = await room.publish()
    room.bridge(one, play_id=PLAY_ID)
    await until("pictures", lambda: tape.frames() > FPS)
    rig.kill_nginx()
    await until("the loss is told", lambda: room.state() == ("waiting", "rtmp_down"))
    at = tape.frames()
    await asyncio.to_thread(rig.start_nginx)
    began = time.monotonic()
    await until("pictures after nginx", lambda: tape.frames() > at + 5)
    print(f"nginx killed: pictures {time.monotonic() - began:.2f} s after it listens")
    await until("figures", lambda: room.figures().get("connects") == 2)

    room.kill_sfu()
    drops = tape.drops
    room.start_sfu()
    await until("the loss of the SFU is told", lambda: "sfu_unavailable" in str(room.reports()), 20)
    other = await room.publish()
    room.bridge(other, play_id=PLAY_ID)
    at = tape.frames()
    began = time.monotonic()
    await until("pictures after the SFU", lambda: tape.frames() > at + 5)
    print(f"SFU killed: pictures {time.monotonic() - began:.2f} s after somebody publishes")
    assert tape.drops == drops, "the stream to nginx stayed"
    assert room.figures()["connects"] == 2
    assert never_back(tape.times(VIDEO)[-200:])
