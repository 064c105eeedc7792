"""Rooms over REST, each answer held against the description."""

from __future__ import annotations

import pytest

from live import access, actions
from live.api import examples
from live.models import Ingest, Room
from tests.integration.api.schema import assert_as_described
from tests.integration.live.make import make_live, make_room

CREATE = "/api/v1/live/create"
ROOM = "/api/v1/live/{room_id}"


def error_of(response, status: int) -> str:
    body = response.json()
    assert response.status_code == status, body
    assert set(body) == {"code", "message", "data"}
    assert body["message"]
    return body["code"]


def test_create_answers_with_exactly_the_designed_fields(as_owner, settings):
    settings.RTMP_SERVER = "rtmp://localhost:1935/live"
    settings.HLS_SERVER = "http://localhost:8080/hls"
    settings.FLV_SERVER = "http://localhost:8080/flv"
    asked = {
        "title": "我的直播",
        "streaming_mode": "hybrid",
        "push_protocol": "rtmp",
        "stream_type": "video_audio",
    }
    response = as_owner.post(CREATE, asked)
    assert response.status_code == 201
    data = assert_as_described(response, "post", CREATE)
    room = Room.objects.get()
    key = data["stream_key"]
    assert response.json() == {
        "code": 0,
        "message": "success",
        "data": {
            "id": room.pk,
            "room_id": room.room_id,
            "stream_key": key,
            "stream_url": f"rtmp://localhost:1935/live/{key}",
            "webrtc_url": f"webrtc://room/{room.room_id}",
            "play_url": f"http://localhost:8080/hls/{room.play_id}.m3u8",
            "flv_url": f"http://localhost:8080/flv/{room.play_id}.flv",
            "webrtc_play_url": f"webrtc://room/{room.room_id}",
            "streaming_mode": "hybrid",
        },
    }
    assert access.room_by_stream_key(key) == room
    assert (room.title, room.push_protocol) == ("我的直播", "rtmp")


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("rtmp", {"webrtc_url", "webrtc_play_url"}),
        ("webrtc", {"stream_url", "play_url", "flv_url"}),
        ("hybrid", set()),
    ],
)
def test_addresses_by_mode(as_owner, mode, missing):
    response = as_owner.post(CREATE, {"title": "t", "streaming_mode": mode})
    data = assert_as_described(response, "post", CREATE)
    assert {name for name, value in data.items() if value is None} == missing


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x" * 101},
        {"title": "t", "streaming_mode": "p2p"},
        {"title": "t", "streaming_mode": "rtmp", "push_protocol": "webrtc"},
        {"title": "a\x00b"},
        {"title": ["x"]},
        [],
        "text",
        None,
    ],
)
def test_create_with_wrong_fields(as_owner, body):
    response = as_owner.post(CREATE, body)
    assert error_of(response, 400) == "invalid"
    assert response.json()["data"]["fields"]
    assert_as_described(response, "post", CREATE)
    assert not Room.objects.exists()


def test_create_with_a_lone_surrogate(as_owner):
    body = b'{"title": "\\ud800"}'
    response = as_owner.post(CREATE, body, content_type="application/json")
    assert error_of(response, 400) == "invalid"


def test_create_needs_a_person(guest, db):
    assert error_of(guest.post(CREATE, {"title": "t"}), 401) == "unauthenticated"


def test_read_update_start_end(as_owner, guest, room, owner):
    url = f"/api/v1/live/{room.room_id}"
    data = assert_as_described(guest.get(url), "get", ROOM)
    assert (data["room_id"], data["state"], data["viewers"]) == (room.room_id, "idle", 0)
    assert data["owner"] == {"id": owner.pk, "name": "Mei"}

    data = assert_as_described(as_owner.patch(url, {"title": "New"}), "patch", ROOM)
    assert data["title"] == "New"
    assert error_of(as_owner.patch(url, {"title": " "}), 400) == "invalid"

    data = assert_as_described(as_owner.post(f"{url}/start"), "post", ROOM + "/start")
    assert (data["state"], data["broadcast"]["id"] > 0) == ("starting", True)
    make_live(room)
    actions.do_join_presence(room, None, "subscriber", "p1")
    data = assert_as_described(guest.get(url), "get", ROOM)
    assert (data["state"], data["viewers"]) == ("live", 1)
    response = as_owner.patch(url, {"streaming_mode": "rtmp"})
    assert error_of(response, 409) == "room_on_air"
    assert_as_described(response, "patch", ROOM)

    data = assert_as_described(as_owner.post(f"{url}/end"), "post", ROOM + "/end")
    assert (data["state"], data["ended_reason"], data["broadcast"]) == ("ended", "by_owner", None)
    response = as_owner.post(f"{url}/end")
    assert error_of(response, 409) == "not_live"
    assert_as_described(response, "post", ROOM + "/end")


