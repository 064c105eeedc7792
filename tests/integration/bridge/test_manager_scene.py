"""Rows → what a plan is made of."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bridge import scene
from bridge.plan_terms import Demand, Job, Shown
from bridge.scene import read_scene, with_waiting
from bridge.specs import Specs
from live import actions, parts
from live.models import Part, RestreamTarget, Room, User
from tests.integration.bridge.at_work import sends_rtmp
from tests.integration.live.conftest import owner, room, stranger
from tests.integration.live.make import make_live, make_room, make_user

__all__ = ["owner", "room", "stranger"]


@pytest.fixture(autouse=True)
def installed(settings) -> None:
    settings.RTMP_ENABLED = True


def test_nothing_on_the_air_is_one_query(room: Room, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert read_scene(()) == scene.Scene()


def test_an_encoder_and_a_guest(room: Room, stranger: User) -> None:
    sends_rtmp(room)
    actions.do_open_session("sess_guest", room, None, stranger, "publisher")
    actions.do_session_connected("sess_guest")
    actions.do_set_sources("sess_guest", {"b": "screen", "a": "camera"})
    (now,) = read_scene(()).rooms
    assert (now.room_id, now.play_id, now.mode) == (room.room_id, room.play_id, "hybrid")
    streams = (("a", "camera"), ("b", "screen"))
    assert now.programme == (
        Shown(room.owner_id),
        Shown(stranger.pk, "sess_guest", streams, "stranger"),
    )


def test_who_wants_flv_and_hls(room: Room, settings) -> None:
    make_live(room)
    assert read_scene(()).rooms[0].demand == Demand(record=True)
    for number, rung in enumerate(["flv", "flv", "hls", "webrtc"]):
        actions.do_join_presence(room, None, "subscriber", f"process {number}")
        viewer = room.participants.order_by("-pk")[0]
        actions.do_set_rung(viewer.participant_id, rung)
    actions.do_set_outside_viewers({room.play_id: (3, 4)})
    Part.objects.create(name="disk", ok=False)
    parts.forget_parts()
    assert read_scene(()).rooms[0].demand == Demand(flv=5, hls=5)


def test_rooms_for_one_world_have_no_bridges_but_may_be_passed_on(room: Room) -> None:
    Room.objects.update(streaming_mode="webrtc")
    make_live(room)
    assert read_scene(()).rooms == ()
    Room.objects.update(streaming_mode="rtmp")
    target = RestreamTarget.objects.create(
        room=room, name="There", url="rtmp://192.0.2.1/app", ciphertext="what nobody can read"
    )
    found = read_scene(())
    assert (found.rooms[0].targets, found.rooms[0].sealed) == ((target.pk,), {target.pk})
    assert found.urls == {}


def test_many_rooms_cost_no_more_queries_than_one(room: Room) -> None:
    make_live(room)
    parts.forget_parts()
    with CaptureQueriesContext(connection) as one:
        read_scene(["x"])
    for number in range(5):
        other = make_room(make_user(f"user{number}"))
        make_live(other)
        sends_rtmp(other)
    parts.forget_parts()
    with CaptureQueriesContext(connection) as many:
        assert len(read_scene(["x"]).rooms) == 6
    assert len(many) == len(one) <= 10


def test_bridges_go_where_the_people_are(room: Room, owner: User, settings) -> None:
    settings.SFU_MODE = "cluster"
    settings.SFU_CLUSTER_NODES = ["192.0.2.1:5551", "192.0.2.2:5551"]
    sends_rtmp(room)
    actions.do_open_session("sess_v", room, None, owner, "subscriber", node="192.0.2.2:5551")
    (now,) = read_scene(()).rooms
    job = Job("to_webrtc", room.room_id, room.play_id, 0, 0, node=now.node)
    assert Specs().of(job, "abc").sfu.nodes == ("192.0.2.2:5551",)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ({"wanted": True}, True),
        ({"viewers": 1}, True),
        ({"viewers": 0, "page_viewers": 0}, False),
        ([], False),
        (None, False),
    ],
)
async def test_requests_that_wait(monkeypatch, said: object, waits: bool) -> None:
    async def ask(path: str) -> object:
        assert path == "/status"
        return {"streams": {"play_a": said}}

    monkeypatch.setattr(scene, "ask", ask)
    (now,) = await with_waiting([scene.RoomNow("room_a", "play_a")])
    assert now.demand.waits is waits
