"""Whose a stream of another process is, also where that process is late to say so."""

from __future__ import annotations

import asyncio

import pytest
from channels.db import database_sync_to_async

from live.actions.bridges import BridgeSession, do_set_bridge_sessions
from live.media.elsewhere import FindElsewhere
from sfu_relay.events import SessionId
from tests.integration.live.make import make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)
LATE_SECS = 4.0  # of a worker that awaits a busy CPU


async def test_a_bridge_whose_row_is_late_is_found():
    room = await database_sync_to_async(lambda: make_room(make_user("ann")))()
    finding = asyncio.create_task(FindElsewhere("app")(SessionId("sess_bridge")))
    await asyncio.sleep(LATE_SECS)
    assert not finding.done()
    one = BridgeSession("sess_bridge", room.room_id, room.owner_id, connected=True)
    await database_sync_to_async(do_set_bridge_sessions)([one])
    found = await finding
    assert found is not None and found.room_id == room.room_id
