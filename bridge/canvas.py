"""An I420 picture in one array, and others laid onto it. Pure, numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
Weights = npt.NDArray[np.uint16]
BACKGROUND: Final = (24, 129, 127)  # Y, U, V of #0a0c0d
MOST_CUT: Final = 4  # a camera of 1 x 1,000 pixels would be scaled to 640 x 640,000


@dataclass(frozen=True, slots=True)
class Box:
    """In pixels, all even: chroma has half of them."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How large a picture is to be, and which part of it shows, where."""

    width: int
    height: int
    cut_x: int
    cut_y: int
    box: Box


@dataclass(frozen=True, slots=True)
class Stamp:
    """Laid over what is there: out = (there x keep + add) / 256, plane by plane."""

    width: int
    height: int
    keep: tuple[Weights, Weights, Weights]
    add: tuple[Weights, Weights, Weights]


def even(value: float) -> int:
    return max(2, int(value / 2 + 0.5) * 2)


def box_of(rect: tuple[float, float, float, float], width: int, height: int) -> Box:
    """Of fractions of the stage; neighbours meet without a gap."""
    x, y = int(rect[0] * width / 2 + 0.5) * 2, int(rect[1] * height / 2 + 0.5) * 2
    right = min(width, int((rect[0] + rect[2]) * width / 2 + 0.5) * 2)
    low = min(height, int((rect[1] + rect[3]) * height / 2 + 0.5) * 2)
    return Box(x, y, max(2, right - x), max(2, low - y))


def fit(width: int, height: int, box: Box, *, whole: bool) -> Fit:
    """`whole`: all of it shows, with bars; else it fills the box, what is too much is cut off."""
    scales = box.w / width, box.h / height
    whole = whole or max(scales) > MOST_CUT * min(scales)
    scale = min(scales) if whole else max(scales)
    wide, high = even(width * scale), even(height * scale)
    if whole:
        wide, high = min(wide, box.w), min(high, box.h)
        x = box.x + (box.w - wide) // 4 * 2
        y = box.y + (box.h - high) // 4 * 2
        return Fit(wide, high, 0, 0, Box(x, y, wide, high))
    wide, high = max(wide, box.w), max(high, box.h)
    return Fit(wide, high, (wide - box.w) // 4 * 2, (high - box.h) // 4 * 2, box)


class Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.data: Plane = np.empty((height * 3 // 2, width), np.uint8)
        chroma = self.data[height:].reshape(2, height // 2, width // 2)
        self._planes: Planes = (self.data[:height], chroma[0], chroma[1])
        # On the canvas itself: a copy for each picture would be a tenth of what encoding costs.
        self.frame = VideoFrame.from_numpy_buffer(self.data, format="yuv420p")
        self.clear()

    def clear(self) -> None:
        self.fill(Box(0, 0, self.width, self.height), BACKGROUND)

    def fill(self, box: Box, colour: tuple[int, int, int]) -> None:
        for part, value in zip(self._at(box), colour, strict=True):
            part[:] = value

    def paint(self, frame: VideoFrame, fitted: Fit) -> None:
        """`frame`: yuv420p, of the size that `fitted` says."""
        for part, source, half in zip(
            self._at(fitted.box), planes_of(frame), (1, 2, 2), strict=True
        ):
            high, wide = part.shape
            top, left = fitted.cut_y // half, fitted.cut_x // half
            part[:] = source[top : top + high, left : left + wide]

    def put(self, planes: Planes, box: Box) -> None:
        """Of the box's size."""
        for part, plane in zip(self._at(box), planes, strict=True):
            part[:] = plane

    def stamp(self, stamp: Stamp, x: int, y: int) -> None:
        """All of it on the canvas; x and y even."""
        box = Box(x, y, stamp.width, stamp.height)
        for part, keep, add in zip(self._at(box), stamp.keep, stamp.add, strict=True):
            part[:] = (part * keep + add) >> 8

    def _at(self, box: Box) -> Planes:
        y, u, v = (
            plane[box.y // half : (box.y + box.h) // half, box.x // half : (box.x + box.w) // half]
            for plane, half in zip(self._planes, (1, 2, 2), strict=True)
        )
        return y, u, v


def planes_of(frame: VideoFrame) -> Planes:
    """Views, without copies; their lines may be longer than the picture is wide."""
    y, u, v = (
        np.frombuffer(memoryview(cast(bytes, plane)), np.uint8).reshape(-1, plane.line_size)
        for plane in frame.planes[:3]
    )
    return y, u, v
