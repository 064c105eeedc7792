"""The mixed picture: who is where, who has a name, who a face; nothing scaled for nobody."""

from __future__ import annotations

import av
import numpy as np
import pytest

from bridge.canvas import box_of
from bridge.compose import STALE_SECS, Composer, Key, Scene, Slot, Taken
from bridge.faces import DISC, INK
from bridge.video import Scaler
from live.layouts import rectangles

ONE: Key = ("sess_1", "stream", "track")
OTHER: Key = ("sess_2", "stream", "track")
BOTH = (Slot(ONE, name="Mei"), Slot(OTHER, name="Tom"))


def picture(luma: int, width: int = 640, height: int = 360) -> av.VideoFrame:
    data = np.full((height * 3 // 2, width), 128, np.uint8)
    data[:height] = luma
    return av.VideoFrame.from_ndarray(data, format="yuv420p")


def luma_of(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="yuv420p")[: frame.height]


def has_letters(luma: np.ndarray, scene: Scene, index: int) -> bool:
    """In the lower left corner of a rectangle."""
    height, width = luma.shape
    box = box_of(rectangles(scene.layout, len(scene.slots), scene.large)[index], width, height)
    corner = luma[box.y + box.h - 40 : box.y + box.h, box.x : box.x + 80]
    return int(corner.max()) > INK[0] - 10


@pytest.mark.parametrize("layout", ["grid", "speaker", "pip"])
def test_each_has_a_name(layout: str) -> None:
    scene = Scene(BOTH, layout)
    shown = {ONE: Taken(0.0, picture(60)), OTHER: Taken(0.0, picture(100))}
    luma = luma_of(Composer(1280, 720).frame(scene, shown, 0.0))
    assert has_letters(luma, scene, 0) and has_letters(luma, scene, 1)


def test_one_alone_has_none_and_is_not_copied() -> None:
    frame = picture(60, 1280, 720)
    composer = Composer(1280, 720)
    assert composer.frame(Scene((Slot(ONE, name="Mei"),)), {ONE: Taken(0.0, frame)}, 0.0) is frame
    small = luma_of(
        composer.frame(Scene((Slot(ONE, name="Mei"),)), {ONE: Taken(0.0, picture(60))}, 0.0)
    )
    assert small.shape == (720, 1280) and int(small.max()) < 70


def test_a_phone_held_upright_alone_is_an_upright_picture() -> None:
    shown = {ONE: Taken(0.0, picture(60, 360, 640))}
    composer = Composer(1280, 720)
    alone = composer.frame(Scene((Slot(ONE),)), shown, 0.0)
    assert (alone.width, alone.height) == (720, 1280)
    beside = composer.frame(Scene(BOTH, "grid"), shown, 0.0)
    assert (beside.width, beside.height) == (1280, 720)


def test_whoever_shows_nothing_new_has_a_face_but_screens_stay() -> None:
    slots = (Slot(ONE, name="Mei"), Slot(OTHER, is_screen=True, name="Tom"))
    scene = Scene(slots, "grid")
    shown = {ONE: Taken(0.0, picture(200)), OTHER: Taken(0.0, picture(200))}
    luma = luma_of(Composer(1280, 720).frame(scene, shown, STALE_SECS + 1))
    assert abs(int(luma[360, 320 - 60]) - DISC[0]) < 3
    assert abs(int(luma[360, 960]) - 200) < 3


def test_people_without_pictures_have_faces() -> None:
    scene = Scene((Slot(None, name="Mei"), Slot(None, name="Tom")), "grid")
    luma = luma_of(Composer(1280, 720).frame(scene, {}, 0.0))
    for x in (320 - 60, 960 - 60):
        assert abs(int(luma[360, x]) - DISC[0]) < 3
    assert has_letters(luma, scene, 0) and has_letters(luma, scene, 1)


def test_a_picture_that_is_shown_twice_is_scaled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = [0]
    scaled = Scaler.scaled

    def counted(self: Scaler, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        count[0] += 1
        return scaled(self, frame, width, height)

    monkeypatch.setattr(Scaler, "scaled", counted)
    composer = Composer(1280, 720)
    shown = {ONE: Taken(0.0, picture(60)), OTHER: Taken(0.0, picture(100))}
    for _ in range(3):
        composer.frame(Scene(BOTH, "grid"), shown, 0.0)
    assert count[0] == 2
    composer.frame(Scene(BOTH, "pip"), shown, 0.0)
    assert count[0] == 3, "the large one is cut from the same"
