"""Which guests are there, for how long the others are away, and whether a host is. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from live import access
from live.access_upkeep import open_sessions_of
from live.guest_states import PRESENT, GuestState
from live.models import (
    BY_PEOPLE,
    Broadcast,
    Guest,
    Ingest,
    Participant,
    Role,
    Room,
    RoomPublisher,
    SfuSession,
)

HEARD_SECS: Final = 6.0  # as the housekeeper's DEAD_AFTER_SECS: what is older says nothing
AWAY_SECS: Final = {
    GuestState.INVITED: 600.0,
    GuestState.WAITING: 30.0,
    GuestState.ON_STAGE: 60.0,
}


def unseen_guests(now: datetime) -> QuerySet[Guest]:
    """Those who are there, but were not noted for HEARD_SECS."""
    fresh = now - timedelta(seconds=HEARD_SECS)
    mine = {"room": OuterRef("room"), "user": OuterRef("user"), "role": Role.PUBLISHER}
    connected = Participant.objects.filter(**mine, left_at__isnull=True, last_seen_at__gte=fresh)
    sending = SfuSession.objects.filter(**mine, ended_at__isnull=True, last_seen_at__gte=fresh)
    due = Guest.objects.filter(state__in=PRESENT, seen_at__lt=now - timedelta(seconds=HEARD_SECS))
    return due.filter(Exists(connected) | Exists(sending))


def guests_unheard_of(now: datetime) -> QuerySet[Guest]:
    """Those who are away for longer than their state allows."""
    away = Q()
    for state, secs in AWAY_SECS.items():
        away |= Q(state=state, seen_at__lt=now - timedelta(seconds=secs))
    return Guest.objects.select_related("room", "user").filter(away)


def host_seen_at(room: Room, now: datetime) -> datetime:
    """When somebody whose room it is (the owner, an allowed publisher) was last there or sent."""
    guests = room.guests.filter(state=GuestState.ON_STAGE).values("user_id")
    sent = SfuSession.objects.filter(BY_PEOPLE, room=room, role=Role.PUBLISHER)
    sent = sent.exclude(user__in=guests)
    there = Participant.objects.filter(room=room, user=room.owner_id)
    if (
        sent.filter(ended_at__isnull=True).exists()
        or there.filter(left_at__isnull=True).exists()
        or access.sends_by_rtmp(room)
    ):
        return now
    last = [
        sent.aggregate(at=Max("ended_at"))["at"],
        there.aggregate(at=Max("left_at"))["at"],
        Ingest.objects.filter(room=room).values_list("lost_at", flat=True).first(),
        Broadcast.objects.filter(room=room).aggregate(at=Max("started_at"))["at"],
    ]
    return max((at for at in last if at is not None), default=now)


def sessions_off_stage(process_id: str) -> list[str]:
    """Publishers' SFU sessions of guests who are not, or no longer, on stage."""
    guest = Guest.objects.filter(room=OuterRef("room"), user=OuterRef("user"))
    allowed = RoomPublisher.objects.filter(room=OuterRef("room"), user=OuterRef("user"))
    publishing = open_sessions_of(process_id).filter(role=Role.PUBLISHER)
    found = publishing.exclude(user=F("room__owner")).filter(
        Exists(guest), ~Exists(guest.filter(state=GuestState.ON_STAGE)), ~Exists(allowed)
    )
    return list(found.values_list("session_id", flat=True))
