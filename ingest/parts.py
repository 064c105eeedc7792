"""Rows of Part, written when something changes and as a beat, not twice a second."""

from __future__ import annotations

import time

from channels.db import database_sync_to_async

from live import actions
from live.actions.parts import BEAT_SECS


class Parts:
    def __init__(self) -> None:
        self._told: dict[str, tuple[bool, str, float]] = {}

    async def tell(self, name: str, ok: bool, detail: str = "") -> None:
        now = time.monotonic()
        before = self._told.get(name)
        if before is not None and before[:2] == (ok, detail) and now - before[2] < BEAT_SECS:
            return
        await database_sync_to_async(actions.do_set_part)(name, ok, detail)
        self._told[name] = (ok, detail, now)
