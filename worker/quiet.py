"""Says the same thing at most once in a while, however often it happens."""

from __future__ import annotations

import time
from typing import Final

MOST_KEPT: Final = 1_000


class Quiet:
    def __init__(self, every_secs: float = 10.0) -> None:
        self._every_secs = every_secs
        self._said_at: dict[str, float] = {}

    def may_say(self, what: str) -> bool:
        now = time.monotonic()
        if now - self._said_at.get(what, -self._every_secs) < self._every_secs:
            return False
        if len(self._said_at) >= MOST_KEPT:
            self._said_at.clear()
        self._said_at[what] = now
        return True
