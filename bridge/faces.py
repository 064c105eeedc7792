"""What stands for somebody without a picture, and names in the corner, as the watch page has them.

static/css/components/pictures.css is what they are drawn after. Pure, but for the fonts.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from bridge import lettering
from bridge.canvas import Planes, Stamp

_Floats = npt.NDArray[np.float32]


def _yuv(colour: str) -> tuple[float, float, float]:
    """BT.709, limited range."""
    red, green, blue = (value / 255 for value in bytes.fromhex(colour))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    cb, cr = (blue - luma) / 1.8556, (red - luma) / 1.5748
    return 16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr


GLOW, GROUND = _yuv("1d3b3c"), _yuv("14191a")
DISC, RING = _yuv("24494a"), _yuv("56cfc8")
INK, PILL = _yuv("f4f6f6"), _yuv("0a0c0d")
PILL_ALPHA: Final = 0.72
LEAST_LABEL: Final = 44  # pixels of a box's height: below that a name hides who it names


@lru_cache(maxsize=64)
def face(name: str, width: int, height: int) -> Planes:
    """A disc with the name's first letter; sizes are even."""
    short = min(width, height)
    y, x = (each.astype(np.float32) for each in np.ogrid[:height, :width])
    far = np.hypot(width / 2, max(0.42, 0.58) * height)
    glow = np.clip(np.hypot(x - width / 2, y - 0.42 * height) / (0.7 * far), 0, 1)
    from_centre = np.hypot(x - (width - 1) / 2, y - (height - 1) / 2)
    radius = max(12.0, min(0.19 * short, 96.0))
    inks = [
        (0.12 * np.clip(radius + 5.5 - from_centre, 0, 1), RING),
        (0.28 * np.clip(radius + 3 - from_centre, 0, 1), RING),
        (np.clip(radius + 0.5 - from_centre, 0, 1), DISC),
    ]
    size_px = int(max(11, min(0.17 * short, 84)))
    letter = lettering.write(name[:1], size_px, int(2 * radius)) if name else None
    if letter is not None:
        inks.append((_centred(_trimmed(letter), width, height), INK))
    found = []
    for index in range(3):
        plane = GLOW[index] + (GROUND[index] - GLOW[index]) * glow
        for alpha, ink in inks:
            plane = plane + (ink[index] - plane) * alpha
        found.append((_halved(plane) if index else plane).round().astype(np.uint8))
    return found[0], found[1], found[2]


@lru_cache(maxsize=128)
def label(name: str, stage: int, width: int, height: int) -> Stamp | None:
    """A name for the lower left corner of a box; `stage`: the picture's short side."""
    size_px = int(max(11, min(stage / 40, width / 9)))
    if not name or height < max(LEAST_LABEL, 2.4 * size_px):
        return None
    pad, margin = round(size_px * 0.6), corner(stage)
    line = lettering.write(name, size_px, width - 2 * (pad + margin))
    if line is None:
        return None
    high = max(round(size_px * 1.5), line.shape[0]) + 1 & ~1
    wide = line.shape[1] + 2 * pad + 1 & ~1
    text = _centred(line, wide, high)
    y, x = (each.astype(np.float32) + 0.5 for each in np.ogrid[:high, :wide])
    radius = high / 2
    from_axis = np.hypot(np.clip(abs(x - wide / 2) - (wide / 2 - radius), 0, None), y - high / 2)
    pill = PILL_ALPHA * np.clip(radius + 0.5 - from_axis, 0, 1) * (1 - text)
    keep, add = [], []
    for index in range(3):
        weighed = pill * PILL[index] + text * INK[index]
        alpha = pill + text
        if index:
            weighed, alpha = _halved(weighed), _halved(alpha)
        keep.append((256 - (alpha * 256).round()).astype(np.uint16))
        # Never more than 255 x 256 in all.
        add.append(np.floor(weighed * 256).clip(0, 255 * (256 - keep[-1])).astype(np.uint16))
    return Stamp(wide, high, (keep[0], keep[1], keep[2]), (add[0], add[1], add[2]))


def corner(stage: int) -> int:
    """How far a name is from the edges; even."""
    return round(stage / 240) * 2


def _centred(mask: lettering.Mask, width: int, height: int) -> _Floats:
    """0 to 1, in the middle; what is too large is cut off."""
    mask = mask[:height, :width]
    found = np.zeros((height, width), np.float32)
    y, x = (height - mask.shape[0]) // 2, (width - mask.shape[1]) // 2
    found[y : y + mask.shape[0], x : x + mask.shape[1]] = mask / np.float32(255)
    return found


def _trimmed(mask: lettering.Mask) -> lettering.Mask:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return mask
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _halved(plane: _Floats) -> _Floats:
    high, wide = plane.shape
    found: _Floats = plane.reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3), dtype=np.float32)
    return found
