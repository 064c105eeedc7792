"""Where in a recording something was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from live.replay_clock import position_ms

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


def piece(at_secs: float, from_ms: int, duration_ms: int) -> dict[str, object]:
    at = (START + timedelta(seconds=at_secs)).isoformat()
    return {"file": "", "at": at, "from_ms": from_ms, "duration_ms": duration_ms}


# Ten seconds, twenty away, an empty piece, five seconds.
PIECES = [piece(0, 0, 10_000), piece(25, 10_000, 0), piece(30, 10_000, 5_000)]


@pytest.mark.parametrize(
    ("secs", "expected"),
    [
        (-1, None),
        (0, 0),
        (2.5, 2_500),
        (10, 10_000),
        (20, 10_000),  # in the gap: at the join
        (26, 10_000),
        (31.25, 11_250),
        (35, 15_000),
        (99, 15_000),  # after the end
    ],
)
def test_positions(secs, expected):
    assert position_ms(PIECES, START + timedelta(seconds=secs)) == expected


def test_no_pieces():
    assert position_ms([], START) is None
