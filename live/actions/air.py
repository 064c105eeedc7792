"""On and off the air."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from live.access import open_sessions, sends_by_rtmp
from live.actions._room import move
from live.lifecycle import (
    EndAsked,
    EndReason,
    GraceExpired,
    MediaStarted,
    PublisherBack,
    PublisherLost,
    StartAsked,
)
from live.models import Role, Room


def do_start_broadcast(room: Room) -> Room:
    """idle or ended → starting; nothing when on air already. Raises banned."""
    return move(room, StartAsked())


def do_media_started(room: Room, protocol: str = "webrtc") -> Room:
    """→ live: the first packet of `protocol` came, or media came back. Raises banned."""
    return move(room, MediaStarted(), protocol)


@transaction.atomic
def do_publisher_lost(room: Room, at: datetime | None = None) -> Room:
    """live → interrupted, unless another publisher of the room, browser or encoder, is there."""
    if open_sessions(room, Role.PUBLISHER).exists() or sends_by_rtmp(room):
        return room
    return move(room, PublisherLost(at or timezone.now()))


def do_publisher_back(room: Room) -> Room:
    """interrupted → live."""
    return move(room, PublisherBack())


def do_end_broadcast(room: Room, reason: EndReason | str) -> Room:
    """→ ended. Raises not_live when nothing is on the air."""
    return move(room, EndAsked(EndReason(reason)))


def do_expire_grace(room: Room, now: datetime | None = None) -> Room:
    """→ ended, if the room is starting or interrupted and its time is really up."""
    return move(room, GraceExpired(room.grace_until), now=now)
