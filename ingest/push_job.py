"""Asks the gateway of broadcasts by WebSocket whether it is there: for admin, needed by nobody."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings

from ingest import control
from ingest.parts import Parts
from worker.job import Job

DOWN_AFTER_SECS: Final = 2.5


class Push(Job):
    name = "push"
    every_secs = 1.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._answered_at = time.monotonic()

    async def tick(self) -> None:
        try:
            await control.fetch_soon("/status", settings.PUSH_PORT)
        except control.NotAnswering as error:
            if time.monotonic() - self._answered_at >= DOWN_AFTER_SECS:
                await self._parts.tell("push", False, str(error))
            return
        self._answered_at = time.monotonic()
        await self._parts.tell("push", True)
