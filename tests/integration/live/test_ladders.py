"""The ladders with rows: who sends, parts as the worker found them, tokens, how many queries."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from live import access, actions, parts
from live.models import BridgeJob, Ingest, Part, Recording, Room, SfuSession
from live.signalling.snapshots import take_snapshots
from live.views_of import playback, publishing, room_state
from playback.tokens import is_valid, play_name
from tests.integration.live.make import make_live, make_room

SECRET = "only-for-tests-" + "p" * 40


@pytest.fixture(autouse=True)
def installed(settings):
    settings.RTMP_ENABLED = True
    settings.PLAY_TOKEN_SECRET = SECRET
    settings.FLV_SERVER, settings.HLS_SERVER = "https://x.test/flv", "https://x.test/hls"


def found(**states: bool) -> None:
    """What the worker found just now."""
    for name, ok in states.items():
        Part.objects.update_or_create(name=name, defaults={"ok": ok, "seen_at": timezone.now()})
    parts.forget_parts()


def sent_by_rtmp(room: Room, **fields) -> Ingest:
    values = {"client_id": "7", "accepted_at": timezone.now(), "media_at": timezone.now()}
    return Ingest.objects.create(room=room, **values | fields)


def rungs(room: Room) -> dict[str, dict]:
    return {rung["rung"]: rung for rung in playback(room, True)["rungs"]}


def why_not_publish_rtmp(room: Room) -> str | None:
    return {way["way"]: way["reason"] for way in playback(room, True)["publish"]}["rtmp"]


def test_who_sends(room):
    assert publishing(room) == []
    ingest = sent_by_rtmp(room)
    assert publishing(room) == ["rtmp"]
    make_live(room)
    assert publishing(room) == room_state(room)["publishing"] == ["webrtc", "rtmp"]
    assert publishing(access.rooms_with_viewers().get()) == ["webrtc", "rtmp"]
    ingest.lost_at = timezone.now()
    ingest.save()
    assert publishing(access.rooms_with_viewers().get()) == publishing(room) == ["webrtc"]


def test_what_the_bridge_says_is_what_viewers_are_told(room):
    make_live(room)
    SfuSession.objects.update(ended_at=timezone.now(), state="closed")
    sent_by_rtmp(room)
    found(rtmp=True, flv=True, worker=True)

    def why() -> str | None:
        known = access.rooms_with_viewers().get()
        both = [playback(one, True)["rungs"][0]["reason"] for one in (room, known)]
        assert both[0] == both[1]
        return both[0]

    assert why() == "bridge_down"  # nobody would start it
    found(bridge=True)
    assert why() == "bridge_starting"
    job = BridgeJob.objects.create(key="k", room=room, kind="to_webrtc")
    assert why() == "bridge_starting"
    for state, reason, told in (
        ("running", "", None),
        ("waiting", "no_slot", "bridge_no_slot"),
        ("waiting", "crashed", "bridge_down"),
    ):
        job.state, job.reason = state, reason
        job.save()
        assert why() == told
    Part.objects.filter(name="bridge").update(seen_at=timezone.now() - timedelta(seconds=31))
    parts.forget_parts()
    assert why() == "bridge_down"


def test_a_public_rooms_urls_need_no_token(room):
    found(rtmp=True, flv=True, worker=True)
    make_live(room)
    assert rungs(room)["flv"]["url"] is None
    sent_by_rtmp(room)
    assert rungs(room)["flv"]["url"] == f"https://x.test/flv/{room.play_id}.flv"
    assert rungs(room)["hls"]["url"] == f"https://x.test/hls/{room.play_id}.m3u8"
    assert rungs(room)["webrtc"]["available"]


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_other_rooms_urls_carry_a_token_that_stays_the_same(owner, visibility):
    room = make_live(make_room(owner, visibility=visibility))
    found(rtmp=True, flv=True, worker=True)
    sent_by_rtmp(room)
    urls = [rungs(room)[name]["url"] for name in ("flv", "hls")]
    for url in urls:
        token = parse_qs(urlsplit(url).query)["token"][0]
        now = timezone.now().timestamp()
        name = play_name(room.play_id, 0 if visibility == "private" else None)
        assert is_valid(token, name, SECRET, now + 3600)
        assert not is_valid(token, name, SECRET, now + 86_400)
    assert urls == [rungs(room)[name]["url"] for name in ("flv", "hls")]


def test_parts_as_they_are(room):
    make_live(room)
    sent_by_rtmp(room)
    parts.forget_parts()
    assert rungs(room)["hls"]["reason"] == "rtmp_down"  # nobody has looked yet
    found(rtmp=True, flv=False, worker=True)
    assert (rungs(room)["flv"]["reason"], rungs(room)["hls"]["available"]) == ("flv_down", True)
    assert why_not_publish_rtmp(room) is None
    found(rtmp=False)
    assert rungs(room)["flv"]["reason"] == why_not_publish_rtmp(room) == "rtmp_down"


def test_what_a_silent_worker_found_last_holds_for_viewers_only(room):
    make_live(room)
    sent_by_rtmp(room)
    found(rtmp=True, flv=True, worker=True)
    assert parts.worker_runs()
    for secs, invited in ((15, True), (40, False)):
        Part.objects.filter(name="worker").update(seen_at=timezone.now() - timedelta(seconds=secs))
        parts.forget_parts()
        assert not parts.worker_runs()
        assert rungs(room)["flv"]["available"]
        assert (why_not_publish_rtmp(room) is None) == invited


def test_parts_are_read_once_a_second(room, django_assert_num_queries):
    parts.forget_parts()
    with django_assert_num_queries(1):
        for _ in range(5):
            parts.rtmp_parts()


def test_many_rooms_cost_what_one_does(owner, django_assert_num_queries):
    made = [make_live(make_room(owner, str(number))) for number in range(5)]
    for room in made:
        sent_by_rtmp(room, flv_viewers=2, hls_viewers=1)
    languages = {room.room_id: frozenset({"en", "zh-hans"}) for room in made}
    parts.forget_parts()
    # rooms, open broadcasts, recordings, parts, guests, programme (3), its people
    with django_assert_num_queries(9):
        snapshots = take_snapshots(languages, sfu_ok=True)
    for room in made:
        shown = snapshots[room.room_id]
        assert shown.room["publishing"] == ["webrtc", "rtmp"]
        assert shown.presence == {"viewers": 3, "peak": 3}


def test_players_elsewhere_count_while_on_air_only(room):
    sent_by_rtmp(room, flv_viewers=2)
    assert (access.viewers_now(room), access.rooms_with_viewers().get().viewers) == (0, 0)
    make_live(room)
    assert (access.viewers_now(room), access.rooms_with_viewers().get().viewers) == (2, 2)


def test_the_replay_of_the_last_broadcast_is_named(room):
    def replay() -> dict | None:
        fetched = access.rooms_with_replays().get()
        plain = Room.objects.get()
        assert room_state(fetched)["replay"] == room_state(plain)["replay"]
        return room_state(fetched)["replay"]

    sent_by_rtmp(room)
    for number in (1, 2):
        make_live(room) if number == 1 else actions.do_media_started(room)
        actions.do_end_broadcast(room, "by_owner")
        assert replay() is None
        made = Recording.objects.create(
            room=room, broadcast=room.broadcasts.first(), title=str(number)
        )
        assert replay() == {"recording_id": made.recording_id, "ready": False}
        Recording.objects.filter(pk=made.pk).update(state="ready")
        assert replay() == {"recording_id": made.recording_id, "ready": True}
    actions.do_media_started(room)
    assert replay() is None
    actions.do_end_broadcast(room, "by_owner")
    assert replay() is None  # of a broadcast before: not this one's
