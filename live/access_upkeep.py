"""What the housekeeper is to look after: rooms without a publisher, sessions without a right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet

from live.access import CONNECTED, may_know
from live.lifecycle import RoomState
from live.models import BY_PEOPLE, Ingest, Role, Room, SfuSession, Via, Visibility
from live.models.presence import OPEN_SESSION

COMING_BACK_SECS: Final = 15.0  # what an SFU's answer and the first packet may take


def rooms_live_without_publisher() -> QuerySet[Room]:
    """Live, but neither a browser nor an encoder is there: for do_publisher_lost."""
    publishing = SfuSession.objects.filter(
        BY_PEOPLE, role=Role.PUBLISHER, ended_at__isnull=True, state__in=OPEN_SESSION
    )
    encoders = Ingest.objects.filter(CONNECTED)
    return (
        Room.objects.filter(state=RoomState.LIVE.value, broadcasts__ended_at__isnull=True)
        .exclude(pk__in=publishing.values("room_id"))
        .exclude(pk__in=encoders.values("room_id"))
    )


def rooms_past_grace(now: datetime) -> QuerySet[Room]:
    """Starting or interrupted for too long: the housekeeper calls do_expire_grace.

    Not while a publisher is just coming back: its broadcast would end under its first packet, and
    it would be sent away as one who publishes where nothing is on the air.
    """
    waiting = (RoomState.STARTING.value, RoomState.INTERRUPTED.value)
    since = now - timedelta(seconds=COMING_BACK_SECS)
    sessions = SfuSession.objects.filter(
        BY_PEOPLE,
        role=Role.PUBLISHER,
        ended_at__isnull=True,
        state__in=OPEN_SESSION,
        started_at__gte=since,
    )
    encoders = Ingest.objects.filter(CONNECTED, accepted_at__gte=since)
    coming_back = Q(state=RoomState.INTERRUPTED.value) & (
        Q(pk__in=sessions.values("room_id")) | Q(pk__in=encoders.values("room_id"))
    )
    return Room.objects.filter(state__in=waiting, grace_until__lte=now).exclude(coming_back)


def sessions_of_strangers(process_id: str) -> list[str]:
    """SFU sessions of those who lost their right to them; a WebSocket's go with it.

    Viewers in rooms that have become private since, and encoders by WHIP whose key was rotated
    since (an owner's who came with a token can't be told from them, and comes back).
    """
    opened = open_sessions_of(process_id)
    watching = opened.filter(room__visibility=Visibility.PRIVATE, role=Role.SUBSCRIBER)
    viewers = watching.select_related("room", "user")
    encoders = opened.filter(
        via=Via.WHIP,
        user=F("room__owner"),
        room__stream_key__rotated_at__gt=F("started_at"),
    )
    strangers = [one.session_id for one in viewers if not may_know(one.user, one.room)]
    return [*strangers, *encoders.values_list("session_id", flat=True)]


def open_sessions_of(process_id: str) -> QuerySet[SfuSession]:
    return SfuSession.objects.filter(process_id=process_id, ended_at__isnull=True)
