"""The mixed picture: who stands where, scaled when it is shown, with names and faces.

No threads and no clock: one caller, who says what each source shows now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from av.video.frame import VideoFrame

from bridge import faces
from bridge.canvas import BACKGROUND, Box, Canvas, Fit, box_of, fit
from bridge.video import Scaler
from live.layouts import rectangles

Key = tuple[str, str, str]  # session, stream, track
STALE_SECS: Final = 3.0  # a camera that shows nothing new for so long has a face instead


@dataclass(frozen=True, slots=True)
class Slot:
    """One rectangle, in order. No key: somebody without a picture."""

    key: Key | None
    is_screen: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    slots: tuple[Slot, ...] = ()
    layout: str = "speaker"
    large: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A decoded picture, and when it was taken."""

    at: float
    frame: VideoFrame


@dataclass(slots=True)
class _Scaled:
    """What a source looked like last, at the size that it had."""

    scaler: Scaler = field(default_factory=Scaler)
    of: VideoFrame | None = None
    size: tuple[int, int] = (0, 0)
    frame: VideoFrame | None = None

    def at(self, frame: VideoFrame, fitted: Fit) -> VideoFrame:
        size = fitted.width, fitted.height
        if self.frame is None or self.of is not frame or self.size != size:
            self.of, self.size = frame, size
            self.frame = self.scaler.scaled(frame, *size)
        return self.frame


class Composer:
    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._canvas = Canvas(width, height)
        self._painted: tuple[Scene, Canvas] | None = None
        self._scaled: dict[Key, _Scaled] = {}

    def frame(self, scene: Scene, shown: Mapping[Key, Taken], at: float) -> VideoFrame:
        """Good until the next one is asked for. `shown`: what there is of the scene's keys."""
        canvas, slots = self._canvas_for(scene, shown), scene.slots
        self._scaled = {key: self._scaled.get(key) or _Scaled() for key in shown}
        boxes = _boxes(scene, canvas)
        if len(slots) == 1 and (key := slots[0].key) is not None and key in shown:
            fitted = _fit(shown[key], slots[0], boxes[0], alone=True)
            if (fitted.width, fitted.height) == (canvas.width, canvas.height):
                return self._scaled[key].at(shown[key].frame, fitted)  # nothing to lay out
        if self._painted != (scene, canvas):
            canvas.clear()
            self._painted = scene, canvas
        order = [index for index in range(len(slots)) if index != scene.large]
        if slots:
            order.insert(0, min(scene.large, len(slots) - 1))  # others lie on it
        for index in dict.fromkeys(order):
            slot = slots[index]
            taken = shown.get(slot.key) if slot.key is not None else None
            alone = len(slots) == 1
            if not alone and not slot.is_screen and taken and at - taken.at > STALE_SECS:
                taken = None
            self._paint(canvas, slot, boxes[index], taken, alone=alone)
        return canvas.frame

    def _paint(
        self, canvas: Canvas, slot: Slot, box: Box, taken: Taken | None, *, alone: bool
    ) -> None:
        if taken is None or slot.key is None:
            canvas.put(faces.face(slot.name, box.w, box.h), box)
        else:
            fitted = _fit(taken, slot, box, alone=alone)
            if fitted.box != box:
                canvas.fill(box, BACKGROUND)
            canvas.paint(self._scaled[slot.key].at(taken.frame, fitted), fitted)
        if alone:
            return
        stage = min(canvas.width, canvas.height)
        label = faces.label(slot.name, stage, box.w, box.h)
        if label is not None:
            margin = faces.corner(stage)
            canvas.stamp(label, box.x + margin, box.y + box.h - label.height - margin)

    def _canvas_for(self, scene: Scene, shown: Mapping[Key, Taken]) -> Canvas:
        """One alone who holds a phone upright has an upright picture."""
        width, height = self._size
        if len(scene.slots) == 1 and (key := scene.slots[0].key) is not None and key in shown:
            own = shown[key].frame
            if own.height > own.width:
                width, height = min(self._size), max(self._size)
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas = Canvas(width, height)
        return self._canvas


def _boxes(scene: Scene, canvas: Canvas) -> list[Box]:
    portrait = canvas.height > canvas.width
    rects = rectangles(scene.layout, len(scene.slots), scene.large, portrait)
    return [box_of(rect, canvas.width, canvas.height) for rect in rects]


def _fit(taken: Taken, slot: Slot, box: Box, *, alone: bool) -> Fit:
    return fit(taken.frame.width, taken.frame.height, box, whole=alone or slot.is_screen)
