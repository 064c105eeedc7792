"""Whose a session of another app process is: its row says the room, its process what it shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from channels.db import database_sync_to_async

from live.errors import MicroVibeError
from live.media.rows import open_publisher
from sfu_relay.elsewhere import Publisher
from sfu_relay.events import RoomId, SessionId

if TYPE_CHECKING:
    from live.media.remote import Remote

LOOKS: Final = 3  # the other process may not have written its row yet
BETWEEN_LOOKS_SECS: Final = 0.3


class FindElsewhere:
    def __init__(self, remote: Remote, process_id: str) -> None:
        self._remote = remote
        self._process_id = process_id

    async def __call__(self, session_id: SessionId) -> Publisher | None:
        found = None
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS_SECS)
            found = await database_sync_to_async(open_publisher)(session_id)
            if found is not None:
                break
        if found is None or found.process_id == self._process_id:
            return None  # nobody's, or one of ours that is closed by now
        try:
            sources = await self._remote.ask(found.process_id, session_id, "sources")
        except MicroVibeError:
            sources = {}  # its tracks are shown as a camera's
        return Publisher(RoomId(found.room.room_id), {str(k): str(v) for k, v in sources.items()})
