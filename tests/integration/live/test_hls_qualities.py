"""Which qualities of HLS viewers are told of: those that a running job says, else the source."""

from __future__ import annotations

import pytest
from django.utils import timezone

from live import access, parts
from live.actions.bridges import BridgeNow, do_set_bridges
from live.models import BridgeJob, Ingest, Part, Room
from live.signalling.snapshots import take_snapshots
from live.views_of import playback
from tests.integration.live.make import make_live, make_room

ALL = ["source", "480p", "audio"]


@pytest.fixture(autouse=True)
def installed(settings, db):
    settings.RTMP_ENABLED = True
    settings.HLS_LADDER = ["480p", "audio"]
    for name in ("rtmp", "flv", "worker", "bridge"):
        Part.objects.create(name=name, ok=True, seen_at=timezone.now())
    parts.forget_parts()


@pytest.fixture
def on_air(room: Room) -> Room:
    make_live(room)
    Ingest.objects.create(
        room=room, client_id="7", accepted_at=timezone.now(), media_at=timezone.now()
    )
    return room


def told(room: Room) -> dict[str, list[str] | None]:
    known = access.rooms_with_viewers().get(pk=room.pk)
    asked, listed = (
        {rung["rung"]: rung["qualities"] for rung in playback(one, True)["rungs"]}
        for one in (room, known)
    )
    assert asked == listed
    return asked


def test_only_what_is_made_now(on_air, settings):
    assert told(on_air) == {"webrtc": None, "flv": None, "hls": ["source"]}
    BridgeJob.objects.create(
        key="k", room=on_air, kind="ladder", state="running", figures={"qualities": ALL}
    )
    assert told(on_air)["hls"] == ALL
    for state in ("starting", "waiting", "stopping"):
        BridgeJob.objects.update(state=state)
        assert told(on_air)["hls"] == ["source"]
    BridgeJob.objects.update(state="running", figures={"qualities": []})
    assert told(on_air)["hls"] == ["source"]
    BridgeJob.objects.update(figures={"qualities": ALL})
    assert told(on_air)["hls"] == ALL
    settings.HLS_LADDER = []
    assert told(on_air)["hls"] == ["source"]
    settings.HLS_LADDER = ["360p"]
    Part.objects.filter(name="bridge").update(ok=False)
    parts.forget_parts()
    assert told(on_air)["hls"] == ["source"]


def test_another_rooms_are_not_this_rooms(on_air, owner):
    other = make_room(owner)
    BridgeJob.objects.create(
        key="k", room=other, kind="ladder", state="running", figures={"qualities": ALL}
    )
    assert told(on_air)["hls"] == ["source"]


def test_none_where_hls_is_missing(room):
    assert told(room) == {"webrtc": None, "flv": None, "hls": None}


def test_nothing_is_asked_without_a_ladder(on_air, settings, django_assert_max_num_queries):
    def queries() -> int:
        room = Room.objects.get(pk=on_air.pk)
        with django_assert_max_num_queries(20) as asked:
            playback(room, True)
        return len(asked)

    queries()  # parts are kept for a second
    with_ladder = queries()
    settings.HLS_LADDER = []
    assert queries() == with_ladder - 1


def test_many_rooms_cost_what_one_does(owner, django_assert_max_num_queries):
    def cost(rooms: list[Room]) -> int:
        languages = {room.room_id: frozenset(["en"]) for room in rooms}
        with django_assert_max_num_queries(30) as asked:
            take_snapshots(languages, True)
        return len(asked)

    rooms = []
    for number in range(4):
        rooms.append(make_room(owner))
        make_live(rooms[-1])
        BridgeJob.objects.create(key=str(number), room=rooms[-1], kind="ladder", state="running")
    parts.parts_now()  # kept for a second
    assert cost(rooms) == cost(rooms[:1])


def test_pages_hear_of_them_at_once(on_air, django_capture_on_commit_callbacks):
    def told_rooms(**figures: object) -> int:
        now = BridgeNow(
            "ladder:x", on_air.room_id, "ladder", "transcode", "running", "", timezone.now(),
            figures=figures,
        )  # fmt: skip
        return do_set_bridges([now])

    assert told_rooms(qualities=["source"], late_ms=3) == 1
    assert told_rooms(qualities=["source"], late_ms=5) == 0
    assert told_rooms(qualities=ALL, late_ms=5) == 1
