"""What the database says about rooms, as payloads. Sync reads only, few queries for many rooms."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation

from live.access import rooms_with_replays, who_may_know
from live.guests_of import Guests, read_guests
from live.models import Room
from live.stage_of import read_stages
from live.views_of import open_broadcast, playback, room_state


@dataclass(frozen=True)
class Snapshot:
    """One room, as its viewers are told."""

    room: dict[str, Any]  # the `room` payload
    presence: dict[str, int]
    likes: int
    ladders: dict[str, dict[str, Any]]  # the `playback` payload by language
    guests: Guests
    known_to: frozenset[int] | None = None  # users' primary keys; None: everybody
    taken_at: float = 0.0  # monotonic seconds: before anything was read

    def with_one_more(self) -> Snapshot:
        """For a viewer who came since; the next look counts."""
        viewers = self.presence["viewers"] + 1
        peak = max(self.presence["peak"], viewers) if self.room["broadcast"] else 0
        return replace(self, presence={"viewers": viewers, "peak": peak})

    @property
    def state(self) -> str:
        return str(self.room["state"])


def take_snapshot(
    room: Room,
    sfu_ok: bool,
    languages: Collection[str],
    guests: Guests | None = None,
    taken_at: float | None = None,
) -> Snapshot:
    taken_at = time.monotonic() if taken_at is None else taken_at
    if not hasattr(room, "viewers"):
        room = rooms_with_replays().filter(pk=room.pk).first() or room
    broadcast, viewers = open_broadcast(room), int(getattr(room, "viewers", 0))
    peak = max(broadcast.peak_viewers, viewers) if broadcast else 0
    ladders = {}
    for language in languages:
        with translation.override(language):
            ladders[language] = playback(room, sfu_ok)
    return Snapshot(
        room=room_state(room),
        presence={"viewers": viewers, "peak": peak},
        likes=room.likes_total,
        ladders=ladders,
        guests=guests or read_guests([room])[room.pk],
        known_to=who_may_know(room),
        taken_at=taken_at,
    )


def take_snapshots(
    languages_of: dict[str, frozenset[str]], sfu_ok: bool
) -> dict[str, Snapshot | None]:
    """By room id; None for a deleted room. At most nine queries, and one for each private room."""
    taken_at = time.monotonic()
    found: dict[str, Snapshot | None] = dict.fromkeys(languages_of)
    rooms = list(rooms_with_replays().filter(room_id__in=list(languages_of)))
    read_stages(rooms)
    guests = read_guests(rooms)
    for room in rooms:
        languages = languages_of[room.room_id]
        found[room.room_id] = take_snapshot(room, sfu_ok, languages, guests[room.pk], taken_at)
    return found
