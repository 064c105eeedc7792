"""The page (tests/e2e/js/guests.test.js) and the mix share one table of rectangles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from live.layouts import rectangles

TABLE = Path(__file__).resolve().parents[2] / "data" / "layouts.json"


def test_the_rectangles_are_those_of_the_page() -> None:
    rows = json.loads(TABLE.read_text())
    assert len(rows) > 30
    for row in rows:
        found = rectangles(row["layout"], row["count"], row["large"], row["portrait"])
        assert len(found) == len(row["rects"]), row
        for rect, expected in zip(found, row["rects"], strict=True):
            assert tuple(rect) == pytest.approx(expected, abs=1e-4), row
