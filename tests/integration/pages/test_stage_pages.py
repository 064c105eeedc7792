"""Watch and studio: who gets which page, and the config that the scripts work with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from live import actions
from live.models import Room, User
from tests.integration.live.make import make_live

Browsers = Callable[[User], Client]


def config_of(response: Any) -> dict[str, Any]:
    html = response.content.decode()
    found = re.search(r'<script id="page-config" type="application/json">(.*?)</script>', html)
    assert found, "the page has no config"
    return dict(json.loads(found.group(1)))


def test_a_guest_watches_a_public_room(client: Client, room: Room) -> None:
    make_live(room)
    response = client.get(f"/live/{room.room_id}")
    assert response.status_code == 200
    config = config_of(response)
    assert config["room_id"] == room.room_id
    assert config["role"] == "subscriber"
    assert config["user"] is None
    assert config["ws_path"] == "/api/v1/live/ws"
    assert config["sign_in_url"] == f"/sign-in?next=%2Flive%2F{room.room_id}"
    assert config["room"]["state"] == "live"
    assert config["csrf_cookie"] in response.cookies
    assert config["gifts"][0]["gift"] == "rose"
    assert "rtmp" not in config


def test_the_studio_is_for_the_owner(room: Room, owner: User, browser_of: Browsers) -> None:
    config = config_of(browser_of(owner).get(f"/studio/{room.room_id}"))
    assert config["role"] == "publisher"
    assert config["user"] == {"id": owner.pk, "name": "Mei"}
    assert config["rtmp"]["server"].startswith("rtmp://")


def test_the_studio_is_for_whom_the_owner_allowed(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    browser = browser_of(stranger)
    refused = browser.get(f"/studio/{room.room_id}")
    assert refused.status_code == 403
    assert "forbidden" in refused.content.decode()
    actions.do_allow_publisher(room, stranger, owner)
    assert browser.get(f"/studio/{room.room_id}").status_code == 200


def test_a_guest_is_sent_to_sign_in_and_comes_back(client: Client, room: Room) -> None:
    response = client.get(f"/studio/{room.room_id}")
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in?next=%2Fstudio%2F{room.room_id}"


@pytest.mark.parametrize("path", ["live", "studio"])
def test_a_private_room_is_not_there_for_strangers(
    path: str, room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    actions.do_update_room(room, visibility="private")
    browser = browser_of(stranger)
    hidden = browser.get(f"/{path}/{room.room_id}")
    missing = browser.get(f"/{path}/room_000000000000")
    assert hidden.status_code == missing.status_code == 404
    assert room.title not in hidden.content.decode()
    assert browser_of(owner).get(f"/{path}/{room.room_id}").status_code == 200


def test_a_banned_room_says_so(client: Client, room: Room) -> None:
    actions.do_ban_room(room)
    response = client.get(f"/live/{room.room_id}")
    assert response.status_code == 403
    assert "banned" in response.content.decode()


def test_text_of_the_room_can_not_break_out(client: Client, room: Room) -> None:
    nasty = "</script><script>alert(1)</script>"
    actions.do_update_room(room, title=nasty)
    response = client.get(f"/live/{room.room_id}")
    assert "<script>alert" not in response.content.decode()
    assert config_of(response)["room"]["title"] == nasty


def test_go_live_leads_to_the_studio_or_to_the_first_room(
    owner: User, room: Room, stranger: User, browser_of: Browsers, client: Client
) -> None:
    assert browser_of(owner).get("/go-live")["Location"] == f"/studio/{room.room_id}"
    assert browser_of(stranger).get("/go-live")["Location"] == "/rooms/new"
    assert client.get("/go-live")["Location"] == "/sign-in?next=%2Fgo-live"


def test_all_modules_of_the_player_are_asked_for_at_once(client: Client, room: Room) -> None:
    """One by one, as the browser finds their imports, they cost a round trip a level."""
    page = client.get(f"/live/{room.room_id}").content.decode()
    named = set(re.findall(r'<link rel="modulepreload" href="/static/js/([^"]+)">', page))
    scripts = settings.BASE_DIR / "static" / "js"
    assert "live/watch.js" in named
    for name in named:
        code = re.sub(r"/\*.*?\*/", "", (scripts / name).read_text(), flags=re.DOTALL)
        for path in re.findall(r'(?:from|import)\s+"(\.[^"]*)"', code):
            imported = (scripts / name).parent / path
            assert str(imported.resolve().relative_to(scripts.resolve())) in named, name
