"""The OBS card on the dashboard and in the studio: what it says before its script has asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.utils import timezone

from live import access, actions
from live.models import Part, Room, User
from live.parts import forget_parts
from tests.integration.live.make import make_room

Browsers = Callable[[User], Client]
DOWN, ONLY_BROWSER = 'data-why="rtmp_down"', 'data-why="mode_webrtc"'


@pytest.fixture(autouse=True)
def rtmp_works(settings, db: None) -> Iterator[None]:
    settings.RTMP_ENABLED = True
    for name in ("rtmp", "flv", "worker"):
        Part.objects.create(name=name, ok=True, seen_at=timezone.now())
    forget_parts()
    yield
    forget_parts()


def card_of(owner: User, browser_of: Browsers) -> str:
    return str(browser_of(owner).get("/dashboard").content.decode())


def hidden(html: str, mark: str) -> bool:
    return f"{mark} hidden" in html


def test_all_that_obs_wants_is_there(owner: User, room: Room, browser_of: Browsers) -> None:
    html = card_of(owner, browser_of)
    assert hidden(html, DOWN) and hidden(html, ONLY_BROWSER)
    assert f'id="server-{room.room_id}">rtmp://' in html
    assert f'action="/rooms/{room.room_id}/obs-profile"' in html
    for words in ("Keyframe interval", "zerolatency", "1280×720", "data-obs-status", "720p 30"):
        assert words in html


@pytest.mark.parametrize(("mode", "shown"), [("hybrid", 1), ("webrtc", 1), ("rtmp", 0)])
def test_where_whip_goes(
    owner: User, room: Room, browser_of: Browsers, mode: str, shown: int
) -> None:
    actions.do_update_room(room, streaming_mode=mode)
    html = card_of(owner, browser_of)
    assert html.count("data-whip") == shown
    assert html.count(f'id="whip-{room.room_id}"') == shown
    assert html.count("<code data-key>") == 1  # shown once, whichever encoder it is for
    assert html.count("data-copy-key") == (2 if mode == "hybrid" else 1)


def test_rtmp_down_is_one_plain_sentence(owner: User, room: Room, browser_of: Browsers) -> None:
    Part.objects.filter(name="rtmp").update(ok=False)
    forget_parts()
    html = card_of(owner, browser_of)
    assert not hidden(html, DOWN)
    assert "publish from the browser" in html
    assert f'<a href="/studio/{room.room_id}">To the studio</a>' in html


def test_a_room_for_the_browser_only_has_no_server_to_paste(
    owner: User, room: Room, browser_of: Browsers
) -> None:
    actions.do_update_room(room, streaming_mode="webrtc")
    html = card_of(owner, browser_of)
    assert not hidden(html, ONLY_BROWSER)
    assert "rtmp://" not in html
    assert f'href="/rooms/{room.room_id}/edit">Allow OBS' in html
    assert "data-obs-status" in html  # where a refused OBS is told of


def test_a_banned_room_says_so(owner: User, room: Room, browser_of: Browsers) -> None:
    actions.do_ban_room(room)
    html = card_of(owner, browser_of)
    assert "nobody can go live in it" in html
    assert "rtmp://" not in html


def test_each_room_has_a_card_of_its_own(owner: User, room: Room, browser_of: Browsers) -> None:
    other = make_room(owner, "Second", streaming_mode="rtmp")
    html = card_of(owner, browser_of)
    for one in (room, other):
        assert html.count(f'data-obs="{one.room_id}"') == 1


def test_the_studio_has_it_for_the_owner_alone(
    owner: User, stranger: User, room: Room, browser_of: Browsers
) -> None:
    actions.do_allow_publisher(room, stranger, owner)
    url = f"/studio/{room.room_id}"
    key = access.access_stream_key(owner, room.room_id)
    own, others = (browser_of(who).get(url).content.decode() for who in (owner, stranger))
    assert 'id="rtmp"' in own and 'id="rotate-dialog"' in own
    assert 'id="rtmp"' not in others and "obs-profile" not in others
    assert key not in own and key not in others


def test_the_studio_of_a_room_for_obs_only(owner: User, room: Room, browser_of: Browsers) -> None:
    actions.do_update_room(room, streaming_mode="rtmp")
    html = browser_of(owner).get(f"/studio/{room.room_id}").content.decode()
    assert 'data-mode="rtmp"' in html
    assert "data-obs-status" in html
