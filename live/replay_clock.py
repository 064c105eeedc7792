"""Pure: between the clock and the time in a recording, by the map of its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any


def position_ms(pieces: Sequence[dict[str, Any]], at: datetime) -> int | None:
    """Where in the video `at` was; None before its first frame.

    `pieces`: Recording.pieces. What fell into a gap between two pieces, or came after the last
    one, is at the join or the end.
    """
    found = None
    for piece in pieces:
        into_ms = round((at - datetime.fromisoformat(piece["at"])).total_seconds() * 1000)
        if into_ms < 0:
            break
        found = int(piece["from_ms"]) + min(into_ms, int(piece["duration_ms"]))
    return found
