"""Pictures laid onto one another: where they stand, that none is distorted, and broken ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import av
import numpy as np
import pytest

from bridge.canvas import Box, Canvas, box_of, fit
from bridge.compose import Key, Scene, Slot
from bridge.faces import face
from bridge.h264 import build_annex_b
from bridge.mix import MOST_BEHIND, Encoded, Mixer, left_out_of
from bridge.video import Job, x264_encoder
from live.layouts import rectangles

ONE: Key = ("sess_1", "stream", "track")
OTHER: Key = ("sess_2", "stream", "track")


@pytest.mark.parametrize("layout", ["grid", "speaker", "pip"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_boxes_are_even_and_inside(layout: str, count: int) -> None:
    for width, height in ((1280, 720), (720, 1280)):
        for rect in rectangles(layout, count, 0, height > width):
            box = box_of(rect, width, height)
            assert all(each % 2 == 0 for each in (box.x, box.y, box.w, box.h))
            assert box.x >= 0 <= box.y
            assert box.x + box.w <= width
            assert box.y + box.h <= height


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1, 1000), (3840, 16), (641, 359)])
@pytest.mark.parametrize("whole", [True, False])
def test_pictures_of_any_shape_fit(size: tuple[int, int], whole: bool) -> None:
    box = Box(640, 180, 640, 360)
    fitted = fit(*size, box, whole=whole)
    assert fitted.box.x >= box.x
    assert fitted.box.x + fitted.box.w <= box.x + box.w
    assert fitted.box.y + fitted.box.h <= box.y + box.h
    assert fitted.cut_x + fitted.box.w <= fitted.width
    assert fitted.cut_y + fitted.box.h <= fitted.height
    canvas = Canvas(1280, 720)
    frame = av.VideoFrame(fitted.width, fitted.height, "yuv420p")
    canvas.paint(frame, fitted)
    canvas.put(face("Mei", box.w, box.h), box)


def encoded(width: int, height: int, luma: int, count: int = 30) -> list[bytes]:
    encoder = x264_encoder(width, height, 30, 500, preset="ultrafast", in_band=True)
    found = []
    for number in range(count):
        data = np.full((height * 3 // 2, width), 128, np.uint8)
        data[:height] = luma
        frame = av.VideoFrame.from_ndarray(data, format="yuv420p")
        frame.pts = number * 33
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found


def until(what: str, look: Callable[[], object], within_secs: float = 20.0) -> None:
    deadline = time.monotonic() + within_secs
    while not look():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


def last_picture(got: list[Encoded]) -> np.ndarray:
    codec = av.CodecContext.create("h264", "r")
    frames = [
        each for one in list(got) for each in codec.decode(av.Packet(build_annex_b(one.nals)))
    ]
    return frames[-1].to_ndarray(format="yuv420p")


def test_two_side_by_side_and_a_layout_that_changes() -> None:
    got: list[Encoded] = []
    mixer = Mixer(320, 180, 30, emit=got.append, failed=lambda key: None)
    try:
        mixer.show(Scene((Slot(ONE), Slot(OTHER)), "grid"))
        for key, luma in ((ONE, 60), (OTHER, 200)):
            for number, data in enumerate(encoded(160, 90, luma)):
                mixer.put(key, Job("H264", data, number == 0, time.monotonic()))
        until("pictures of both", lambda: len(got) > 15)
        assert got[0].keyframe
        shown = last_picture(got)
        assert (int(shown[90, 80]), int(shown[90, 240])) == (
            pytest.approx(60, abs=4),
            pytest.approx(200, abs=4),
        )
        mixer.show(Scene((Slot(ONE), Slot(OTHER)), "pip"))
        at = len(got)
        until("the other layout, without new pictures", lambda: len(got) > at + 10)
        shown = last_picture(got)
        assert int(shown[90, 240]) == pytest.approx(60, abs=4)
        assert int(shown[155, 280]) == pytest.approx(200, abs=4)
    finally:
        mixer.close()


def test_pictures_that_are_garbage_ask_for_a_keyframe_and_harm_nobody_else() -> None:
    got: list[Encoded] = []
    asked: list[Key] = []
    mixer = Mixer(320, 180, 30, emit=got.append, failed=asked.append)
    try:
        mixer.show(Scene((Slot(ONE), Slot(OTHER)), "grid"))
        good = encoded(160, 90, 60)
        for number, data in enumerate(good):
            now = time.monotonic()
            mixer.put(ONE, Job("H264", data, number == 0, now))
            mixer.put(OTHER, Job("VP8", bytes((number, 7)) * 50, number == 0, now))
        until("pictures of the good one", lambda: len(got) > 10)
        until("a wish for a keyframe of the bad one", lambda: OTHER in asked)
        assert ONE not in asked
        assert not mixer.is_broken
    finally:
        mixer.close()


def test_a_mix_goes_on_with_faces_when_all_cameras_are_off() -> None:
    got: list[Encoded] = []
    mixer = Mixer(320, 180, 30, emit=got.append, failed=lambda key: None)
    try:
        mixer.show(Scene((Slot(None, name="Mei"), Slot(None, name="Tom")), "grid"))
        mixer.show(Scene((Slot(ONE), Slot(None, name="Tom")), "grid"))
        for number, data in enumerate(encoded(160, 90, 60)):
            mixer.put(ONE, Job("H264", data, number == 0, time.monotonic()))
        until("pictures", lambda: len(got) > 5)
        mixer.show(Scene((Slot(None, name="Mei"), Slot(None, name="Tom")), "grid"))
        at = len(got)
        until("faces", lambda: len(got) > at + 10)
        assert all(one.at < other.at for one, other in pairwise(got))
    finally:
        mixer.close()


def made(costs: list[float], step: float = 1 / 30) -> list[int]:
    """Which of the pictures are made, as `Mixer._run` does it, where each costs so many seconds."""
    now = due = 0.0
    number, found = 0, []
    for cost in costs:
        now = max(now, due)
        left_out = left_out_of(now - due + 1e-9, step)
        number += left_out
        found.append(number)
        now += cost
        number += 1
        due = number * step
    return found


def gaps(numbers: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(numbers)]


@pytest.mark.parametrize(("cost_ms", "fps"), [(20, 30), (33, 30), (50, 20), (100, 10), (150, 6.7)])
def test_a_slow_machine_leaves_out_no_more_than_it_must_and_evenly(cost_ms: int, fps: int) -> None:
    numbers = made([cost_ms / 1000] * 100)
    settled = gaps(numbers[10:])
    assert 30 / (sum(settled) / len(settled)) == pytest.approx(fps, rel=0.03)
    assert max(settled) - min(settled) <= 1


def test_a_short_stop_costs_no_picture_and_a_long_one_is_not_made_up_for() -> None:
    for stop_ms, lost in ((60, 0), (100, 0), (400, 400 // 33 - 1 - MOST_BEHIND)):
        numbers = made([0.01] * 10 + [stop_ms / 1000] + [0.01] * 20)
        assert numbers[-1] - len(numbers) + 1 == pytest.approx(lost, abs=1 if lost else 0)