def test_staff_ends_as_staff(as_staff, room):
    make_live(room)
    url = f"/api/v1/live/{room.room_id}/end"
    assert as_staff.post(url).json()["data"]["ended_reason"] == "by_staff"


def test_lists(guest, as_owner, as_stranger, owner, room):
    live = make_live(make_room(owner, "on air"))
    data = assert_as_described(guest.get("/api/v1/live/list"), "get", "/api/v1/live/list")
    assert [item["room_id"] for item in data["items"]] == [live.room_id]
    assert (data["page"], data["page_size"], data["total"]) == (1, 20, 1)
    data = assert_as_described(guest.get("/api/v1/live/list?page=2"), "get", "/api/v1/live/list")
    assert (data["items"], data["total"]) == ([], 1)

    mine = "/api/v1/live/mine"
    data = assert_as_described(as_owner.get(mine + "?page_size=1"), "get", mine)
    assert [item["title"] for item in data["items"]] == ["on air"]
    assert data["total"] == 2
    assert as_stranger.get(mine).json()["data"]["items"] == []
    assert error_of(guest.get(mine), 401) == "unauthenticated"
    for query in ("page=0", "page=x", "page_size=101", "page=99999999999"):
        assert error_of(guest.get(f"/api/v1/live/list?{query}"), 400) == "invalid"


def test_a_list_costs_the_same_for_many_rooms(guest, owner, django_assert_num_queries):
    for number in range(5):
        make_live(make_room(owner, str(number)))
    with django_assert_num_queries(7):  # rooms, their broadcasts, count, programme (3), its people
        assert len(guest.get("/api/v1/live/list").json()["data"]["items"]) == 5


def test_stats_and_playback(guest, room, settings):
    settings.SFU_ENABLED = False
    make_live(room)
    person = actions.do_join_presence(room, None, "subscriber", "p1")
    actions.do_set_rung(person.participant_id, "webrtc")
    actions.do_like(room, 4)
    actions.do_report_session(f"sess_{room.room_id}", {"video_bitrate": 1.5e6})
    url = f"/api/v1/live/{room.room_id}"
    stats = assert_as_described(guest.get(f"{url}/stats"), "get", ROOM + "/stats")
    assert stats["viewers_by_protocol"] == {"none": 0, "webrtc": 1, "flv": 0, "hls": 0}
    assert (stats["peak_viewers"], stats["likes"], stats["video_bitrate"]) == (1, 4, 1_500_000)
    ladder = assert_as_described(guest.get(f"{url}/playback"), "get", ROOM + "/playback")
    assert ladder["rungs"][0]["reason"] == "sfu_unavailable"
    assert ladder["publish"][1]["reason"] == "rtmp_off"


def test_stats_of_what_comes_by_rtmp(guest, room):
    url, path = f"/api/v1/live/{room.room_id}/stats", ROOM + "/stats"
    actions.do_ingest_accepted(room, "7", "hash")
    actions.do_ingest_media(room, examples.FIGURES)
    actions.do_set_outside_viewers({room.play_id: (2, 1)})
    person = actions.do_join_presence(room, None, "subscriber", "p1")
    actions.do_set_rung(person.participant_id, "flv")
    stats = assert_as_described(guest.get(url), "get", path)
    assert (stats["viewers"], stats["peak_viewers"]) == (4, 4)
    assert stats["viewers_by_protocol"] == {"none": 0, "webrtc": 0, "flv": 3, "hls": 1}
    assert stats["ingest"] == examples.FIGURES
    assert (stats["video_bitrate"], stats["audio_bitrate"]) == (2_400_000, 160_000)
    assert (stats["width"], stats["height"], stats["fps"]) == (1280, 720, 30.0)
    assert (stats["video_codec"], stats["audio_codec"]) == ("H264", "AAC")
    Ingest.objects.update(figures={"width": 640})
    assert assert_as_described(guest.get(url), "get", path)["video_bitrate"] is None
    actions.do_ingest_lost(room)
    actions.do_end_broadcast(room, "by_owner")
    stats = assert_as_described(guest.get(url), "get", path)
    assert (stats["ingest"], stats["width"], stats["viewers"]) == (None, None, 1)


