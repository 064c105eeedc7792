"""Tells who is muted to the sessions that choose what they are sent by it: players by WHEP.

Pages hear of it by their WebSocket, and bridges by rows; these have neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, runtime_checkable

from channels.db import database_sync_to_async

from live.media.session import MediaSession
from live.models import Guest, GuestState


@runtime_checkable
class HearsOfMuted(Protocol):
    def got_muted(self, session: MediaSession, muted: frozenset[int]) -> None:
        """`muted`: primary keys of users. Called in the event loop, again and again."""


class Muted:
    def __init__(self, sessions: Callable[[], Collection[MediaSession]]) -> None:
        self._sessions = sessions

    async def look(self) -> None:
        """Once a second; nothing where nobody plays so."""
        rooms = {session.room_id for session, _ in self._players()}
        if not rooms:
            return
        muted = await database_sync_to_async(muted_guests)(rooms)
        for session, player in self._players():
            if session.room_id in rooms:
                player.got_muted(session, muted[session.room_id])

    def _players(self) -> list[tuple[MediaSession, HearsOfMuted]]:
        found = []
        for session in list(self._sessions()):
            owner: object = session.owner
            if isinstance(owner, HearsOfMuted):
                found.append((session, owner))
        return found


def muted_guests(rooms: Collection[str]) -> Mapping[str, frozenset[int]]:
    """By room id, of every room asked for."""
    found: dict[str, set[int]] = defaultdict(set)
    muted = Guest.objects.filter(room__room_id__in=rooms, state=GuestState.ON_STAGE, muted=True)
    for room_id, user_pk in muted.values_list("room__room_id", "user_id"):
        found[room_id].add(user_pk)
    return {room_id: frozenset(found[room_id]) for room_id in rooms}
