"""Who may know of a private room no more has nothing from the addresses that they were given."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from live import actions
from live.actions.guests import do_move_guest
from live.guest_states import GuestVerb
from live.models import Room, User
from live.play_urls import flv_url, hls_url
from playback.tokens import is_valid, play_name
from tests.integration.live.make import make_live, make_room, make_user

SECRET = "p" * 40


@pytest.fixture(autouse=True)
def signed(settings) -> None:
    settings.PLAY_TOKEN_SECRET = SECRET


@pytest.fixture
def room(db) -> Room:
    return make_live(make_room(make_user("owner"), visibility="private"))


@pytest.fixture
def person(db) -> User:
    return make_user("somebody")


def token(room: Room) -> str:
    room.refresh_from_db()
    urls = [flv_url(room), hls_url(room)]
    (found,) = {parse_qs(urlsplit(url).query)["token"][0] for url in urls}
    return found


def is_good(token: str, room: Room) -> bool:
    room.refresh_from_db()
    return is_valid(token, play_name(room.play_id, room.private_epoch), SECRET, time.time())


def guest(room: Room, person: User, *verbs: GuestVerb) -> None:
    for verb in verbs:
        do_move_guest(room, person, verb)


COMES = (GuestVerb.JOIN, GuestVerb.ADMIT)


@pytest.mark.parametrize("goes", [GuestVerb.REMOVE, GuestVerb.LEAVE, GuestVerb.BAN])
def test_a_guest_who_is_gone_plays_nothing(room: Room, person: User, goes: GuestVerb) -> None:
    before = token(room)
    guest(room, person, *COMES, GuestVerb.MUTE, GuestVerb.UNMUTE)
    assert token(room) == before
    guest(room, person, goes)
    assert not is_good(before, room)
    assert is_good(token(room), room)


@pytest.mark.parametrize(
    "end",
    [
        lambda room, person: actions.do_disallow_publisher(room, person),
        lambda room, person: actions.do_ban_user(person),
    ],
)
def test_nor_does_somebody_who_was_allowed_to_publish(
    room: Room, person: User, end: Callable[[Room, User], object]
) -> None:
    other = make_live(make_room(make_user("another"), visibility="private"))
    theirs = token(other)
    actions.do_allow_publisher(room, person)
    before = token(room)
    end(room, person)
    assert not is_good(before, room)
    assert is_good(theirs, other)


def test_where_everybody_with_the_link_may_watch_nothing_changes(room: Room, person: User) -> None:
    actions.do_update_room(room, visibility="unlisted")
    before = token(room)
    guest(room, person, *COMES, GuestVerb.REMOVE)
    assert token(room) == before