@pytest.mark.parametrize("suffix", ["", "/stats", "/playback", "/key", "/publishers", "/ingest"])
def test_a_private_room_is_unknown_to_strangers(as_stranger, as_owner, room, suffix):
    actions.do_update_room(room, visibility="private")
    real = as_stranger.get(f"/api/v1/live/{room.room_id}{suffix}")
    missing = as_stranger.get(f"/api/v1/live/room_000000000000{suffix}")
    assert error_of(real, 404) == "room_not_found"
    assert real.content == missing.content
    assert as_owner.get(f"/api/v1/live/{room.room_id}{suffix}").status_code == 200


@pytest.mark.parametrize(
    ("verb", "suffix", "guest_code", "stranger_code", "staff_status"),
    [
        ("patch", "", "unauthenticated", "forbidden", 200),
        ("post", "/start", "unauthenticated", "forbidden", 403),
        ("post", "/end", "unauthenticated", "forbidden", 409),
        ("post", "/rotate-key", "unauthenticated", "forbidden", 200),
        ("get", "/key", "unauthenticated", "forbidden", 403),
        ("get", "/ingest", "unauthenticated", "forbidden", 200),
        ("get", "/publishers", "unauthenticated", "forbidden", 200),
        ("post", "/publishers", "unauthenticated", "forbidden", 403),
        ("delete", "/publishers/1", "unauthenticated", "forbidden", 404),
    ],
)
def test_rights(
    guest, as_stranger, as_staff, room, verb, suffix, guest_code, stranger_code, staff_status
):
    url = f"/api/v1/live/{room.room_id}{suffix}"
    assert error_of(getattr(guest, verb)(url), 401) == guest_code
    assert error_of(getattr(as_stranger, verb)(url), 403) == stranger_code
    assert getattr(as_staff, verb)(url).status_code == staff_status


def test_publishers(as_owner, as_stranger, stranger, room):
    url, path = f"/api/v1/live/{room.room_id}/publishers", ROOM + "/publishers"
    data = assert_as_described(as_owner.post(url, {"username": "stranger"}), "post", path)
    assert data["user"] == {"id": stranger.pk, "name": "stranger"}
    assert as_owner.post(url, {"user_id": stranger.pk}).status_code == 201
    data = assert_as_described(as_owner.get(url), "get", path)
    assert [item["user"]["name"] for item in data["items"]] == ["stranger"]
    assert as_stranger.post(f"/api/v1/live/{room.room_id}/start").status_code == 200
    assert_as_described(as_owner.delete(f"{url}/{stranger.pk}"), "delete", path + "/{user_id}")
    assert error_of(as_owner.delete(f"{url}/{stranger.pk}"), 404) == "user_not_found"
    assert error_of(as_stranger.post(f"/api/v1/live/{room.room_id}/start"), 403) == "forbidden"
    for body in ({}, {"user_id": 1, "username": "x"}, {"user_id": 10**30}, {"user_id": 0}):
        assert error_of(as_owner.post(url, body), 400) == "invalid"
    for body in ({"user_id": 10**12}, {"username": "nobody"}):
        assert error_of(as_owner.post(url, body), 404) == "user_not_found"
    assert error_of(as_owner.delete(f"{url}/{'9' * 30}"), 404) == "not_found"


def test_a_banned_room(guest, as_owner, staff, room):
    actions.do_ban_room(room, staff)
    url = f"/api/v1/live/{room.room_id}"
    assert error_of(guest.get(url), 403) == "banned"
    assert as_owner.get(url).json()["data"]["state"] == "banned"
    assert error_of(as_owner.post(f"{url}/start"), 403) == "banned"
