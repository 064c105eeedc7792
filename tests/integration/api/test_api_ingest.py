"""What the owner of a room learns of OBS: state by state, with advice and refusals in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from live import actions, parts
from live.api import examples
from live.models import Ingest, Part, Recording, Room, StreamKey
from tests.integration.api.schema import assert_as_described
from tests.integration.live.make import make_room

INGEST = "/api/v1/live/{room_id}/ingest"


@pytest.fixture(autouse=True)
def all_parts(settings, db):
    settings.RTMP_ENABLED = True
    for name in ("rtmp", "flv", "disk", "worker"):
        Part.objects.create(name=name, ok=True)


def find(name: str, ok: bool, **fields) -> None:
    Part.objects.update_or_create(name=name, defaults={"ok": ok, **fields})
    parts.forget_parts()


def said(client, room: Room) -> dict:
    return assert_as_described(client.get(INGEST.format(room_id=room.room_id)), "get", INGEST)


def accept(room: Room) -> None:
    key = StreamKey.objects.get(room=room)
    actions.do_ingest_accepted(room, "7", key.lookup_hash, "192.0.2.7", "FMLE/3.0")


def send(room: Room) -> None:
    accept(room)
    actions.do_ingest_media(room, examples.FIGURES)


def test_step_by_step(as_owner, room, settings):
    waiting = said(as_owner, room)
    assert (waiting["state"], waiting["figures"], waiting["refused"]) == ("waiting", {}, None)
    assert waiting["server"] == settings.RTMP_SERVER
    accept(room)
    connected = said(as_owner, room)
    assert (connected["state"], connected["encoder"]) == ("connected", "FMLE/3.0")
    assert connected["since"]
    actions.do_ingest_media(room, examples.FIGURES)
    live = said(as_owner, room)
    assert (live["state"], live["figures"]) == ("live", examples.FIGURES)
    actions.do_ingest_lost(room)
    gone = said(as_owner, room)
    assert (gone["state"], gone["figures"], gone["advice"]) == ("waiting", {}, [])
    assert gone["since"]


def test_advice_is_said_in_words_worst_first(as_owner, room):
    send(room)
    advice = [
        {"code": "b_frames", "values": {}},
        {"code": "keyframes_far", "values": {"secs": 8.3}},
        {"code": "hevc", "values": {}},
        {"code": "from_the_future", "values": {}},
    ]
    Ingest.objects.update(advice=advice)
    told = said(as_owner, room)["advice"]
    assert [(a["severity"], a["code"]) for a in told] == [
        ("bad", "hevc"),
        ("warn", "keyframes_far"),
        ("hint", "b_frames"),
    ]
    assert told[1] == examples.INGEST["advice"][0]


@pytest.mark.parametrize(
    "why", ["mode_webrtc", "banned", "too_many_streams", "just_ended", "already_live", "new"]
)
def test_a_refusal_says_what_happened_and_what_to_do(as_owner, room, why):
    actions.do_ingest_refused(room, why)
    told = said(as_owner, room)
    assert (told["state"], told["refused"]["why"]) == ("refused", why)
    assert told["refused"]["title"]
    assert told["refused"]["detail"]
    Ingest.objects.update(refused_at=timezone.now() - timedelta(hours=1))
    assert said(as_owner, room)["state"] == "waiting"
    send(room)
    assert (said(as_owner, room)["state"], said(as_owner, room)["refused"]) == ("live", None)


def test_another_encoder_with_the_key_is_told_beside_the_one_that_sends(as_owner, room):
    send(room)
    actions.do_ingest_refused(room, "already_live")
    told = said(as_owner, room)
    assert (told["state"], told["advice"][0]["code"]) == ("live", "already_live")
    assert told["advice"][0]["severity"] == "bad"
    assert told["advice"][0]["title"] == told["refused"]["title"]
    Ingest.objects.update(refused_at=timezone.now() - timedelta(minutes=3))
    assert "already_live" not in [advice["code"] for advice in said(as_owner, room)["advice"]]


def test_where_rtmp_can_not_be_sent(as_owner, owner, room, settings):
    browser_only = make_room(owner, streaming_mode="webrtc")
    told = said(as_owner, browser_only)
    assert (told["state"], told["reason"]) == ("off", "mode_webrtc")
    actions.do_ingest_refused(browser_only, "mode_webrtc")
    assert said(as_owner, browser_only)["state"] == "refused"
    find("rtmp", False, detail="does not answer")
    told = said(as_owner, room)
    assert (told["state"], told["reason"]) == ("down", "rtmp_down")
    assert "not answering" in told["detail"]
    settings.RTMP_ENABLED = False
    assert said(as_owner, room)["state"] == "off"


def test_a_silent_worker(as_owner, owner, room):
    send(room)
    quiet = make_room(owner)
    find("worker", True, seen_at=timezone.now() - timedelta(seconds=40))
    assert said(as_owner, room)["state"] == "live"
    assert said(as_owner, quiet)["state"] == "down"


def test_recording_and_the_disk(as_owner, room):
    assert (said(as_owner, room)["recording"], said(as_owner, room)["disk_ok"]) == (False, True)
    Recording.objects.create(room=room, title="t")
    find("disk", False, detail="1.2 GB free")
    told = said(as_owner, room)
    assert (told["recording"], told["disk_ok"]) == (True, False)


def test_who_may_see_it(as_owner, as_stranger, as_staff, guest, room):
    url = INGEST.format(room_id=room.room_id)
    assert said(as_staff, room)["state"] == "waiting"
    for client, status in ((as_stranger, 403), (guest, 401)):
        response = client.get(url)
        assert response.status_code == status
        assert_as_described(response, "get", INGEST)
    send(room)
    key = as_owner.get(f"/api/v1/live/{room.room_id}/key").json()["data"]["stream_key"]
    answer = as_owner.get(url).content.decode()
    assert key not in answer
    assert StreamKey.objects.get(room=room).lookup_hash not in answer
