"""Many who come at once: what was read of their room for the others serves them as well."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from live import actions
from live.models import Room
from live.signalling.admission import Admitted, Handshake, Refused, admit
from live.signalling.codes import CloseCode
from live.signalling.hub import Hub
from live.signalling.snapshots import Snapshot
from tests.integration.live.conftest import owner, room, stranger
from tests.integration.live.make import make_live
from tests.integration.signalling.conftest import House, db, token_of

__all__ = ["owner", "room", "stranger"]


def shake(room: Room, role: str = "subscriber", language: str = "en") -> Handshake:
    query = {"room_id": room.room_id, "role": role}
    if role == "publisher":
        query["token"] = token_of(room.owner)
    return Handshake(query, {"accept-language": language}, ())


def admitted(
    handshake: Handshake, known: Snapshot | None = None
) -> tuple[Admitted, CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        found = admit(handshake, "a process", True, known)
    return found, queries


def test_a_viewer_is_told_what_was_read_for_others_in_far_fewer_queries(room: Room) -> None:
    make_live(room)
    first, whole = admitted(shake(room))
    second, quick = admitted(shake(room), first.snapshot)
    print(f"a viewer is admitted in {len(quick)} queries instead of {len(whole)}")
    assert len(quick) <= len(whole) - 8
    stage = [q for q in quick.captured_queries if "live_sfusession" in q["sql"]]
    assert len(stage) <= 1  # the count of who watches, for the peak
    same = {"resume": "", "participant_id": "", "presence": ""}
    assert second.welcome | same == first.welcome | same
    assert first.welcome["presence"] == {"viewers": 1, "peak": 1}
    assert second.welcome["presence"] == {"viewers": 2, "peak": 2}
    third, _ = admitted(shake(room))
    assert third.welcome["presence"] == {"viewers": 3, "peak": 3}


def test_who_sends_and_who_reads_another_language_find_it_as_it_is(room: Room) -> None:
    make_live(room)
    known = admitted(shake(room))[0].snapshot
    known = replace(known, room=known.room | {"title": "as it was"})
    assert admitted(shake(room), known)[0].welcome["room"]["title"] == "as it was"
    for handshake in (shake(room, "publisher"), shake(room, language="zh-hans")):
        assert admitted(handshake, known)[0].welcome["room"]["title"] == room.title


def test_a_right_is_looked_up_whatever_is_known(room: Room) -> None:
    known = admitted(shake(room))[0].snapshot
    actions.do_update_room(room, visibility="private")
    with pytest.raises(Refused) as refused:
        admit(shake(room), "a process", True, known)
    assert refused.value.code == CloseCode.ROOM_NOT_FOUND


async def test_only_what_is_fresh_is_used(house: House) -> None:
    hub: Hub = house.process.hub
    room_id = house.room.room_id
    assert hub.fresh(room_id) is None  # nobody is here
    viewer = await house.connect()
    assert hub.fresh(room_id) is None  # until its changes are heard of
    await looked_at(hub, room_id)
    hub.refresh(room_id)
    assert hub.fresh(room_id) is None
    await looked_at(hub, room_id)
    hub.rooms[room_id].last = replace(hub.fresh(room_id), taken_at=time.monotonic() - 2)
    assert hub.fresh(room_id) is None
    await db(actions.do_update_room)(house.room, title="Another")
    await viewer.hears("room", title="Another")
    assert (await house.connect()).welcome["room"]["title"] == "Another"


async def test_who_was_told_something_older_catches_up(house: House) -> None:
    hub: Hub = house.process.hub
    room_id = house.room.room_id
    await house.connect()
    old = await looked_at(hub, room_id)
    await db(actions.do_update_room)(house.room, title="Another")
    await looked_at(hub, room_id, "Another")
    hub.fresh = lambda room_id: old  # type: ignore[method-assign]
    late = await house.connect()
    assert late.welcome["room"]["title"] == old.room["title"]
    await late.hears("room", title="Another")
    await late.hears("presence", viewers=2)


async def looked_at(hub: Hub, room_id: str, title: str | None = None) -> Snapshot:
    deadline = time.monotonic() + 10
    while (found := hub.fresh(room_id)) is None or title not in (None, found.room["title"]):
        assert time.monotonic() < deadline, "the room was not read again"
        await asyncio.sleep(0.02)
    return found
