"""The page that plays a recording: who may see it, what its scripts get, what links to it tell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from live import access, actions
from live.models import Recording, Room, User
from tests.integration.pages.make import give_picture, make_recording

Browsers = Callable[[User], Client]


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_DIR = tmp_path
    settings.PLAY_TOKEN_SECRET = "only-for-tests-0123456789-abcdefghijkl"


def config_of(response: Any) -> dict[str, Any]:
    html = response.content.decode()
    found = re.search(r'<script id="page-config" type="application/json">(.*?)</script>', html)
    assert found, "the page has no config"
    return dict(json.loads(found.group(1)))


def test_a_guest_watches_a_public_one(client: Client, room: Room) -> None:
    recording = make_recording(room)
    response = client.get(f"/replays/{recording.recording_id}")
    assert response.status_code == 200
    html = response.content.decode()
    assert "Last night" in html
    assert "12:34" in html
    assert f'href="/live/{room.room_id}"' in html
    assert config_of(response)["url"].startswith(f"/recordings/{recording.recording_id}.mp4?token=")
    for forbidden in ("/edit", "/delete"):
        assert f"/replays/{recording.recording_id}{forbidden}" not in html


def test_a_view_is_counted_once_and_not_the_owners(
    client: Client, room: Room, owner: User, browser_of: Browsers
) -> None:
    recording = make_recording(room)
    browser_of(owner).get(f"/replays/{recording.recording_id}")
    for _ in range(2):
        client.get(f"/replays/{recording.recording_id}")
    recording.refresh_from_db()
    assert recording.views == 1


@pytest.mark.parametrize(
    ("visibility", "who", "status"),
    [
        ("public", None, 200),
        ("unlisted", None, 200),
        ("unlisted", "stranger", 200),
        ("private", None, 404),
        ("private", "stranger", 404),
        ("private", "owner", 200),
        ("private", "staff", 200),
    ],
)
def test_who_may_see_it(
    visibility: str,
    who: str | None,
    status: int,
    room: Room,
    client: Client,
    request: pytest.FixtureRequest,
    browser_of: Browsers,
) -> None:
    recording = make_recording(room, visibility=visibility)
    browser = browser_of(request.getfixturevalue(who)) if who else client
    response = browser.get(f"/replays/{recording.recording_id}")
    assert response.status_code == status
    assert ("Last night" in response.content.decode()) == (status == 200)


def test_a_private_one_is_answered_like_one_that_was_deleted(client: Client, room: Room) -> None:
    recording = make_recording(room, visibility="private")
    hidden = client.get(f"/replays/{recording.recording_id}")
    actions.do_delete_recording(recording)
    gone = client.get(f"/replays/{recording.recording_id}")
    assert hidden.status_code == gone.status_code == 404
    for response in (hidden, gone):
        assert "This replay is not there" in response.content.decode()


def test_a_banned_room_hides_its_recordings(client: Client, room: Room) -> None:
    recording = make_recording(room)
    actions.do_ban_room(room)
    response = client.get(f"/replays/{recording.recording_id}")
    assert response.status_code == 403
    assert ".mp4" not in response.content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("recording", "Still on air"),
        ("processing", "The replay is being made ready"),
        ("failed", "This replay could not be made"),
    ],
)
def test_one_that_is_not_ready_says_so(
    state: str, words: str, room: Room, owner: User, browser_of: Browsers
) -> None:
    recording = make_recording(room, state=state, problem="broken" if state == "failed" else "")
    response = browser_of(owner).get(f"/replays/{recording.recording_id}")
    assert words in response.content.decode()
    assert config_of(response)["url"] is None


def og_of(response: Any) -> dict[str, str]:
    found = re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', response.content.decode())
    return dict(found)


def test_a_link_to_a_public_one_has_a_picture(client: Client, room: Room, settings) -> None:
    settings.PUBLIC_URL = "https://live.example.org"
    recording = make_recording(room)
    give_picture(recording)
    told = og_of(client.get(f"/replays/{recording.recording_id}"))
    address = f"https://live.example.org/replays/{recording.recording_id}"
    assert (told["url"], told["image"]) == (address, f"{address}.jpg")
    assert told["title"] == "Last night · Mei"


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_others_tell_nothing_and_are_not_indexed(
    visibility: str, room: Room, owner: User, browser_of: Browsers
) -> None:
    recording = make_recording(room, visibility=visibility)
    response = browser_of(owner).get(f"/replays/{recording.recording_id}")
    assert "title" not in og_of(response)
    assert '<meta name="robots" content="noindex">' in response.content.decode()


def test_a_room_that_became_private_is_not_linked(client: Client, room: Room) -> None:
    recording = make_recording(room)
    actions.do_update_room(room, visibility="private")
    html = client.get(f"/replays/{recording.recording_id}").content.decode()
    assert f"/live/{room.room_id}" not in html


def test_titles_are_escaped(client: Client, room: Room) -> None:
    recording = make_recording(room, "</script><script>alert(1)</script>")
    html = client.get(f"/replays/{recording.recording_id}").content.decode()
    assert "<script>alert" not in html


@pytest.mark.parametrize("path", ["", "/edit", "/delete", "/download", ".jpg"])
@pytest.mark.parametrize("name", ["rec_0000000000000000", "x" * 64, "%2e%2e%2fsettings"])
def test_made_up_ids_find_nothing(path: str, name: str, owner: User, browser_of: Browsers) -> None:
    assert browser_of(owner).get(f"/replays/{name}{path}").status_code == 404


def test_no_page_of_a_recording_holds_the_key(
    room: Room, owner: User, browser_of: Browsers
) -> None:
    recording: Recording = make_recording(room)
    key, browser = access.access_stream_key(owner, room.room_id), browser_of(owner)
    pages = [f"/rooms/{room.room_id}/recordings", "/dashboard", "/", f"/studio/{room.room_id}"]
    pages += [f"/live/{room.room_id}", f"/rooms/{room.room_id}/edit"]
    pages += [f"/replays/{recording.recording_id}{end}" for end in ("", "/edit", "/delete")]
    for page in pages:
        response = browser.get(page)
        assert response.status_code == 200, page
        assert key not in response.content.decode(), page
