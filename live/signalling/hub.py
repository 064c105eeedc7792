"""One per process: which connections are in which room; an event is received once, then fanned out.

Edge-triggered by the channel layer, and level-triggered too: once a second each room that has
somebody here is read again, so that a change made by another process without a shared layer
(manage.py) still arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from channels.db import database_sync_to_async
from django.conf import settings

from live import events
from live.lifecycle import RoomState
from live.signalling import outgoing
from live.signalling.codes import CloseCode
from live.signalling.connection import Connection
from live.signalling.guest_messages import tell_guests
from live.signalling.likes import add_likes
from live.signalling.limits import CONNECTIONS_PER_PROCESS, IDLE_SECS
from live.signalling.local_room import LocalRoom
from live.signalling.snapshots import Snapshot, take_snapshots
from live.tasks import end_tasks
from sfu_relay.events import Role

logger = logging.getLogger(__name__)
TICK_SECS: Final = 0.5  # hearts go out twice a second
POLL_SECS: Final = 1.0
ANNOUNCED_VIEWERS: Final = 50  # over that many nobody reads who comes and goes


class Hub:
    """Runs in the event loop only; everything but start and aclose is sync."""

    def __init__(self, layer: Any, process_id: str, sfu_ok: Callable[[], bool]) -> None:
        self._layer = layer
        self._process_id = process_id
        self._sfu_ok = sfu_ok
        self.rooms: dict[str, LocalRoom] = {}
        self.on_event: Callable[[events.Event], None] = lambda event: None
        self.on_off_air: Callable[[str], None] = lambda room_id: None  # the broadcast ended
        self._channel = ""
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._groups: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()

    async def start(self) -> None:
        self._channel = await self._layer.new_channel(f"process.{self._process_id}")
        await self._layer.group_add(events.ALL_GROUP, self._channel)
        self._tasks = [
            asyncio.create_task(self._receive(), name="hub receive"),
            asyncio.create_task(self._tick(), name="hub tick"),
            asyncio.create_task(self._keep_groups(), name="hub groups"),
        ]

    async def aclose(self) -> None:
        for connection in self.connections():
            connection.close(CloseCode.RESTARTING)
        await end_tasks(self._tasks)
        await self._layer.group_discard(events.ALL_GROUP, self._channel)

    # --- Connections ----------------------------------------------------------------------------

    def connections(self) -> list[Connection]:
        return [c for room in self.rooms.values() for c in room.connections.values()]

    def has_place_for(self, user_id: int | None, address: str) -> bool:
        """Over all rooms of this process. A limit of 0 is none."""
        everyone = self.connections()
        if len(everyone) >= CONNECTIONS_PER_PROCESS:
            return False
        of_user = sum(1 for c in everyone if user_id is not None and c.person.user_id == user_id)
        here = sum(1 for c in everyone if c.address == address)
        return _below(of_user, settings.WS_CONNECTIONS_PER_USER) and _below(
            here, settings.WS_CONNECTIONS_PER_ADDRESS
        )

    def join(self, connection: Connection, snapshot: Snapshot) -> None:
        """It hears its room from now on. The same participant's older connection is closed."""
        room = self.rooms.get(connection.room_id)
        if room is None:
            room = self.rooms[connection.room_id] = LocalRoom(connection.room_id)
            room.last = snapshot
            self._groups.put_nowait((True, connection.room_id))
        room.catch_up(connection, snapshot)
        older = room.connections.get(connection.participant_id)
        if older is not None:
            older.close(CloseCode.REPLACED)
        room.connections[connection.participant_id] = connection

    def leave(self, connection: Connection) -> bool:
        """False: the participant has a newer connection here."""
        room = self.rooms.get(connection.room_id)
        if room is None or room.connections.get(connection.participant_id) is not connection:
            return False
        del room.connections[connection.participant_id]
        if not room.connections and not room.likes_in:
            self._drop(room)
        return True

    def _drop(self, room: LocalRoom) -> None:
        if self.rooms.pop(room.room_id, None) is not None:
            self._groups.put_nowait((False, room.room_id))

    def fresh(self, room_id: str) -> Snapshot | None:
        """For whoever comes: what was read of the room just now, None where that is to be done."""
        room = self.rooms.get(room_id)
        return room.fresh() if room is not None else None

    def room_payload(self, room_id: str) -> dict[str, Any]:
        """The newest that is known here; empty when nobody of the room is here."""
        room = self.rooms.get(room_id)
        return room.last.room if room is not None and room.last is not None else {}

    # --- Telling --------------------------------------------------------------------------------

    def send_to_room(self, room_id: str, kind: str, payload: Any) -> None:
        room = self.rooms.get(room_id)
        if room is not None:
            self._send(room.connections.values(), room_id, kind, payload)

    def like(self, room_id: str, count: int) -> None:
        """Hearts are added up and written twice a second."""
        room = self.rooms.get(room_id)
        if room is not None:
            room.likes_in += count

    def refresh(self, room_id: str | None = None) -> None:
        """Read this room (None: all of them) again, now."""
        for room in self.rooms.values():
            if room_id is None or room.room_id == room_id:
                room.changed()
        self._wake.set()

    def close_where(self, chosen: Callable[[Connection], bool], code: CloseCode) -> None:
        for connection in self.connections():
            if chosen(connection):
                connection.close(code)

    def _send(
        self, connections: Iterable[Connection], room_id: str, kind: str, payload: Any
    ) -> None:
        text = outgoing.build(kind, room_id, payload)
        for connection in list(connections):
            connection.send_text(text)

    # --- Events of the house --------------------------------------------------------------------

    async def _receive(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
                event = events.parse(message.get("event") or {})
                if event is not None:
                    self._got_event(event)
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("hub: an event was not handled")
                await asyncio.sleep(0.5)  # a broken layer must not spin

    def _got_event(self, event: events.Event) -> None:
        match event:
            case events.RoomChanged(room_id=room_id) | events.GuestChanged(room_id=room_id):
                self.refresh(room_id)
            case events.PresenceChanged(room_id=room_id, joined=joined, left=left):
                self._got_presence(room_id, joined, left)
            case events.ChatSent(room_id=room_id, payload=payload):
                self.send_to_room(room_id, "chat", payload)
            case events.ChatDeleted(room_id=room_id, id=message_id):
                self.send_to_room(room_id, "chat_deleted", {"id": message_id})
            case events.GiftSentEvent(room_id=room_id, payload=payload):
                self.send_to_room(room_id, "gift", payload)
            case events.Liked(room_id=room_id, count=count, total=total):
                room = self.rooms.get(room_id)
                if room is not None:
                    room.likes_out += count
                    room.likes_total = max(total, room.likes_total)
            case events.UserBanned(user_id=user_id):
                self.close_where(lambda c: c.person.user_id == user_id, CloseCode.BANNED)
            case events.PublisherDisallowed(room_id=room_id, user_id=user_id):
                self.close_where(
                    lambda c: (
                        c.room_id == room_id
                        and c.person.user_id == user_id
                        and c.role is Role.PUBLISHER
                    ),
                    CloseCode.FORBIDDEN,
                )
        self.on_event(event)

    def _got_presence(
        self, room_id: str, joined: dict[str, Any] | None, left: dict[str, Any] | None
    ) -> None:
        room = self.rooms.get(room_id)
        if room is None:
            return
        room.stale = True  # the next tick tells the counts: at most once a second
        viewers = room.last.presence["viewers"] if room.last else 0
        if viewers > ANNOUNCED_VIEWERS:
            return
        for kind, who in (("user_joined", joined), ("user_left", left)):
            if who:
                others = [
                    c
                    for c in room.connections.values()
                    if c.participant_id != who["participant_id"]
                ]
                self._send(others, room_id, kind, who)

    # --- The pulse ------------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticked_at = polled_at = time.monotonic()
        while True:
            wait_secs = max(0.0, ticked_at + TICK_SECS - time.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_secs):
                    await self._wake.wait()
            self._wake.clear()
            now = time.monotonic()
            if now - ticked_at >= TICK_SECS:
                ticked_at = now
                await self._guarded(self._tell_likes())
                self._close_idle()
            polling = now - polled_at >= POLL_SECS
            if polling:
                polled_at = now
            await self._guarded(self._look(polling))

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except Exception:
            logger.exception("hub: a tick failed")

    async def _look(self, polling: bool) -> None:
        """Read the rooms that may have changed (polling: all of them) and tell what did."""
        rooms = [room for room in self.rooms.values() if polling or room.stale]
        if not rooms:
            return
        languages = {
            room.room_id: frozenset(c.language for c in room.connections.values()) for room in rooms
        }
        for room in rooms:
            room.stale = False
        snapshots = await database_sync_to_async(take_snapshots)(languages, self._sfu_ok())
        for room in rooms:
            self._tell_changes(room, snapshots[room.room_id], tell_presence=polling)

    def _tell_changes(self, room: LocalRoom, now: Snapshot | None, *, tell_presence: bool) -> None:
        if now is None:
            for connection in list(room.connections.values()):
                connection.close(CloseCode.ROOM_NOT_FOUND)
            return
        tell_guests(room.connections.values(), now.guests)
        if now.known_to is not None:  # before the rest: what follows may hold a play token
            for connection in list(room.connections.values()):
                if connection.person.user_id not in now.known_to:
                    connection.close(CloseCode.ROOM_NOT_FOUND)
        before, room.last = room.last, now
        if before is None or before.room != now.room:
            self._send(room.connections.values(), room.room_id, "room", now.room)
            self._got_state(room, before.state if before else "", now.state)
        for language, ladder in now.ladders.items():
            if before is None or before.ladders.get(language, ladder) != ladder:
                chosen = [c for c in room.connections.values() if c.language == language]
                self._send(chosen, room.room_id, "playback", ladder)
        if before is None or before.presence != now.presence or room.presence_due:
            if tell_presence:
                room.presence_due = False
                self._send(room.connections.values(), room.room_id, "presence", now.presence)
            elif before is not None:  # not told yet: the next poll finds it changed
                room.last = replace(now, presence=before.presence)

    def _got_state(self, room: LocalRoom, before: str, now: str) -> None:
        if now == RoomState.BANNED:
            for connection in list(room.connections.values()):
                connection.close(CloseCode.BANNED)
        if now in (RoomState.ENDED, RoomState.BANNED, RoomState.IDLE) and before != now:
            self.on_off_air(room.room_id)

    async def _tell_likes(self) -> None:
        for room in list(self.rooms.values()):
            if room.likes_in:
                count, room.likes_in = room.likes_in, 0
                await database_sync_to_async(add_likes)(room.room_id, count)
            if room.likes_out:
                payload = {"count": room.likes_out, "total": room.likes_total}
                room.likes_out = 0
                self.send_to_room(room.room_id, "like", payload)
            if not room.connections:
                self._drop(room)

    def _close_idle(self) -> None:
        deadline = time.monotonic() - IDLE_SECS
        self.close_where(lambda c: c.heard_at < deadline, CloseCode.IDLE)

    async def _keep_groups(self) -> None:
        """Joins and leaves channel-layer groups, in order."""
        while True:
            join, room_id = await self._groups.get()
            try:
                change = self._layer.group_add if join else self._layer.group_discard
                await change(events.room_group(room_id), self._channel)
                if join:
                    self.refresh(room_id)  # what happened before we were in the group
            except Exception:
                logger.exception("hub: the group of %s was not changed", room_id)


def _below(count: int, limit: int) -> bool:
    return limit <= 0 or count < limit
