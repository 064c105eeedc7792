"""Who may see, list, change and delete which recording, and see which picture: tables."""

from __future__ import annotations

import pytest
from django.test import Client

from live import actions
from live.models import Recording, RecordingState
from live.recording_files import live_thumbnail_file
from live.recordings_of import recording_shape
from playback.tokens import is_valid
from tests.integration.api.conftest import client_of
from tests.integration.api.schema import assert_as_described
from tests.integration.live.make import make_user
from tests.integration.recording.make import files, make_broadcast, make_recording

ONE = "/api/v1/recordings/{recording_id}"
ALL = "/api/v1/live/{room_id}/recordings"
OK, NF, FB, UA, BAN = "ok", "recording_not_found", "forbidden", "unauthenticated", "banned"
# kind, person: see, list, change
TABLE = [
    ("public", "guest", OK, 1, UA),
    ("public", "stranger", OK, 1, FB),
    ("public", "allowed", OK, 1, FB),
    ("public", "owner", OK, 1, OK),
    ("public", "staff", OK, 1, OK),
    ("unlisted", "guest", OK, 0, UA),
    ("unlisted", "stranger", OK, 0, FB),
    ("unlisted", "allowed", OK, 1, FB),
    ("unlisted", "owner", OK, 1, OK),
    ("private", "guest", NF, 0, UA),
    ("private", "stranger", NF, 0, NF),
    ("private", "allowed", OK, 1, FB),
    ("private", "owner", OK, 1, OK),
    ("private", "staff", OK, 1, OK),
    ("failed", "guest", OK, 0, UA),
    ("failed", "allowed", OK, 0, FB),
    ("failed", "owner", OK, 1, OK),
    ("banned room", "guest", BAN, BAN, UA),
    ("banned room", "stranger", BAN, BAN, FB),
    ("banned room", "allowed", BAN, BAN, FB),
    ("banned room", "owner", OK, 1, OK),
    ("banned room", "staff", OK, 1, OK),
    ("private room", "guest", OK, "room_not_found", UA),
    ("private room", "stranger", OK, "room_not_found", FB),
    ("private room", "allowed", OK, 1, FB),
    ("missing", "guest", NF, 0, UA),
    ("missing", "owner", NF, 0, NF),
    ("missing", "staff", NF, 0, NF),
]


@pytest.fixture
def people(db, room, owner, guest, as_owner, as_stranger, as_staff):
    allowed = make_user("allowed")
    actions.do_allow_publisher(room, allowed, owner)
    return {
        "guest": guest,
        "stranger": as_stranger,
        "allowed": client_of(allowed),
        "owner": as_owner,
        "staff": as_staff,
    }


def outcome(response, method: str, path: str) -> str:
    data = assert_as_described(response, method, path)
    if response.status_code != 200:
        return response.json()["code"]
    return len(data["items"]) if path == ALL else OK


@pytest.mark.parametrize(("kind", "who", "see", "listed", "change"), TABLE)
def test_rights(
    kind, who, see, listed, change, people, room, staff, django_capture_on_commit_callbacks
):
    recording = make_recording(room)
    url = f"/api/v1/recordings/{recording.recording_id}"
    match kind:
        case "public" | "unlisted" | "private":
            actions.do_update_recording(recording, visibility=kind)
        case "banned room":
            actions.do_ban_room(room, staff)
        case "private room":
            actions.do_update_room(room, visibility="private")
        case "failed":
            Recording.objects.update(state=RecordingState.FAILED, problem="broken")
        case "missing":
            with django_capture_on_commit_callbacks(execute=True):
                actions.do_delete_recording(recording)
    person = people[who]
    assert outcome(person.get(url), "get", ONE) == see
    assert outcome(person.get(f"{url}/chat"), "get", ONE + "/chat") == see
    assert outcome(person.get(ALL.replace("{room_id}", room.room_id)), "get", ALL) == listed
    assert outcome(person.patch(url, {"title": "New"}), "patch", ONE) == change
    if see == OK and kind != "failed":
        picture = person.get(url).json()["data"]["thumbnail_url"]
        assert person.get(picture).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        assert outcome(person.delete(url), "delete", ONE) == change
    gone = change == OK or kind == "missing"
    assert Recording.objects.exists() is not gone
    assert bool(files()) is not gone


def test_a_banned_person_sees_none(room, stranger, as_stranger, staff):
    recording = make_recording(room)
    actions.do_ban_user(stranger, staff)
    response = as_stranger.get(f"/api/v1/recordings/{recording.recording_id}")
    assert response.status_code in (401, 403)


