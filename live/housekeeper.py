"""Level-triggered care, once a second: grace times, heartbeats, what dead processes left behind.

Every process runs one; all it does may be done twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any, Final

from channels.db import database_sync_to_async
from django.utils import timezone

from live import access, access_upkeep, actions
from live.actions.away import do_close_stale_away
from live.actions.guests import do_look_after_guests
from live.guests_there import sessions_off_stage
from live.lifecycle import RoomState
from live.models import Room
from live.tasks import end_tasks

logger = logging.getLogger(__name__)
TICK_SECS: Final = 1.0
BEAT_SECS: Final = 2.0
MEASURE_EVERY_TICKS: Final = 5  # as often as pages report
DEAD_AFTER_SECS: Final = 6.0  # three beats missed: the process of these rows is gone


class Housekeeper:
    def __init__(
        self,
        process_id: str,
        participants: Callable[[], Collection[str]],
        sessions: Callable[[], Collection[str]],
        publishing_rooms: Callable[[], Collection[str]],
        on_off_air: Callable[[str], None],
        on_stranger: Callable[[str], None],
        on_off_stage: Callable[[str], None],
        measure: Callable[[], Awaitable[None]],
        look_for_muted: Callable[[], Awaitable[None]],
    ) -> None:
        self._process_id = process_id
        self._participants = participants
        self._sessions = sessions
        self._publishing_rooms = publishing_rooms
        self._on_off_air = on_off_air
        self._on_stranger = on_stranger
        self._on_off_stage = on_off_stage
        self._measure = measure
        self._look_for_muted = look_for_muted
        self._task: asyncio.Task[None] | None = None
        self._measuring: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="housekeeper")

    async def aclose(self) -> None:
        await end_tasks(task for task in (self._task, self._measuring) if task is not None)

    async def _run(self) -> None:
        ticks = 0
        beat_every = round(BEAT_SECS / TICK_SECS)
        while True:
            if ticks % beat_every == 0:
                mine = (list(self._participants()), list(self._sessions()))
                await self._do(beat, self._process_id, *mine)
                await self._do(bury_the_dead)
                for room_id in await self._do(rooms_off_air, list(self._publishing_rooms())) or ():
                    self._on_off_air(room_id)
                strangers = await self._do(access_upkeep.sessions_of_strangers, self._process_id)
                for session_id in strangers or ():
                    self._on_stranger(session_id)
                for session_id in await self._do(sessions_off_stage, self._process_id) or ():
                    self._on_off_stage(session_id)
                await self._do(look_after_guests)
            await self._do(look_after_rooms)
            await self._guarded_muted()
            if ticks % MEASURE_EVERY_TICKS == 0:
                self._start_measuring()
            ticks += 1
            await asyncio.sleep(TICK_SECS)

    async def _guarded_muted(self) -> None:
        try:
            await self._look_for_muted()
        except Exception:
            logger.exception("housekeeper: who is muted was not told")

    def _start_measuring(self) -> None:
        """Beside the beats: an SFU that hangs must not make this process look dead."""
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.create_task(self._guarded_measure(), name="housekeeper sfu")

    async def _guarded_measure(self) -> None:
        try:
            await self._measure()
        except Exception:
            logger.exception("housekeeper: the SFU's counters were not read")

    async def _do(self, work: Callable[..., Any], *args: Any) -> Any:
        try:
            return await database_sync_to_async(work)(*args)
        except Exception:
            logger.exception("housekeeper: %s failed", work.__name__)
            return None


def beat(process_id: str, participant_ids: Collection[str], session_ids: Collection[str]) -> None:
    """Say that we live."""
    now = timezone.now()
    if participant_ids:
        actions.do_touch_presence(process_id, participant_ids, now)
    if session_ids:
        actions.do_touch_sessions(process_id, session_ids, now)


def bury_the_dead() -> None:
    """Close rows that nobody has touched for long."""
    before = timezone.now() - timedelta(seconds=DEAD_AFTER_SECS)
    actions.do_close_stale_sessions(before)
    do_close_stale_away(before)
    actions.do_close_stale_presence(before)


def look_after_rooms() -> None:
    """Rooms whose publisher is gone are interrupted; those whose time is up end."""
    if not Room.objects.filter(state__in=access.ON_AIR_STATES).exists():
        return  # mostly, and ten times cheaper
    now = timezone.now()
    for room in access_upkeep.rooms_live_without_publisher():
        actions.do_publisher_lost(room)
    for room in access_upkeep.rooms_past_grace(now):
        actions.do_expire_grace(room, now)


def look_after_guests() -> None:
    """Those who went without a word leave; nobody holds the stage of somebody else for ever."""
    do_look_after_guests(timezone.now())


def rooms_off_air(room_ids: Collection[str]) -> list[str]:
    """Where nobody may publish now. The hub looks only at rooms with a WebSocket here."""
    if not room_ids:
        return []
    off = (RoomState.ENDED.value, RoomState.BANNED.value)
    found = Room.objects.filter(room_id__in=list(room_ids), state__in=off)
    return list(found.values_list("room_id", flat=True))
