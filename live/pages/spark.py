"""Pure: a small bar graph of a few numbers, in units of an SVG of 20 units height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 20
STEP = 8  # 6 wide, 2 between
WIDTH = 50  # six bars; fewer stand at the right, where the newest is


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    height: int


def spark(values: Sequence[int]) -> list[Bar]:
    """One bar per value, the highest 20 units tall, the lowest 2, so that it can be seen."""
    top = max(values, default=0) or 1
    heights = [max(2, round(HEIGHT * max(0, value) / top)) for value in values]
    left = WIDTH - STEP * len(heights)
    return [Bar(left + STEP * n, HEIGHT - height, height) for n, height in enumerate(heights)]