def test_the_shape(guest, room, settings):
    settings.PUBLIC_URL = "https://live.example.org"
    recording = make_recording(room)
    url = f"/api/v1/recordings/{recording.recording_id}"
    data = assert_as_described(guest.get(url), "get", ONE)
    start = f"https://live.example.org/recordings/{recording.recording_id}.mp4?token="
    assert data["url"].startswith(start)
    assert data["download_url"] == data["url"] + "&download=1"
    token = data["url"].removeprefix(start)
    assert is_valid(token, recording.recording_id, settings.PLAY_TOKEN_SECRET, 0)
    assert data["thumbnail_url"].endswith(f"/replays/{recording.recording_id}.jpg")
    assert (data["state"], data["duration_secs"], data["visibility"]) == ("ready", 10.0, "public")
    Recording.objects.update(state=RecordingState.PROCESSING)
    data = assert_as_described(guest.get(url), "get", ONE)
    assert (data["url"], data["download_url"], data["thumbnail_url"]) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title": ""}, "invalid"),
        ({"title": "x" * 101}, "invalid"),
        ({"title": "\u202e"}, "invalid"),
        ({"visibility": "secret"}, "invalid"),
        ({"title": "Better", "visibility": "private"}, None),
        ({}, None),
    ],
)
def test_changes(as_owner, room, body, code):
    recording = make_recording(room)
    response = as_owner.patch(f"/api/v1/recordings/{recording.recording_id}", body)
    data = assert_as_described(response, "patch", ONE)
    if code is None:
        assert {name: data[name] for name in body} == body
    else:
        assert response.json()["code"] == code


def test_while_it_runs_it_is_as_visible_as_its_room_and_can_not_go(as_owner, guest, room):
    broadcast = make_broadcast(room, ended=False)
    recording = actions.do_note_piece(
        room, broadcast, f"{room.play_id}-1795276755.flv", broadcast.started_at
    )
    url = f"/api/v1/recordings/{recording.recording_id}"
    assert guest.get(url).json()["data"]["state"] == "recording"
    actions.do_update_room(room, visibility="private")
    assert guest.get(url).json()["code"] == NF
    assert as_owner.get(url).json()["data"]["visibility"] == "private"
    for response in (as_owner.patch(url, {"visibility": "public"}), as_owner.delete(url)):
        assert (response.status_code, response.json()["code"]) == (409, "recording_running")
    assert as_owner.patch(url, {"title": "Better"}).status_code == 200
    actions.do_end_broadcast(room, "by_owner")
    assert actions.do_claim_recording(recording).visibility == "private"
    actions.do_update_room(room, visibility="public")
    assert guest.get(url).json()["code"] == NF
    assert as_owner.delete(url).status_code == 200


@pytest.mark.parametrize(
    ("visibility", "who", "seen"),
    [
        ("public", "guest", True),
        ("unlisted", "guest", True),
        ("private", "guest", False),
        ("private", "stranger", False),
        ("private", "owner", True),
        ("private", "staff", True),
        ("banned", "guest", False),
        ("banned", "owner", True),
    ],
)
def test_replay_pictures(db, room, owner, staff, stranger, settings, visibility, who, seen):
    recording = make_recording(room)
    if visibility == "banned":
        actions.do_ban_room(room, staff)
    else:
        recording = actions.do_update_recording(recording, visibility=visibility)
    client = Client()
    if who != "guest":
        client.force_login({"owner": owner, "staff": staff, "stranger": stranger}[who])
    url = f"/replays/{recording.recording_id}.jpg"
    response = client.get(url)
    assert response.status_code == (200 if seen else 404)
    if seen:
        assert ("public" in response["Cache-Control"]) is (visibility in ("public", "unlisted"))
        assert client.get(url, headers={"If-None-Match": response["ETag"]}).status_code == 304
    token = recording_shape(recording)["url"].partition("token=")[2]
    given = Client().get(f"{url}?token={token}")
    assert given.status_code == 200
    assert "private" in given["Cache-Control"]
    assert Client().get(f"{url}?token={token[:-1]}").status_code == (
        404 if visibility in ("private", "banned") else 200
    )


@pytest.mark.parametrize(
    ("visibility", "state", "who", "seen"),
    [
        ("public", "live", "guest", True),
        ("public", "ended", "guest", False),
        ("unlisted", "live", "guest", True),
        ("private", "live", "guest", False),
        ("private", "live", "owner", True),
        ("private", "live", "stranger", False),
        ("private", "live", "staff", True),
        ("banned", "live", "owner", False),
    ],
)
def test_live_pictures(db, room, owner, staff, stranger, visibility, state, who, seen):
    make_broadcast(room, ended=state == "ended")
    if visibility == "banned":
        actions.do_ban_room(room, staff)
    else:
        actions.do_update_room(room, visibility=visibility)
    picture = live_thumbnail_file(room.play_id)
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\xff\xd8 jpeg")
    client = Client()
    if who != "guest":
        client.force_login({"owner": owner, "staff": staff, "stranger": stranger}[who])
    url = f"/covers/{room.room_id}.jpg"
    response = client.get(url)
    if not seen:
        assert (response.status_code, response["Location"]) == (302, f"/covers/{room.room_id}.svg")
        return
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response.content == picture.read_bytes()
    assert "max-age=10" in response["Cache-Control"]
    assert ("public" in response["Cache-Control"]) is (visibility == "public")
    again = client.get(url, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (
        client.get(url, headers={"If-Modified-Since": response["Last-Modified"]}).status_code == 304
    )
    picture.unlink()
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("name", ["room_none", "..%2f..%2fetc", "room_A", "x", "a" * 99])
def test_pictures_of_nothing(db, name):
    assert Client().get(f"/covers/{name}.jpg").status_code == (302 if name == "room_none" else 404)
    assert Client().get(f"/replays/{name}.jpg").status_code == 404
