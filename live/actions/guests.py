"""Guests: who comes, waits, is on stage and goes; and the care of those nobody hears of any more.

Each locks the room first: two admissions at once see each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from live import events
from live.access_guests import may_publish_anyway
from live.actions._room import end_play_tokens, locked
from live.errors import MicroVibeError
from live.guest_states import PRESENT, GuestReason, GuestState, GuestVerb, Standing, decide
from live.guests_there import guests_unheard_of, host_seen_at, unseen_guests
from live.lifecycle import RoomState
from live.models import Guest, Participant, Room, StreamingMode, User
from live.refusals import refusal

DECLINED_SECS: Final = 600.0  # so long nobody is asked again
ALONE_SECS: Final = 600.0  # so long guests hold a broadcast without anybody whose room it is


@transaction.atomic
def do_move_guest(room: Room, user: User, verb: GuestVerb, by: User | None = None) -> Guest:
    """Raises wrong_order, guest_removed, stage_full, not_live, already_publisher, banned,
    room_not_webrtc; for INVITE user_not_found and guest_declined as well."""
    fresh = locked(room)
    found = Guest.objects.select_related("user", "invited_by")
    guest = found.filter(room=fresh, user=user).first() or Guest(room=fresh, user=user)
    new = guest._state.adding
    before = Standing() if new else Standing(GuestState(guest.state), guest.reason, guest.muted)
    if verb in (GuestVerb.JOIN, GuestVerb.ASK, GuestVerb.INVITE):
        _refuse_coming(fresh, user)
    after = _decided(before, verb)
    now = timezone.now()
    if after == before:
        if not new and verb in (GuestVerb.JOIN, GuestVerb.ASK):  # their page is about to connect
            guest.seen_at = now
            guest.save(update_fields=["seen_at"])
        return guest
    if verb is GuestVerb.INVITE:
        _refuse_invitation(fresh, user, guest, now)
        guest.invited_by = by
    if verb is GuestVerb.ADMIT:
        _refuse_admission(fresh)
    if after.state is not before.state or new:
        guest.since = guest.seen_at = now
    guest.state, guest.reason, guest.muted = after.state.value, str(after.reason), after.muted
    guest.save()
    cut = before.state is GuestState.ON_STAGE and after.state is not GuestState.ON_STAGE
    cut = cut and not may_publish_anyway(user, fresh)
    if before.state.value in PRESENT and after.state.value not in PRESENT:
        end_play_tokens(fresh)
    events.publish(events.GuestChanged(fresh.room_id, user.pk, cut))
    return guest


def do_remove_everywhere(user: User) -> None:
    """Of somebody who was banned."""
    here = Guest.objects.select_related("room").filter(user=user, state__in=PRESENT)
    for guest in here.order_by("room_id"):
        do_move_guest(guest.room, user, GuestVerb.BAN)


def do_look_after_guests(now: datetime) -> None:
    """Once in a while: those who are away leave, and a stage without its host is cleared."""
    if not Guest.objects.filter(state__in=PRESENT).exists():
        return  # mostly, and cheap
    unseen_guests(now).update(seen_at=now)
    for guest in guests_unheard_of(now):
        _leave_if_away(guest, now)
    staged = Guest.objects.filter(state=GuestState.ON_STAGE).select_related("room", "user")
    for guest in staged:
        if now - host_seen_at(guest.room, now) > timedelta(seconds=ALONE_SECS):
            do_move_guest(guest.room, guest.user, GuestVerb.CLEAR)


@transaction.atomic
def _leave_if_away(guest: Guest, now: datetime) -> None:
    """Looked at again under the lock: they may have come back just now."""
    locked(guest.room)
    if guests_unheard_of(now).filter(pk=guest.pk).exists():
        do_move_guest(guest.room, guest.user, GuestVerb.AWAY)


def _decided(before: Standing, verb: GuestVerb) -> Standing:
    try:
        return decide(before, verb)
    except MicroVibeError as error:
        raise refusal(error.code) from None


def _refuse_coming(room: Room, user: User) -> None:
    if user.is_banned or room.state == RoomState.BANNED:
        raise refusal("banned")
    if room.streaming_mode == StreamingMode.RTMP:
        raise refusal("room_not_webrtc")
    if may_publish_anyway(user, room):
        raise refusal("already_publisher")


def _refuse_invitation(room: Room, user: User, guest: Guest, now: datetime) -> None:
    if not Participant.objects.filter(room=room, user=user, left_at__isnull=True).exists():
        raise refusal("user_not_found")
    left_secs = DECLINED_SECS - (now - guest.since).total_seconds()
    if guest.reason == GuestReason.DECLINED and left_secs > 0:
        raise refusal("guest_declined", retry_in_ms=int(left_secs * 1000))


def _refuse_admission(room: Room) -> None:
    if not room.is_on_air:
        raise refusal("not_live")
    limit = settings.MAX_GUESTS_ON_STAGE
    if room.guests.filter(state=GuestState.ON_STAGE).count() >= limit:
        raise refusal("stage_full", limit=limit)
