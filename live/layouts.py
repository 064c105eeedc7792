"""Where each picture of the programme stands: rectangles as fractions of the stage. Pure.

The same on the page (static/js/live/layout.js) and in the mixed picture. Cameras fill their
rectangle (what is too much is cut off), screens fit into it; no gaps.
"""

from __future__ import annotations

from math import ceil, isqrt
from typing import Final, NamedTuple

LARGE: Final = 0.75  # of the stage's long side, in layout speaker
SMALL: Final = 0.22  # of both sides, in layout pip
MARGIN: Final = 0.02


class Rect(NamedTuple):
    """From the upper left corner; 0 to 1."""

    x: float
    y: float
    w: float
    h: float


FULL: Final = Rect(0.0, 0.0, 1.0, 1.0)


def rectangles(layout: str, count: int, large: int = 0, portrait: bool = False) -> tuple[Rect, ...]:
    """One for each picture, in order. `large`: which one is it in layouts that have one.

    A layout that is not known (of a newer version) is a grid.
    """
    if count <= 1:
        return (FULL,) * max(count, 0)
    large = min(max(large, 0), count - 1)
    if layout == "speaker":
        rest = _row(count - 1) if portrait else _column(count - 1)
        first = Rect(0.0, 0.0, 1.0, LARGE) if portrait else Rect(0.0, 0.0, LARGE, 1.0)
    elif layout == "pip":
        rest, first = _corner(count - 1), FULL
    else:
        return _grid(count, portrait)
    return (*rest[:large], first, *rest[large:])


def _grid(count: int, portrait: bool) -> tuple[Rect, ...]:
    """About as many columns as rows, the odd one more across the long side; last row centred."""
    many = isqrt(count - 1) + 1  # the square root, rounded up
    few = ceil(count / many)
    columns, rows = (few, many) if portrait else (many, few)
    w, h = 1 / columns, 1 / rows
    found = []
    for index in range(count):
        row, column = divmod(index, columns)
        in_row = min(columns, count - row * columns)
        found.append(Rect((1 - in_row * w) / 2 + column * w, row * h, w, h))
    return tuple(found)


def _column(count: int) -> tuple[Rect, ...]:
    """At the right, from the top down, centred."""
    w = 1 - LARGE
    h = min(w, 1 / count)
    top = (1 - count * h) / 2
    return tuple(Rect(LARGE, top + index * h, w, h) for index in range(count))


def _row(count: int) -> tuple[Rect, ...]:
    """Below, from left to right, centred."""
    return tuple(Rect(y, x, h, w) for x, y, w, h in _column(count))


def _corner(count: int) -> tuple[Rect, ...]:
    """At the right, from the bottom up."""
    h = min(SMALL, (1 - 2 * MARGIN) / count)
    x = 1 - MARGIN - SMALL
    return tuple(Rect(x, 1 - MARGIN - (index + 1) * h, SMALL, h) for index in range(count))
