"""How guests look from outside: to the owner and staff, and to themselves. Reads, never writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from live.guest_states import PRESENT, GuestState
from live.models import Guest, Participant, Role, Room
from live.views_of import iso, user_payload

GONE_SECS: Final = 60.0  # so long those who went are told so


@dataclass(frozen=True)
class Guests:
    """Of one room."""

    listed: dict[str, Any]  # the `guests` payload
    each: dict[int, dict[str, Any]] = field(default_factory=dict)  # user → the `guest` payload

    def of(self, user_id: int | None) -> dict[str, Any] | None:
        return None if user_id is None else self.each.get(user_id)


def guests_with_presence() -> QuerySet[Guest]:
    """With `connected`: their WebSocket as a publisher is open."""
    there = Participant.objects.filter(
        room=OuterRef("room"), user=OuterRef("user"), role=Role.PUBLISHER, left_at__isnull=True
    )
    return Guest.objects.select_related("user", "invited_by").annotate(connected=Exists(there))


def read_guests(rooms: Collection[Room]) -> dict[int, Guests]:
    """By the rooms' primary keys, in two queries; where there are no guests, in one that is short.

    Every WebSocket that is opened pays for it.
    """
    since = timezone.now() - timedelta(seconds=GONE_SECS)
    told = Q(state__in=PRESENT) | Q(since__gte=since)
    pks = [room.pk for room in rooms]
    some = Guest.objects.filter(told, room__in=pks).values_list("room_id", flat=True)
    rooms_with_guests = set(some.order_by())
    found: dict[int, list[Guest]] = defaultdict(list)
    if rooms_with_guests:
        for guest in guests_with_presence().filter(told, room__in=rooms_with_guests):
            found[guest.room_id].append(guest)
    return {
        room.pk: Guests(
            guests_payload(found[room.pk]),
            {guest.user_id: my_guest_payload(guest) for guest in found[room.pk]},
        )
        for room in rooms
    }


def guests_payload(guests: Collection[Guest]) -> dict[str, Any]:
    """Of those who are there, in the order in which they came to where they are."""
    here = [guest_payload(guest) for guest in guests if guest.state in PRESENT]
    return {"guests": here, "max_on_stage": settings.MAX_GUESTS_ON_STAGE}


def guest_payload(guest: Guest) -> dict[str, Any]:
    """For the owner and staff."""
    return {
        "user": user_payload(guest.user),
        "state": str(guest.state),
        "muted": guest.muted,
        "reason": guest.reason or None,
        "since": iso(guest.since),
        "connected": bool(getattr(guest, "connected", False)),
        "invited_by": user_payload(guest.invited_by),
    }


def my_guest_payload(guest: Guest) -> dict[str, Any]:
    """For themselves. `from`: who invited them, while they have not said whether they come."""
    invited = guest.state == GuestState.INVITED
    return {
        "state": str(guest.state),
        "muted": guest.muted,
        "reason": guest.reason or None,
        "from": user_payload(guest.invited_by) if invited else None,
    }
