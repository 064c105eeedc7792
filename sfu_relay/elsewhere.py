"""Publishers of other app processes: the application says whose they are, news waits meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sfu_relay.events import RoomId, SessionId
from sfu_relay.messages import SfuTracks

logger = logging.getLogger(__name__)
MAX_WAITING = 32  # news of one session
MAX_STRANGERS = 1_000
FORGET_STRANGERS_SECS = 10.0


@dataclass(frozen=True, slots=True)
class Publisher:
    """What the application knows of a session that is not ours."""

    room_id: RoomId
    sources: Mapping[str, str]  # by stream id


FindPublisher = Callable[[SessionId], Awaitable[Publisher | None]]


class Elsewhere:
    """`then` is called in the order in which the news of a session came."""

    def __init__(self, then: Callable[[SfuTracks, Publisher], None]) -> None:
        self.find: FindPublisher | None = None
        self._then = then
        self._waiting: dict[SessionId, list[SfuTracks]] = {}
        self._strangers: OrderedDict[SessionId, float] = OrderedDict()  # when they were asked about
        self._tasks: set[asyncio.Task[None]] = set()

    def got(self, event: SfuTracks) -> None:
        """A node may tell of every room that it has, so strangers are remembered for a while."""
        if self.find is None or self._is_stranger(event.session_id):
            return
        waiting = self._waiting.get(event.session_id)
        if waiting is not None:
            if event not in waiting and len(waiting) < MAX_WAITING:
                waiting.append(event)
            return
        self._waiting[event.session_id] = [event]
        task = asyncio.create_task(self._ask(self.find, event.session_id), name="sfu-elsewhere")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def is_asking(self, session_id: SessionId) -> bool:
        return session_id in self._waiting

    async def _ask(self, find: FindPublisher, session_id: SessionId) -> None:
        found: Publisher | None = None
        try:
            found = await find(session_id)
        except Exception:
            logger.exception("nobody could say whose session %s is", session_id)
        events = self._waiting.pop(session_id, [])
        if found is None:
            self._strangers[session_id] = asyncio.get_running_loop().time()
            while len(self._strangers) > MAX_STRANGERS:
                self._strangers.popitem(last=False)
            return
        for event in events:
            self._then(event, found)

    def _is_stranger(self, session_id: SessionId) -> bool:
        asked_at = self._strangers.get(session_id)
        if asked_at is None:
            return False
        if asyncio.get_running_loop().time() - asked_at < FORGET_STRANGERS_SECS:
            return True
        del self._strangers[session_id]
        return False

    async def aclose(self) -> None:
        self.find = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2.0)
