"""Whose SFU session is whose: our own from memory, other processes' from rows."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from channels.db import database_sync_to_async

from live.media.rows import people_of_sessions
from live.media.session import Person
from live.tasks import end_tasks

logger = logging.getLogger(__name__)
REMEMBERED: Final = 5_000
NOBODY: Final = Person(participant_id=None, user_id=None, user=None)
LOOKS: Final = 3  # the other process may not have written its row yet
BETWEEN_LOOKS_SECS: Final = 0.3


class People:
    def __init__(self) -> None:
        self._known: OrderedDict[str, Person] = OrderedDict()
        self._lookups: set[asyncio.Task[None]] = set()

    def remember(self, session_id: str, person: Person) -> None:
        self._known[session_id] = person
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def get(self, session_id: str) -> Person:
        return self._known.get(session_id, NOBODY)

    def when_known(self, session_ids: Iterable[str], then: Callable[[], None]) -> None:
        """Call `then` once all are known: at once, mostly; after 3 looks in any case."""
        unknown = {one for one in session_ids if one not in self._known}
        if not unknown:
            then()
            return
        task = asyncio.create_task(self._look_up(unknown, then))
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, unknown: set[str], then: Callable[[], None]) -> None:
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS_SECS)
            try:
                found = await database_sync_to_async(people_of_sessions)(sorted(unknown))
            except Exception:
                logger.exception("people of sessions could not be looked up")
                break
            for session_id, person in found.items():
                self.remember(session_id, person)
            unknown -= found.keys()
            if not unknown:
                break
        then()

    async def aclose(self) -> None:
        await end_tasks(self._lookups)
