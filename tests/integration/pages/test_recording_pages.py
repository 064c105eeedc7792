"""A room's recordings: its owner and staff alone list, rename, hide, download and delete them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from live import actions
from live.models import Part, Recording, Room, User
from live.parts import forget_parts
from live.recording_files import mp4_file
from tests.integration.live.make import make_room
from tests.integration.pages.make import make_recording

Browsers = Callable[[User], Client]
EDIT = {"title": "A better title", "visibility": "unlisted"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> None:
    settings.MEDIA_DIR = tmp_path
    settings.PLAY_TOKEN_SECRET = "only-for-tests-0123456789-abcdefghijkl"
    mp4_file("x").parent.mkdir(parents=True)
    forget_parts()


def test_the_list_tells_state_size_and_length(
    room: Room, owner: User, browser_of: Browsers
) -> None:
    make_recording(room, "The first")
    make_recording(room, "Coming", state="processing", size_bytes=0)
    make_recording(room, "Broken", state="failed", problem="disk_full", visibility="private")
    html = browser_of(owner).get(f"/rooms/{room.room_id}/recordings").content.decode()
    for text in ("The first", "12:34", "123 MB", "being made ready", "could not be made"):
        assert text in html
    assert "The disk was nearly full" in html
    assert "3 replays" in html
    assert html.count("/download") == 1


@pytest.mark.parametrize(("who", "status"), [("stranger", 403), ("staff", 200), (None, 302)])
def test_the_list_is_the_owners_and_staffs(
    who: str | None,
    status: int,
    room: Room,
    client: Client,
    request: pytest.FixtureRequest,
    browser_of: Browsers,
) -> None:
    make_recording(room)
    browser = browser_of(request.getfixturevalue(who)) if who else client
    response = browser.get(f"/rooms/{room.room_id}/recordings")
    assert response.status_code == status
    assert ("Last night" in response.content.decode()) == (status == 200)


def test_others_recordings_are_not_in_the_list(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    make_recording(make_room(stranger, "Elsewhere"), "Of somebody else")
    html = browser_of(owner).get(f"/rooms/{room.room_id}/recordings").content.decode()
    assert "Of somebody else" not in html
    assert "No replays yet" in html


def test_limits_are_told(room: Room, owner: User, browser_of: Browsers, settings) -> None:
    settings.RECORDING_KEEP_DAYS, settings.RECORDING_QUOTA_GB = 30, 50.0
    html = browser_of(owner).get(f"/rooms/{room.room_id}/recordings").content.decode()
    assert "Each is kept for 30 days." in html
    assert "50.0 GB" in html


def test_a_full_disk_is_told(room: Room, owner: User, browser_of: Browsers) -> None:
    Part.objects.create(name="disk", ok=False, seen_at=timezone.now())
    for page in ("/dashboard", f"/rooms/{room.room_id}/recordings"):
        assert "disk of this server is nearly full" in browser_of(owner).get(page).content.decode()


def test_many_are_paged(room: Room, owner: User, browser_of: Browsers) -> None:
    for number in range(31):
        make_recording(room, f"Show {number}")
    browser, url = browser_of(owner), f"/rooms/{room.room_id}/recordings"
    assert "1 / 2" in browser.get(url).content.decode()
    for page in ("2", "99", "x"):
        assert browser.get(url, {"page": page}).status_code == 200


def test_the_owner_renames_and_hides(room: Room, owner: User, browser_of: Browsers) -> None:
    recording = make_recording(room)
    browser, url = browser_of(owner), f"/replays/{recording.recording_id}/edit"
    assert 'value="Last night"' in browser.get(url).content.decode()
    response = browser.post(url, EDIT)
    assert response["Location"] == f"/rooms/{room.room_id}/recordings#{recording.recording_id}"
    recording.refresh_from_db()
    assert (recording.title, recording.visibility) == ("A better title", "unlisted")


@pytest.mark.parametrize(
    "form", [{"title": "", "visibility": "public"}, {"title": "x", "visibility": "secret"}]
)
def test_what_is_wrong_is_said_in_the_form(
    form: dict[str, str], room: Room, owner: User, browser_of: Browsers
) -> None:
    recording = make_recording(room)
    response = browser_of(owner).post(f"/replays/{recording.recording_id}/edit", form)
    assert response.status_code == 200
    assert "field-error" in response.content.decode()


def test_deleting_asks_first(room: Room, owner: User, browser_of: Browsers) -> None:
    recording = make_recording(room)
    file = mp4_file(recording.recording_id)
    file.write_bytes(b"video")
    browser, url = browser_of(owner), f"/replays/{recording.recording_id}/delete"
    assert "be undone" in browser.get(url).content.decode()
    assert Recording.objects.filter(pk=recording.pk).exists()
    response = browser.post(url, follow=True)
    assert "The replay is deleted." in response.content.decode()
    assert not Recording.objects.filter(pk=recording.pk).exists()


def test_what_is_being_recorded_stays(room: Room, owner: User, browser_of: Browsers) -> None:
    recording = make_recording(room, state="recording")
    recording.broadcast.ended_at = None  # type: ignore[union-attr]
    recording.broadcast.save()  # type: ignore[union-attr]
    response = browser_of(owner).post(f"/replays/{recording.recording_id}/delete", follow=True)
    assert "while it is being recorded" in response.content.decode()
    assert Recording.objects.filter(pk=recording.pk).exists()


def test_the_download_is_made_afresh(room: Room, owner: User, browser_of: Browsers) -> None:
    recording = make_recording(room)
    response = browser_of(owner).get(f"/replays/{recording.recording_id}/download")
    assert response["Location"].startswith(f"/recordings/{recording.recording_id}.mp4?token=")
    assert response["Location"].endswith("&download=1")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("page", ["edit", "delete", "download"])
@pytest.mark.parametrize(("visibility", "status"), [("public", 403), ("private", 404)])
def test_strangers_change_nothing(
    page: str,
    visibility: str,
    status: int,
    room: Room,
    stranger: User,
    client: Client,
    browser_of: Browsers,
) -> None:
    recording = make_recording(room, visibility=visibility)
    url = f"/replays/{recording.recording_id}/{page}"
    assert browser_of(stranger).get(url).status_code == status
    if page != "download":
        assert browser_of(stranger).post(url, EDIT).status_code == status
    assert client.get(url)["Location"].startswith("/sign-in?next=")
    recording.refresh_from_db()
    assert recording.title == "Last night"


def test_the_dashboard_has_the_newest_three(room: Room, owner: User, browser_of: Browsers) -> None:
    for number in range(4):
        at = timezone.now() - timedelta(hours=number + 1)
        make_recording(room, f"Show {number}", started_at=at)
    html = browser_of(owner).get("/dashboard").content.decode()
    assert all(f"Show {number}" in html for number in range(3))
    assert "Show 3" not in html
    assert "All 4" in html


def test_the_home_page_shows_public_ones_of_open_rooms(
    client: Client, room: Room, owner: User
) -> None:
    make_recording(room, "Seen by all")
    make_recording(room, "By link", visibility="unlisted")
    make_recording(room, "Mine alone", visibility="private")
    make_recording(room, "Not yet", state="processing")
    hidden = make_room(owner, "Hidden", visibility="private")
    make_recording(hidden, "Room is private")
    banned = make_room(owner, "Banned")
    make_recording(banned, "Room is banned")
    actions.do_ban_room(banned)
    html = client.get("/").content.decode()
    assert "Seen by all" in html
    for title in ("By link", "Mine alone", "Not yet", "Room is private", "Room is banned"):
        assert title not in html


def test_a_room_off_air_shows_its_public_ones(
    client: Client, room: Room, owner: User, browser_of: Browsers
) -> None:
    make_recording(room, "Seen by all")
    make_recording(room, "Mine alone", visibility="private")
    for browser in (client, browser_of(owner)):
        html = browser.get(f"/live/{room.room_id}").content.decode()
        assert "Seen by all" in html
        assert "Mine alone" not in html


def test_recording_is_switched_in_the_settings(
    room: Room, owner: User, browser_of: Browsers
) -> None:
    browser, url = browser_of(owner), f"/rooms/{room.room_id}/edit"
    form = {name: getattr(room, name) for name in ("title", "visibility", "stream_type")}
    form["streaming_mode"] = room.streaming_mode
    assert 'name="record"' in browser.get(url).content.decode()
    browser.post(url, form)
    room.refresh_from_db()
    assert room.record is False
    browser.post(url, {**form, "record": "on"})
    room.refresh_from_db()
    assert room.record is True
