"""Dashboard and rooms: the key stays out of the page, and only the owner gets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from live import access, actions
from live.models import Broadcast, Room, User

Browsers = Callable[[User], Client]


def test_the_dashboard_never_holds_a_key(owner: User, room: Room, browser_of: Browsers) -> None:
    html = browser_of(owner).get("/dashboard").content.decode()
    assert room.title in html
    assert access.access_stream_key(owner, room.room_id) not in html
    assert "RTMP is not switched on" in html


def test_the_dashboard_is_for_people_with_an_account(client: Client) -> None:
    assert client.get("/dashboard")["Location"] == "/sign-in?next=%2Fdashboard"


def test_others_rooms_are_not_shown(room: Room, stranger: User, browser_of: Browsers) -> None:
    html = browser_of(stranger).get("/dashboard").content.decode()
    assert room.room_id not in html
    assert "Make your first room" in html


def test_last_broadcasts_tell_how_it_went(owner: User, room: Room, browser_of: Browsers) -> None:
    start = timezone.now() - timedelta(hours=3)
    Broadcast.objects.create(
        room=room,
        started_at=start,
        live_at=start + timedelta(seconds=20),
        ended_at=start + timedelta(minutes=75, seconds=20),
        peak_viewers=1234,
        total_viewers=41,
        watch_secs=9000,
    )
    html = browser_of(owner).get("/dashboard").content.decode()
    for text in ("3 hours ago", "1:15:00", "1.2K", "41", "2.5 h"):
        assert text in html


def test_a_room_is_made_and_leads_to_its_studio(stranger: User, browser_of: Browsers) -> None:
    form = {
        "title": "  Night  walk ",
        "visibility": "unlisted",
        "stream_type": "video_audio",
        "streaming_mode": "hybrid",
    }
    response = browser_of(stranger).post("/rooms/new", form)
    made = Room.objects.get(owner=stranger)
    assert response["Location"] == f"/studio/{made.room_id}"
    assert (made.title, made.visibility) == ("Night walk", "unlisted")


def test_a_room_without_a_title_is_told_why(stranger: User, browser_of: Browsers) -> None:
    form = {"title": "", "visibility": "public", "stream_type": "audio", "streaming_mode": "webrtc"}
    response = browser_of(stranger).post("/rooms/new", form)
    assert response.status_code == 200
    assert 'id="id_title_error"' in response.content.decode()
    assert not Room.objects.filter(owner=stranger).exists()


def test_settings_are_saved_by_the_owner_only(
    owner: User, room: Room, stranger: User, browser_of: Browsers
) -> None:
    form = {
        "title": "New title",
        "description": "two\nlines",
        "visibility": "public",
        "stream_type": "audio",
        "streaming_mode": "webrtc",
    }
    url = f"/rooms/{room.room_id}/edit"
    assert browser_of(stranger).post(url, form).status_code == 403
    assert browser_of(owner).post(url, form)["Location"] == "/dashboard"
    room.refresh_from_db()
    assert (room.title, room.description, room.stream_type) == ("New title", "two\nlines", "audio")


def test_what_can_not_change_on_air_is_said_above_the_form(
    owner: User, room: Room, browser_of: Browsers
) -> None:
    actions.do_start_broadcast(room)
    form = {
        "title": room.title,
        "visibility": "public",
        "stream_type": "audio",
        "streaming_mode": "webrtc",
    }
    response = browser_of(owner).post(f"/rooms/{room.room_id}/edit", form)
    assert response.status_code == 200
    room.refresh_from_db()
    assert room.streaming_mode == "hybrid"
    assert "while the room is on air" in response.content.decode()


def test_the_key_without_scripts(owner: User, room: Room, browser_of: Browsers) -> None:
    browser, url = browser_of(owner), f"/rooms/{room.room_id}/key"
    key = access.access_stream_key(owner, room.room_id)
    assert key not in browser.get(url).content.decode()
    shown = browser.post(url)
    assert key in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    rotated = browser.post(f"/rooms/{room.room_id}/rotate-key").content.decode()
    assert key not in rotated
    assert access.access_stream_key(owner, room.room_id) in rotated


@pytest.mark.parametrize("page", ["key", "rotate-key"])
@pytest.mark.parametrize("who", ["stranger", "staff"])
def test_the_key_is_the_owners_alone(
    page: str, who: str, room: Room, request: pytest.FixtureRequest, browser_of: Browsers
) -> None:
    before = access.access_stream_key(room.owner, room.room_id)
    browser = browser_of(request.getfixturevalue(who))
    response = browser.post(f"/rooms/{room.room_id}/{page}")
    assert response.status_code == 403
    assert before not in response.content.decode()
    assert access.access_stream_key(room.owner, room.room_id) == before


def test_rotation_is_never_a_get(owner: User, room: Room, browser_of: Browsers) -> None:
    assert browser_of(owner).get(f"/rooms/{room.room_id}/rotate-key").status_code == 405
