"""Who is there, for how long, and what the broadcast's numbers make of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from live import access, actions
from live.models import Broadcast, Participant, SfuSession
from live.stats import room_stats
from tests.integration.live.make import make_live
from tests.integration.live.test_on_air import code_of


def join(room, user=None, role="subscriber", again=None, process="p1"):
    return actions.do_join_presence(room, user, role, process, again)


def back_in_time(participant, secs: float) -> None:
    """As if they had come `secs` ago."""
    at = timezone.now() - timedelta(seconds=secs)
    Participant.objects.filter(pk=participant.pk).update(connected_at=at, last_seen_at=at)


def test_viewers_and_peak(owner, room):
    waiting = join(room)
    make_live(room)
    assert access.counts(room) == {"viewers": 1, "peak": 1}
    second = join(room)
    join(room, owner, "publisher")
    assert access.counts(room) == {"viewers": 2, "peak": 2}
    assert actions.do_leave_presence(waiting.participant_id)
    assert not actions.do_leave_presence(waiting.participant_id)
    assert not actions.do_leave_presence("part_unknown")
    assert access.counts(room) == {"viewers": 1, "peak": 2}
    assert Broadcast.objects.get().total_viewers == 2
    actions.do_end_broadcast(room, "by_owner")
    assert access.counts(room) == {"viewers": 1, "peak": 0}
    second.refresh_from_db()
    assert second.left_at is None


def test_coming_back_is_the_same_person(owner, stranger, room):
    make_live(room)
    first = join(room, stranger)
    assert join(room, stranger, again=first.participant_id).pk == first.pk
    actions.do_leave_presence(first.participant_id)
    assert join(room, stranger, again=first.participant_id, process="p2").pk == first.pk
    assert Broadcast.objects.get().total_viewers == 1
    assert Participant.objects.get(pk=first.pk).process_id == "p2"
    for user, role in ((None, "subscriber"), (owner, "subscriber"), (stranger, "publisher")):
        assert join(room, user, role, again=first.participant_id).pk != first.pk


def test_somebody_who_came_back_elsewhere_is_not_sent_away(room):
    person = join(room, process="p1")
    join(room, again=person.participant_id, process="p2")
    assert not actions.do_leave_presence(person.participant_id, process_id="p1")
    assert access.counts(room)["viewers"] == 1
    assert actions.do_leave_presence(person.participant_id, process_id="p2")


def test_a_viewer_of_the_last_broadcast_counts_again_in_the_next(room):
    make_live(room)
    person = join(room)
    actions.do_leave_presence(person.participant_id)
    actions.do_end_broadcast(room, "by_owner")
    actions.do_media_started(room)
    join(room, again=person.participant_id)
    assert [b.total_viewers for b in Broadcast.objects.order_by("pk")] == [1, 1]


def test_seconds_watched(room):
    make_live(room)
    broadcast = Broadcast.objects.get()
    Broadcast.objects.update(started_at=timezone.now() - timedelta(seconds=100))
    long, short, publisher = join(room), join(room), join(room, room.owner, "publisher")
    for person, secs in ((long, 300), (short, 30), (publisher, 50)):
        back_in_time(person, secs)
    stats = room_stats(room, timezone.now())
    assert stats["watch_secs"] == pytest.approx(130, abs=5)  # 100 since it began, and 30
    assert stats["uptime_secs"] == pytest.approx(100, abs=5)
    actions.do_leave_presence(short.participant_id)
    broadcast.refresh_from_db()
    assert broadcast.watch_secs == pytest.approx(30, abs=5)
    join(room, again=short.participant_id)
    back_in_time(short, 10)
    actions.do_end_broadcast(room, "by_owner")
    broadcast.refresh_from_db()
    assert broadcast.watch_secs == pytest.approx(140, abs=5)
    actions.do_leave_presence(short.participant_id)
    actions.do_leave_presence(long.participant_id)
    assert Broadcast.objects.get().watch_secs == broadcast.watch_secs
    assert room_stats(room, timezone.now())["watch_secs"] == round(broadcast.watch_secs, 3)


def test_touch_and_stale(room):
    kept, stale, other = join(room), join(room), join(room, process="p2")
    now = timezone.now()
    for person in (kept, stale):
        back_in_time(person, 100)
    ids = [kept.participant_id, other.participant_id, "part_unknown"]
    assert actions.do_touch_presence("p1", ids, now) == 1
    assert actions.do_close_stale_presence(now - timedelta(seconds=30)) == 1
    gone = Participant.objects.get(pk=stale.pk)
    assert gone.left_at == gone.last_seen_at
    assert access.counts(room)["viewers"] == 2
    assert actions.do_touch_presence("p1", [stale.participant_id], now) == 0


def test_rungs(room):
    first, second = join(room), join(room)
    actions.do_set_rung(first.participant_id, "webrtc")
    actions.do_set_rung(second.participant_id, "carrier pigeon")
    by_protocol = room_stats(room, timezone.now())["viewers_by_protocol"]
    assert by_protocol == {"none": 1, "webrtc": 1, "flv": 0, "hls": 0}


def test_the_life_of_a_session(owner, room):
    person = join(room, owner, "publisher")
    actions.do_open_session("sess_a", room, person, owner, "publisher", "127.0.0.1:5551", "p1")
    again = lambda: actions.do_open_session("sess_a", room, None, owner, "publisher")  # noqa: E731
    assert code_of(again) == "session_exists"
    assert actions.do_session_connected("sess_a")
    assert not actions.do_session_connected("sess_a")
    assert actions.do_report_session("sess_a", {"video_bitrate": 1e6, "fps": 30, "junk": "x"})
    assert not actions.do_report_session("sess_a", {"junk": 1})
    session = SfuSession.objects.get()
    assert (session.state, session.video_bitrate, session.fps) == ("connected", 1_000_000, 30.0)
    assert actions.do_close_session("sess_a", "left")
    assert not actions.do_close_session("sess_a", "left")
    assert not actions.do_session_lost("sess_a", "late")
    assert not actions.do_session_connected("sess_a")
    assert not actions.do_report_session("sess_a", {"fps": 1})
    session.refresh_from_db()
    assert (session.state, session.end_reason) == ("closed", "left")
    assert session.ended_at is not None


def test_stale_sessions(owner, room):
    for session_id in ("old", "touched"):
        actions.do_open_session(session_id, room, None, owner, "publisher", "", "p1")
    now = timezone.now()
    SfuSession.objects.update(last_seen_at=now - timedelta(seconds=100))
    assert actions.do_touch_sessions("p1", ["touched", "unknown"], now) == 1
    assert actions.do_close_stale_sessions(now - timedelta(seconds=30), "p2") == 0
    assert actions.do_close_stale_sessions(now - timedelta(seconds=30)) == 1
    assert SfuSession.objects.get(session_id="old").state == "lost"
    assert list(access.open_sessions(room).values_list("session_id", flat=True)) == ["touched"]


def test_published_numbers(owner, room):
    make_live(room)
    actions.do_open_session("second", room, None, owner, "publisher")
    actions.do_report_session(
        f"sess_{room.room_id}", {"video_bitrate": 1000, "packet_loss": 0.1, "fps": 30}
    )
    actions.do_report_session("second", {"video_bitrate": 500, "packet_loss": 0.3, "fps": 15})
    now = timezone.now()
    stats = room_stats(room, now)
    assert (stats["video_bitrate"], stats["packet_loss"], stats["fps"]) == (1500, 0.3, 15)
    assert stats["audio_bitrate"] is None
    assert room_stats(room, now + timedelta(minutes=1))["video_bitrate"] is None


def test_stats_of_a_room_that_never_was_on_air(room):
    stats = room_stats(room, timezone.now())
    assert stats["state"] == "idle"
    assert {stats[name] for name in ("peak_viewers", "watch_secs", "uptime_secs", "likes")} == {0}
