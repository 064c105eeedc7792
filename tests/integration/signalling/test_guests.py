"""Guests over WebSocket: the green room, the stage, and what whom is told; over two processes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from live import actions
from live.actions.guests import do_move_guest
from live.guest_states import GuestVerb
from live.models import Guest, Room, User
from live.process import Process
from live.signalling.codes import CloseCode
from tests.fakes.scripted_sfu import ScriptedStream, until
from tests.integration.live.make import make_user
from tests.integration.signalling.conftest import (
    OFFER,
    Browser,
    House,
    app_of,
    db,
    tracks_of_offer,
)


def move(house: House, user: User, *verbs: str) -> None:
    for verb in verbs:
        do_move_guest(Room.objects.get(pk=house.room.pk), user, GuestVerb(verb))


async def moved(house: House, *verbs: str) -> None:
    await db(move)(house, house.stranger, *verbs)


async def sends(house: House, page: Browser) -> ScriptedStream:
    """An offer, its answer and the first packet."""
    await page.send("offer", OFFER)
    answer = await page.hears("answer", again=True)
    stream = await house.stream(answer["session_id"])
    stream.say_tracks(stream.uid, *tracks_of_offer())
    return stream


async def test_from_the_green_room_on_stage_and_out(house: House, other_process: Process) -> None:
    owner, own_stream = await house.publishing()
    viewer = await house.connect()
    assert (viewer.welcome["guest"], viewer.welcome["guests"]) == (None, None)
    assert owner.welcome["guests"] == {"guests": [], "max_on_stage": 5}
    refused = await house.connect("publisher", house.stranger, welcomed=False)
    assert await refused.is_closed() == CloseCode.FORBIDDEN

    await moved(house, "join")
    page = await house.connect("publisher", house.stranger, app=app_of(other_process))
    waiting = {"state": "waiting", "muted": False, "reason": None, "from": None}
    assert page.welcome["guest"] == waiting
    assert page.welcome["guests"] is None
    await told(owner, state="waiting", connected=True)
    await page.send("offer", OFFER, ref="too soon")
    assert (await page.error("not_on_stage"))["about"] == "offer"
    await page.send("join", {})
    assert (await page.error("wrong_role"))["about"] == "join"

    await moved(house, "admit")
    await page.hears("guest", state="on_stage")
    await told(owner, state="on_stage")
    stream = await sends(house, page)
    await stage(viewer, ["Mei", "stranger"])
    await moved(house, "mute")
    await page.hears("guest", state="on_stage", muted=True)
    await until_stage(viewer, lambda people: people[1]["muted"])

    asked_at = time.monotonic()
    await moved(house, "remove")
    await page.hears("guest", state="removed", reason="removed")
    await page.hears("session_lost", code="kicked")
    assert await page.is_closed() == CloseCode.FORBIDDEN
    await until(lambda: stream.over, "the guest's session to be closed")
    print(f"a guest was out {(time.monotonic() - asked_at) * 1000:.0f} ms after being removed")
    await stage(viewer, ["Mei"])
    await owner.hears("guests", guests=[])
    assert not own_stream.over
    assert await house.state() == "live"
    back = await house.connect("publisher", house.stranger, welcomed=False)
    assert await back.is_closed() == CloseCode.FORBIDDEN
    assert not [m for m in viewer.heard if m["type"] in ("guest", "guests")]


def owner_list(owner: Browser) -> list[dict[str, Any]]:
    lists = [m["payload"]["guests"] for m in owner.heard if m["type"] == "guests"]
    return lists[-1] if lists else owner.welcome["guests"]["guests"]


async def told(owner: Browser, **fields: Any) -> None:
    """The newest list says so of the one guest there is."""
    while not (
        (guests := owner_list(owner))
        and all(guests[0].get(name) == value for name, value in fields.items())
    ):
        await owner.hears("guests", again=True)


async def stage(page: Browser, names: list[str]) -> None:
    await until_stage(page, lambda people: [one["user"]["name"] for one in people] == names)


async def until_stage(page: Browser, wanted: Any) -> None:
    seen = [m["payload"] for m in page.heard if m["type"] == "room"] or [page.welcome["room"]]
    while not wanted(seen[-1]["stage"]["people"]):
        seen.append((await page.hears("room", again=True))["payload"])


async def test_an_invitation_is_told_on_the_watch_page(house: House) -> None:
    page = await house.connect(user=house.stranger)
    staff = await house.connect(user=await db(make_user)("boss", is_staff=True))
    assert staff.welcome["guests"]["guests"] == []

    def invite() -> None:
        do_move_guest(house.room, house.stranger, GuestVerb.INVITE, house.owner)

    await db(invite)()
    heard = (await page.hears("guest"))["payload"]
    assert heard == {
        "state": "invited",
        "muted": False,
        "reason": None,
        "from": {"id": house.owner.pk, "name": "Mei"},
    }
    await told(staff, state="invited", connected=False)
    await moved(house, "decline")
    await page.hears("guest", state="left", reason="declined")
    assert page.close_code is None, "they go on watching"


async def test_a_private_room_is_open_to_its_guests_only_while_they_are(house: House) -> None:
    await db(actions.do_update_room)(house.room, visibility="private")
    await moved(house, "join")
    green_room = await house.connect("publisher", house.stranger)
    picture = await house.connect(user=house.stranger)
    await moved(house, "remove")
    await green_room.hears("guest", state="removed")
    await picture.hears("guest", state="removed")
    assert await green_room.is_closed() == CloseCode.FORBIDDEN
    assert await picture.is_closed() == CloseCode.ROOM_NOT_FOUND


async def test_without_events_a_removed_guest_is_out_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.publishing()
    await moved(house, "join", "admit")
    page = await house.connect("publisher", house.stranger)
    stream = await sends(house, page)

    def quietly() -> None:
        Guest.objects.update(state="removed", reason="removed")

    await db(quietly)()  # as if no channel layer had carried the event
    await page.hears("guest", state="removed")
    assert await page.is_closed() == CloseCode.FORBIDDEN
    await until(lambda: stream.over, "the housekeeper to close it")


async def test_the_end_brings_guests_back_to_the_green_room(house: House) -> None:
    owner, _ = await house.publishing()
    await moved(house, "join", "admit")
    page = await house.connect("publisher", house.stranger)
    stream = await sends(house, page)
    await db(actions.do_end_broadcast)(house.room, "by_owner")
    await page.hears("guest", state="waiting", reason="ended")
    await page.hears("session_lost", code="not_live")
    await until(lambda: stream.over, "the guest's session to be closed")
    await page.send("offer", OFFER)
    await page.error("not_on_stage")
    stream.say_tracks(stream.uid, *tracks_of_offer())
    await asyncio.wait_for(house.process.media.journal.flush(), 10)
    assert await house.state() == "ended"
    assert page.close_code is None
    del owner


async def test_media_of_a_guest_opens_no_ended_broadcast(house: House) -> None:
    """The offer was let in while on air; its first packet comes after the end."""
    await house.publishing()
    await moved(house, "join", "admit")
    page = await house.connect("publisher", house.stranger)
    await page.send("offer", OFFER)
    answer = await page.hears("answer")
    stream = await house.stream(answer["session_id"])
    process = house.process
    process.media.close_where = lambda *a, **k: None  # type: ignore[method-assign]  # too late
    await db(actions.do_end_broadcast)(house.room, "by_owner")
    stream.say_tracks(stream.uid, *tracks_of_offer())
    await until(
        lambda: any(s.connected and s.session_id == stream.uid for s in _sessions(process)),
        "the first packet",
    )
    await asyncio.wait_for(process.media.journal.flush(), 10)
    assert await house.state() == "ended"
    del process.media.close_where  # type: ignore[method-assign]


def _sessions(process: Process) -> list[Any]:
    return list(process.media.sessions.values())


async def test_the_broadcast_goes_on_with_a_guest(house: House) -> None:
    owner, _ = await house.publishing()
    await moved(house, "join", "admit")
    page = await house.connect("publisher", house.stranger)
    await sends(house, page)
    viewer = await house.connect()
    await stage(viewer, ["Mei", "stranger"])
    await owner.leave()
    await stage(viewer, ["stranger"])
    assert await house.state() == "live"
    await page.leave()
    await house.is_in_state("interrupted")


async def test_the_layout_is_told(house: House) -> None:
    viewer = await house.connect()
    assert viewer.welcome["room"]["stage"] == {"layout": "speaker", "people": []}
    await db(actions.do_update_room)(house.room, layout="grid")
    room = (await viewer.hears("room"))["payload"]
    assert room["stage"] == {"layout": "grid", "people": []}
