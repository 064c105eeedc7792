"""A room may be sent to by a browser and by an encoder: the last one to go interrupts it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from live import access, actions
from live.errors import MicroVibeError
from live.housekeeper import look_after_rooms
from live.models import Broadcast, Ingest, Part, Room
from tests.integration.live.make import make_live, make_room


@pytest.fixture
def by_rtmp(room: Room) -> Room:
    actions.do_ingest_accepted(room, "7", "hash", "192.0.2.1", "OBS")
    actions.do_ingest_media(room, {"width": 1280})
    room.refresh_from_db()
    return room


def state(room: Room) -> str:
    room.refresh_from_db()
    return room.state


def test_first_media_goes_live(room):
    actions.do_ingest_accepted(room, "7", "hash")
    assert state(room) == "starting"
    assert room.grace_until is not None
    assert Broadcast.objects.get().live_at is None
    assert actions.do_ingest_media(room, {"width": 1280})
    assert state(room) == "live"
    assert Broadcast.objects.get().publish_protocol == "rtmp"
    assert Ingest.objects.get().figures == {"width": 1280}


def test_no_media_in_time(room):
    actions.do_ingest_accepted(room, "7", "hash")
    room.refresh_from_db()
    actions.do_expire_grace(room, room.grace_until + timedelta(seconds=1))
    assert (state(room), room.ended_reason) == ("ended", "never_started")
    assert not actions.do_ingest_media(room), "off the air nothing goes live by itself"
    assert state(room) == "ended"


def test_an_encoder_alone_is_no_room_without_publisher(by_rtmp):
    look_after_rooms()
    assert state(by_rtmp) == "live"
    assert actions.do_ingest_lost(by_rtmp, "7")
    assert state(by_rtmp) == "interrupted"


def test_rows_that_were_lost_without_a_word(by_rtmp):
    Ingest.objects.update(lost_at=timezone.now())
    look_after_rooms()
    assert state(by_rtmp) == "interrupted"


def test_the_encoder_goes_the_browser_stays(room):
    make_live(room)
    actions.do_ingest_accepted(room, "7", "hash")
    actions.do_ingest_media(room)
    assert Broadcast.objects.get().publish_protocol == "webrtc"
    actions.do_ingest_lost(room, "7")
    assert state(room) == "live"
    look_after_rooms()
    assert state(room) == "live"


def test_the_browser_goes_the_encoder_stays(room):
    make_live(room)
    actions.do_ingest_accepted(room, "7", "hash")
    actions.do_ingest_media(room)
    actions.do_close_session(f"sess_{room.room_id}", "left")
    actions.do_publisher_lost(room)
    look_after_rooms()
    assert state(room) == "live"
    actions.do_ingest_lost(room)
    assert state(room) == "interrupted"


def test_an_encoder_comes_back(by_rtmp):
    actions.do_ingest_lost(by_rtmp, "7")
    actions.do_ingest_accepted(by_rtmp, "8", "hash")
    assert state(by_rtmp) == "interrupted"
    actions.do_ingest_media(by_rtmp)
    assert (state(by_rtmp), by_rtmp.grace_until) == ("live", None)
    assert Broadcast.objects.count() == 1


def test_the_late_word_of_the_old_one(by_rtmp):
    actions.do_ingest_accepted(by_rtmp, "8", "hash")
    assert not actions.do_ingest_lost(by_rtmp, "7")
    assert not actions.do_ingest_media(by_rtmp, {}, "7")
    assert not Ingest.objects.get().has_media
    assert state(by_rtmp) == "live"
    assert actions.do_ingest_lost(by_rtmp, "8")
    assert not actions.do_ingest_lost(by_rtmp, "8")


def test_a_banned_room_accepts_nobody(room):
    actions.do_ban_room(room)
    with pytest.raises(MicroVibeError, match="banned"):
        actions.do_ingest_accepted(room, "7", "hash")
    assert not Ingest.objects.exists()


def test_figures_of_those_who_send(by_rtmp, owner, django_assert_num_queries):
    other = make_room(owner, "another")
    found = {by_rtmp.play_id: ({"fps": 30}, [{"code": "all_good", "values": {}}])}
    assert actions.do_set_figures({**found, other.play_id: ({}, []), "play_no": ({}, [])}) == 1
    assert actions.do_set_figures(found) == 0
    ingest = Ingest.objects.get()
    assert (ingest.figures, ingest.advice) == found[by_rtmp.play_id]
    actions.do_ingest_lost(by_rtmp)
    assert actions.do_set_figures({by_rtmp.play_id: ({}, [])}) == 0


def test_outside_viewers_count(by_rtmp):
    assert actions.do_set_outside_viewers({by_rtmp.play_id: (2, 3), "play_no": (1, 1)}) == 1
    assert access.viewers_now(by_rtmp) == 5
    assert Broadcast.objects.get().peak_viewers == 5
    assert actions.do_set_outside_viewers({by_rtmp.play_id: (2, 3)}) == 0
    assert actions.do_set_outside_viewers({}) == 1
    assert access.viewers_now(by_rtmp) == 0
    assert Broadcast.objects.get().peak_viewers == 5


def test_refusals_are_written_once_a_second(room, django_assert_num_queries):
    actions.do_ingest_refused(room, "banned")
    first = Ingest.objects.get().refused_at
    actions.do_ingest_refused(room, "banned")
    assert Ingest.objects.get().refused_at == first
    actions.do_ingest_refused(room, "mode_webrtc")
    assert Ingest.objects.get().refused_why == "mode_webrtc"


def test_parts(db):
    assert actions.do_set_part("rtmp", True)
    assert not actions.do_set_part("rtmp", True)
    up = Part.objects.get()
    assert actions.do_set_part("rtmp", False, "x" * 300)
    down = Part.objects.get()
    assert (down.ok, len(down.detail)) == (False, 200)
    assert down.changed_at > up.changed_at
    long_ago = timezone.now() - timedelta(seconds=9)
    Part.objects.update(seen_at=long_ago)
    assert actions.do_set_part("rtmp", False, "x" * 300), "the beat"
    assert Part.objects.get().changed_at == down.changed_at
