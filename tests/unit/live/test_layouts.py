"""Layouts: every picture has its place, on the stage, beside the others."""

from __future__ import annotations

from itertools import combinations

import pytest

from live.layouts import FULL, Rect, rectangles

LAYOUTS = ("grid", "speaker", "pip")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("portrait", [False, True])
@pytest.mark.parametrize("count", range(14))
def test_all_are_on_the_stage_and_none_covers_another(layout, portrait, count) -> None:
    for large in range(max(count, 1)):
        found = rectangles(layout, count, large, portrait)
        assert len(found) == count
        for rect in found:
            assert rect.w > 0 and rect.h > 0
            assert -1e-9 <= rect.x <= rect.x + rect.w <= 1 + 1e-9
            assert -1e-9 <= rect.y <= rect.y + rect.h <= 1 + 1e-9
        beside = [r for i, r in enumerate(found) if layout != "pip" or i != large]
        assert not any(overlap(*pair) for pair in combinations(beside, 2))


def overlap(a: Rect, b: Rect) -> bool:
    wide = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    high = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return wide > 1e-9 and high > 1e-9


def test_examples() -> None:
    assert [rectangles(layout, 1) for layout in LAYOUTS] == [(FULL,)] * 3
    assert rectangles("grid", 2) == (Rect(0, 0, 0.5, 1), Rect(0.5, 0, 0.5, 1))
    assert rectangles("grid", 2, portrait=True) == (Rect(0, 0, 1, 0.5), Rect(0, 0.5, 1, 0.5))
    assert rectangles("grid", 3)[2] == Rect(0.25, 0.5, 0.5, 0.5)
    assert rectangles("speaker", 2, large=1) == (
        Rect(0.75, 0.375, 0.25, 0.25),
        Rect(0, 0, 0.75, 1),
    )
    assert rectangles("speaker", 2, portrait=True)[1] == Rect(0.375, 0.75, 0.25, 0.25)
    assert rectangles("pip", 2)[0] == FULL
    assert rectangles("pip", 2, large=9)[1] == FULL  # out of range: the last
    assert rectangles("newer", 4) == rectangles("grid", 4)
    assert rectangles("grid", 0) == ()
