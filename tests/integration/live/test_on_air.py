"""On and off the air, in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from live import access_upkeep, actions
from live.errors import MicroVibeError
from live.models import Broadcast, Room
from tests.integration.live.make import make_live


def code_of(call) -> str:
    with pytest.raises(MicroVibeError) as refused:
        call()
    assert refused.value.message, "a refusal says something"
    return refused.value.code


def test_a_whole_broadcast(room, settings):
    settings.PUBLISHER_GRACE_SECS = 20.0
    actions.do_start_broadcast(room)
    assert room.state == "starting"
    assert Broadcast.objects.get().live_at is None
    actions.do_start_broadcast(room)
    actions.do_media_started(room)
    assert (room.state, room.grace_until) == ("live", None)
    broadcast = Broadcast.objects.get()
    assert broadcast.live_at is not None
    assert broadcast.publish_protocol == "webrtc"
    at = timezone.now()
    actions.do_publisher_lost(room, at)
    assert room.state == "interrupted"
    assert room.grace_until == at + timedelta(seconds=20)
    actions.do_publisher_back(room)
    assert (room.state, room.grace_until) == ("live", None)
    actions.do_end_broadcast(room, "by_owner")
    broadcast.refresh_from_db()
    assert (room.state, room.ended_reason, broadcast.reason) == ("ended", "by_owner", "by_owner")
    assert broadcast.ended_at is not None
    actions.do_start_broadcast(room)
    assert Broadcast.objects.count() == 2
    assert Room.objects.get().ended_reason == ""


def test_media_alone_goes_live(room):
    actions.do_media_started(room)
    assert room.state == "live"
    assert Broadcast.objects.get().live_at is not None


def test_ending_what_is_not_on_air(room):
    assert code_of(lambda: actions.do_end_broadcast(room, "by_owner")) == "not_live"


def test_a_publisher_is_lost_only_with_the_last_session(owner, room):
    make_live(room)
    actions.do_open_session("second", room, None, owner, "publisher")
    actions.do_close_session(f"sess_{room.room_id}", "left")
    actions.do_publisher_lost(room)
    assert room.state == "live"
    assert not access_upkeep.rooms_live_without_publisher().exists()
    actions.do_session_lost("second", "sfu_restarted")
    assert list(access_upkeep.rooms_live_without_publisher()) == [room]
    actions.do_publisher_lost(room)
    assert room.state == "interrupted"


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (lambda room: actions.do_start_broadcast(room), "never_started"),
        (lambda room: actions.do_publisher_lost(actions.do_media_started(room)), "publisher_left"),
    ],
)
def test_grace_ends(room, begin, reason):
    begin(room)
    room.refresh_from_db()
    before, after = (room.grace_until + timedelta(seconds=s) for s in (-1, 1))
    assert not access_upkeep.rooms_past_grace(before).exists()
    actions.do_expire_grace(room, before)
    assert room.is_on_air
    assert list(access_upkeep.rooms_past_grace(after)) == [room]
    actions.do_expire_grace(room, after)
    assert (room.state, room.ended_reason) == ("ended", reason)
    assert not access_upkeep.rooms_past_grace(after).exists()


def test_grace_is_read_anew(room):
    """The housekeeper's copy may be from before the publisher came back."""
    actions.do_publisher_lost(actions.do_media_started(room))
    old = Room.objects.get()
    actions.do_publisher_back(room)
    actions.do_expire_grace(old, timezone.now() + timedelta(hours=1))
    assert old.state == "live"


def test_a_banned_room_can_neither_start_nor_go_live(room, staff):
    make_live(room)
    actions.do_ban_room(room, staff, "rude")
    assert (room.state, room.ended_reason) == ("banned", "banned")
    assert room.banned_at is not None
    assert Broadcast.objects.get().reason == "banned"
    assert code_of(lambda: actions.do_start_broadcast(room)) == "banned"
    assert code_of(lambda: actions.do_media_started(room)) == "banned"
    actions.do_unban_room(room, staff)
    assert (room.state, room.banned_at) == ("idle", None)
    actions.do_start_broadcast(room)


def test_the_database_holds_one_open_broadcast_per_room(room):
    Broadcast.objects.create(room=room)
    with pytest.raises(IntegrityError), transaction.atomic():
        Broadcast.objects.create(room=room)
    Broadcast.objects.update(ended_at=timezone.now())
    Broadcast.objects.create(room=room)


def test_a_room_that_is_gone(room):
    Room.objects.all().delete()
    assert code_of(lambda: actions.do_start_broadcast(room)) == "room_not_found"
