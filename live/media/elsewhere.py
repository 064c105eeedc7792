"""Whose a session of another process is, and what it shows: its row says so."""

from __future__ import annotations

import asyncio
from typing import Final

from channels.db import database_sync_to_async

from live.media.rows import open_publisher
from live.models import SfuSession
from sfu_relay.elsewhere import Publisher
from sfu_relay.events import RoomId, SessionId

LOOKS: Final = 10  # the other process may not have written its row yet
BETWEEN_LOOKS_SECS: Final = 0.3


class FindElsewhere:
    """Also for sessions of a bridge, which no app process owns: streams that no row names are
    a camera's."""

    def __init__(self, process_id: str) -> None:
        self._process_id = process_id

    async def __call__(self, session_id: SessionId) -> Publisher | None:
        found: SfuSession | None = None
        for look in range(LOOKS):
            if look:
                await asyncio.sleep(BETWEEN_LOOKS_SECS)
            found = await database_sync_to_async(open_publisher)(session_id)
            if found is not None:
                break
        if found is None or found.process_id == self._process_id:
            return None  # nobody's, or one of ours that is closed by now
        sources = {str(stream): str(source) for stream, source in found.sources.items()}
        return Publisher(RoomId(found.room.room_id), sources)
