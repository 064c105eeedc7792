"""What a page hears of a room that OBS sends to: who sends, the ladders, players elsewhere."""

from __future__ import annotations

import pytest

from live import actions, parts
from live.api.examples import FIGURES
from live.signalling.codes import CloseCode
from playback.tokens import is_valid, play_name
from tests.integration.live.make import make_user
from tests.integration.signalling.conftest import db

SECRET = "only-for-tests-" + "p" * 40


@pytest.fixture(autouse=True)
def installed(settings):
    settings.RTMP_ENABLED = True
    settings.PLAY_TOKEN_SECRET = SECRET
    settings.FLV_SERVER = "https://x.test/flv"


@db
def find(name: str, ok: bool) -> None:
    actions.do_set_part(name, ok)
    parts.forget_parts()


@db
def send(room) -> None:
    actions.do_ingest_accepted(room, "7", "hash")
    actions.do_ingest_media(room, FIGURES)


def rungs(payload) -> dict:
    return {rung["rung"]: rung for rung in payload["rungs"]}


async def test_a_viewer_hears_how_obs_comes_and_goes(house):
    for name in ("rtmp", "flv", "worker", "bridge"):
        await find(name, True)
    viewer = await house.connect()
    assert rungs(viewer.welcome["playback"])["flv"]["reason"] == "not_live"
    assert viewer.welcome["room"]["publishing"] == []

    await send(house.room)
    await viewer.hears("room", state="live", publishing=["rtmp"])
    ladder = rungs((await viewer.hears("playback"))["payload"])
    assert ladder["flv"]["url"] == f"https://x.test/flv/{house.room.play_id}.flv"
    assert (ladder["webrtc"]["reason"], ladder["hls"]["available"]) == ("bridge_starting", True)

    await find("flv", False)
    told = await viewer.hears("playback", again=True)
    assert rungs(told["payload"])["flv"]["reason"] == "flv_down"

    await db(actions.do_ingest_lost)(house.room)
    await viewer.hears("room", state="interrupted", publishing=[], again=True)


async def test_players_elsewhere_are_told_too(house):
    await send(house.room)
    viewer = await house.connect()
    assert viewer.welcome["presence"]["viewers"] == 1
    await db(actions.do_set_outside_viewers)({house.room.play_id: (2, 1)})
    told = await viewer.hears("presence", viewers=4)
    assert told["payload"]["peak"] == 4


async def test_who_may_know_of_a_room_no_more_is_not_told_its_new_address(house):
    """A fresh token among it: a room that becomes private would stay open to all who were there."""
    for name in ("rtmp", "flv", "worker"):
        await find(name, True)
    await send(house.room)
    kim = await db(make_user)("kim")
    await db(actions.do_allow_publisher)(house.room, kim, house.owner)
    guest, stranger = await house.connect(), await house.connect(user=house.stranger)
    owner = await house.connect(user=house.owner)
    allowed = await house.connect(user=kim)
    await db(actions.do_update_room)(house.room, visibility="unlisted")
    told = rungs((await guest.hears("playback", again=True))["payload"])
    assert "?token=" in told["flv"]["url"]
    await stranger.sync()
    heard = len(guest.heard), len(stranger.heard)
    await db(actions.do_update_room)(house.room, visibility="private", title="for us")
    assert await guest.is_closed() == CloseCode.ROOM_NOT_FOUND
    assert await stranger.is_closed() == CloseCode.ROOM_NOT_FOUND
    for kind in ("room", "playback"):
        later = guest.heard[heard[0] :] + stranger.heard[heard[1] :]
        assert kind not in [message["type"] for message in later]
    await owner.hears("room", title="for us")
    await allowed.hears("room", title="for us")
    await db(actions.do_disallow_publisher)(house.room, kim)
    assert await allowed.is_closed() == CloseCode.ROOM_NOT_FOUND
    await owner.sync()


async def test_a_private_rooms_ladder_is_told_once(house):
    """Its token stays the same, so that there is nothing new to tell each second."""
    await db(actions.do_update_room)(house.room, visibility="private")
    for name in ("rtmp", "flv", "worker"):
        await find(name, True)
    await send(house.room)
    viewer = await house.connect(user=house.owner)
    url = rungs(viewer.welcome["playback"])["flv"]["url"]
    name = play_name(house.room.play_id, 0)
    assert is_valid(url.partition("?token=")[2], name, SECRET, 0)
    await db(actions.do_update_room)(house.room, title="Another")
    await viewer.hears("room", title="Another")  # the room was read again
    await viewer.sync()
    assert not [message for message in viewer.heard if message["type"] == "playback"]
