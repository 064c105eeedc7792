"""Asks the playback process how it is, who watches there, and what it measures of each stream."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from django.conf import settings

from ingest import control
from ingest.now import Now
from ingest.parts import Parts
from worker.job import Job

DOWN_AFTER_SECS: Final = 1.5
FIRST_LOOK_SECS: Final = 15.0  # all the time; later each LOOK_EVERY_SECS, twice, to measure between
LOOK_EVERY_SECS: Final = 20.0
LOOK_SECS: Final = 6.0
MOST_AT_ONCE: Final = 20  # streams asked about in one tick


async def ask(path: str) -> Any:
    """Raises NotAnswering, also for what is no JSON."""
    try:
        return json.loads(await control.fetch_soon(path, settings.FLV_PORT))
    except (ValueError, RecursionError):
        raise control.NotAnswering("not JSON") from None


class Playback(Job):
    name = "playback"
    every_secs = 1.0

    def __init__(self, now: Now, parts: Parts) -> None:
        self._now = now
        self._parts = parts
        self._answered_at = time.monotonic()
        self._since: dict[str, float] = {}
        self._asked_at: dict[str, float] = {}
        self.viewers: dict[str, int] = {}  # outside our pages, by play id

    async def tick(self) -> None:
        now = time.monotonic()
        try:
            self.viewers = _viewers(await ask("/status"))
        except control.NotAnswering as error:
            if now - self._answered_at >= DOWN_AFTER_SECS:
                self.viewers = {}
                await self._parts.tell("flv", False, str(error))
            return
        self._answered_at = now
        await self._parts.tell("flv", True)
        await self._inspect(now)

    async def _inspect(self, now: float) -> None:
        sending = {stream.name for stream in self._now.sending()}
        self._since = {name: self._since.get(name, now) for name in sending}
        self._asked_at = {name: self._asked_at.get(name, 0.0) for name in sending}
        due = [
            name for name in sending if is_due(now - self._since[name], now - self._asked_at[name])
        ]
        due.sort(key=self._asked_at.__getitem__)
        for play_id in due[:MOST_AT_ONCE]:
            self._asked_at[play_id] = now
            try:
                self._now.figures.got_inspection(play_id, await ask(f"/inspect/{play_id}"), now)
            except control.NotAnswering:
                continue  # 404: its mark is not there yet


def is_due(age_secs: float, asked_secs_ago: float) -> bool:
    if age_secs < FIRST_LOOK_SECS:
        return True
    in_look = age_secs % LOOK_EVERY_SECS
    return in_look < 1.5 or (LOOK_SECS <= in_look < LOOK_SECS + 1.5 and asked_secs_ago > 2.0)


def _viewers(status: Any) -> dict[str, int]:
    streams = status.get("streams") if isinstance(status, dict) else None
    found = {}
    for play_id, said in (streams if isinstance(streams, dict) else {}).items():
        count = said.get("viewers") if isinstance(said, dict) else None
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            found[str(play_id)] = min(count, 1_000_000)
    return found
