"""Who may connect; each refusal beside a case that differs in one thing and is let in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from live import actions
from live.models import Room
from live.signalling.codes import CloseCode
from tests.integration.live.make import PASSWORD
from tests.integration.signalling.conftest import House, db, token_of


async def refused(house: House, *args: Any, **kwargs: Any) -> int:
    browser = await house.connect(*args, welcomed=False, **kwargs)
    code = await browser.is_closed()
    assert browser.heard == []
    return code


async def test_a_guest_watches_a_public_room_and_nothing_else(house: House) -> None:
    viewer = await house.connect()
    assert viewer.welcome["user"] is None and viewer.welcome["role"] == "subscriber"
    assert viewer.welcome["room"]["state"] == "idle"
    assert await refused(house, "publisher") == CloseCode.UNAUTHENTICATED
    assert await refused(house, user_id=house.owner.pk) == CloseCode.UNAUTHENTICATED


async def test_user_id_is_the_callers_own(house: House) -> None:
    mine = await house.connect("publisher", house.owner, user_id=house.owner.pk)
    assert mine.welcome["user"] == {"id": house.owner.pk, "name": "Mei"}
    code = await refused(house, "publisher", house.owner, user_id=house.stranger.pk)
    assert code == CloseCode.FORBIDDEN


async def test_publishing_is_for_the_owner_and_whom_the_owner_allows(house: House) -> None:
    assert await refused(house, "publisher", house.stranger) == CloseCode.FORBIDDEN
    assert (await house.connect("subscriber", house.stranger)).welcome
    await db(actions.do_allow_publisher)(house.room, house.stranger, house.owner)
    assert (await house.connect("publisher", house.stranger)).welcome["role"] == "publisher"


@pytest.mark.parametrize(
    "query",
    [
        {"room_id": ""},
        {"room_id": "a b"},
        {"role": "admin"},
        {"role": ""},
        {"user_id": "x"},
        {"user_id": "1" * 30},
    ],
)
async def test_odd_parameters(house: House, query: dict[str, str]) -> None:
    given = {"room_id": house.room.room_id, "role": "subscriber"} | query
    role = given.pop("role")
    # An empty room id must not fall back to the house's own.
    room_id = given.pop("room_id") or " "
    code = await refused(house, role, house.owner, room_id=room_id, **given)
    assert code == CloseCode.BAD_REQUEST


async def test_rooms_that_are_not_there_or_not_theirs(house: House) -> None:
    assert await refused(house, room_id="room_nothere") == CloseCode.ROOM_NOT_FOUND
    await db(actions.do_update_room)(house.room, visibility="private")
    assert await refused(house, user=house.stranger) == CloseCode.ROOM_NOT_FOUND
    assert (await house.connect(user=house.owner)).welcome


async def test_banned_rooms_and_people(house: House) -> None:
    assert (await house.connect(user=house.stranger)).welcome
    await db(actions.do_ban_user)(house.stranger, house.owner, "spam")
    assert await refused(house, user=house.stranger) == CloseCode.BANNED
    await db(actions.do_ban_room)(house.room, house.owner, "spam")
    assert await refused(house) == CloseCode.BANNED


async def test_tokens(house: House) -> None:
    good = token_of(house.owner)
    assert (await house.connect(token=good)).welcome["user"]["id"] == house.owner.pk
    stale = AccessToken.for_user(house.owner)
    stale.set_exp(lifetime=-timedelta(hours=1))
    wrong_kind = str(RefreshToken.for_user(house.owner))
    for token in ("x", "a.b.c", good[:-2] + "xx", str(stale), wrong_kind, "\x00", "é"):
        assert await refused(house, token=token) == CloseCode.UNAUTHENTICATED, token


async def test_a_bearer_subprotocol(house: House) -> None:
    offered = ["microvibe.v1", f"bearer.{token_of(house.owner)}"]
    browser = await house.connect("publisher", subprotocols=offered)
    assert browser.subprotocol == "microvibe.v1"
    bad = await refused(house, "publisher", subprotocols=["microvibe.v1", "bearer.x"])
    assert bad == CloseCode.UNAUTHENTICATED


def _cookie(house: House) -> bytes:
    client = Client()
    assert client.login(username=house.owner.username, password=PASSWORD)
    return f"sessionid={client.cookies['sessionid'].value}".encode()


async def test_a_session_cookie_counts_with_an_origin_of_ours_only(house: House) -> None:
    cookie = (b"cookie", await db(_cookie)(house))
    ours = await house.connect("publisher", headers=[cookie, (b"origin", b"http://testserver")])
    assert ours.welcome["user"]["id"] == house.owner.pk
    foreign = [cookie, (b"origin", b"https://evil.example")]
    assert await refused(house, "publisher", headers=foreign) == CloseCode.UNAUTHENTICATED
    assert await refused(house, headers=foreign) == CloseCode.UNAUTHENTICATED
    for odd in (b"", b"null", b"http://testserver.evil.example", b"http://[::1"):
        code = await refused(house, "publisher", headers=[cookie, (b"origin", odd)])
        assert code == CloseCode.UNAUTHENTICATED, odd


async def test_a_token_needs_no_origin_and_allowed_origins_are_ours(
    house: House, settings: Any
) -> None:
    foreign = (b"origin", b"https://app.example")
    assert (await house.connect("publisher", house.owner, headers=[foreign])).welcome
    cookie = (b"cookie", await db(_cookie)(house))
    assert await refused(house, "publisher", headers=[cookie, foreign]) == CloseCode.UNAUTHENTICATED
    settings.ALLOWED_WS_ORIGINS = ["https://app.example"]
    assert (await house.connect("publisher", headers=[cookie, foreign])).welcome


async def test_a_signed_out_or_made_up_cookie_is_a_guest(house: House) -> None:
    cookie = (b"cookie", b"sessionid=abcdefgh; x=\xff")
    browser = await house.connect(headers=[cookie])
    assert browser.welcome["user"] is None
    assert await refused(house, "publisher", headers=[cookie]) == CloseCode.UNAUTHENTICATED


async def test_too_many_connections_of_one_person(house: House, settings: Any) -> None:
    settings.WS_CONNECTIONS_PER_USER = 2
    for _ in range(2):
        assert (await house.connect(user=house.owner)).welcome
    assert await refused(house, user=house.owner) == CloseCode.TOO_MANY
    assert (await house.connect(user=house.stranger)).welcome


async def test_too_many_connections_of_one_address(house: House, settings: Any) -> None:
    settings.WS_CONNECTIONS_PER_ADDRESS = 2
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}

    def came_from(address: bytes) -> list[tuple[bytes, bytes]]:
        return [(b"x-forwarded-for", b"10.0.0.1, " + address)]

    first = await house.connect(headers=came_from(b"192.0.2.1"))
    await house.connect(user=house.owner, headers=came_from(b"192.0.2.1"))
    assert await refused(house, headers=came_from(b"192.0.2.1")) == CloseCode.TOO_MANY
    assert (await house.connect(headers=came_from(b"192.0.2.2"))).welcome
    await first.leave()
    assert (await house.connect(headers=came_from(b"192.0.2.1"))).welcome
    settings.WS_CONNECTIONS_PER_ADDRESS = 0
    assert (await house.connect(headers=came_from(b"192.0.2.1"))).welcome


async def test_a_fault_of_ours_is_told(house: House, monkeypatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("for the test")

    monkeypatch.setattr("live.signalling.consumer.admit", broken)
    assert await refused(house) == CloseCode.INTERNAL


async def test_other_paths(house: House) -> None:
    from channels.testing import WebsocketCommunicator

    from microvibe.asgi import application

    communicator = WebsocketCommunicator(application, "/api/v1/nothing")
    assert (await communicator.connect())[0] is True
    closed = await communicator.receive_output()
    assert closed == {"type": "websocket.close", "code": CloseCode.BAD_REQUEST}


async def test_words_are_in_the_readers_language(house: House) -> None:
    assert django_settings.LANGUAGE_CODE == "en"
    english = await house.connect()
    chinese = await house.connect(headers=[(b"accept-language", b"zh-CN,zh;q=0.9")])
    assert english.welcome["playback"]["rungs"][0]["detail"] == "The room is not live."
    assert chinese.welcome["playback"]["rungs"][0]["reason"] == "not_live"
    await db(Room.objects.filter(pk=house.room.pk).update)(title="x")
    assert (await english.hears("room", title="x"))["payload"]["title"] == "x"
