"""How every action moves a room: lock, ask the life cycle, carry effects out, tell on commit."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from live import events
from live.guest_states import GuestReason, GuestState
from live.lifecycle import (
    CloseBroadcast,
    Decision,
    Event,
    GraceExpired,
    LifecycleError,
    MarkLive,
    OpenBroadcast,
    RoomState,
    StartAsked,
    decide,
)
from live.models import Broadcast, Guest, Participant, Role, Room, Visibility
from live.refusals import refusal
from live.watch_time import unended_watch_secs

MOVED_FIELDS = ("state", "state_changed_at", "grace_until", "ended_reason", "banned_at")


def locked(room: Room) -> Room:
    """The row as it is now, ours until the transaction ends (SQLite: by BEGIN IMMEDIATE)."""
    found = Room.objects.select_for_update(of=("self",)).select_related("owner")
    fresh = found.filter(pk=room.pk).first()
    if fresh is None:
        raise refusal("room_not_found")
    return fresh


def end_play_tokens(room: Room) -> None:
    """Somebody may know of the room no more: if it is private, addresses to play it are made anew.

    Their token names the room, not the person: all who may still watch get another one at once.
    """
    private = Room.objects.filter(pk=room.pk, visibility=Visibility.PRIVATE)
    if private.update(play_epoch=F("play_epoch") + 1):
        events.publish(events.RoomChanged(room.room_id))


@transaction.atomic
def move(room: Room, event: Event, protocol: str = "", now: datetime | None = None) -> Room:
    """Also brings `room`, the caller's copy, up to date. Raises MicroVibeError not_live, banned."""
    now = now or timezone.now()
    fresh = locked(room)
    if isinstance(event, GraceExpired):
        event = GraceExpired(fresh.grace_until)  # only the locked row knows
    try:
        decision = decide(fresh.room_state, event, now, _patience_secs(event))
    except LifecycleError as error:
        raise refusal(error.code) from None
    if decision.changed:
        _carry_out(fresh, decision, protocol, now)
        events.publish(events.RoomChanged(fresh.room_id))
    for field in MOVED_FIELDS:
        setattr(room, field, getattr(fresh, field))
    return fresh


def _patience_secs(event: Event) -> float:
    if isinstance(event, StartAsked):
        return float(settings.STARTING_TIMEOUT_SECS)
    return float(settings.PUBLISHER_GRACE_SECS)


def _carry_out(room: Room, decision: Decision, protocol: str, now: datetime) -> None:
    for effect in decision.effects:
        match effect:
            case OpenBroadcast():
                _open_broadcast(room, protocol, now)
            case MarkLive():
                opened = Broadcast.objects.filter(room=room, ended_at__isnull=True)
                opened.update(live_at=now, publish_protocol=protocol or room.push_protocol)
            case CloseBroadcast(reason):
                _close_broadcast(room, reason, now)
                room.ended_reason = reason.value
    room.state = decision.state.value
    room.state_changed_at = now
    room.grace_until = decision.grace_until
    room.banned_at = now if decision.state is RoomState.BANNED else None
    room.save(update_fields=MOVED_FIELDS)


def _open_broadcast(room: Room, protocol: str, now: datetime) -> None:
    waiting = Participant.objects.filter(room=room, role=Role.SUBSCRIBER, left_at__isnull=True)
    viewers = waiting.count()
    Broadcast.objects.create(
        room=room,
        started_at=now,
        peak_viewers=viewers,
        total_viewers=viewers,
        publish_protocol=protocol,
    )
    room.ended_reason = ""


def _close_broadcast(room: Room, reason: str, now: datetime) -> None:
    broadcast = Broadcast.objects.filter(room=room, ended_at__isnull=True).first()
    if broadcast is None:
        return
    broadcast.ended_at = now
    broadcast.reason = reason
    broadcast.watch_secs = F("watch_secs") + unended_watch_secs(broadcast, now)
    broadcast.save(update_fields=["ended_at", "reason", "watch_secs"])
    _clear_stage(room, now)


def _clear_stage(room: Room, now: datetime) -> None:
    """Off the air nobody sends but the owner: guests wait to be admitted anew."""
    on_stage = Guest.objects.filter(room=room, state=GuestState.ON_STAGE)
    on_stage.update(state=GuestState.WAITING, reason=GuestReason.ENDED, since=now)
