"""Whose a session of another process is, and what it shows: its row says so."""

from __future__ import annotations

import asyncio
from typing import Final

from channels.db import database_sync_to_async

from live.media.rows import open_publisher
from live.models import SfuSession
from sfu_relay.elsewhere import Publisher
from sfu_relay.events import RoomId, SessionId

# The other process may not have written its row yet; on a busy machine that takes it seconds, and
# the SFU tells of a track once: who is not found now is not shown for as long as it sends.
PAUSES_SECS: Final = (0.0, *(0.3,) * 10, 1.0, 2.0, 4.0, 8.0)


class FindElsewhere:
    """Also for sessions of a bridge, which no app process owns: streams that no row names are
    a camera's."""

    def __init__(self, process_id: str) -> None:
        self._process_id = process_id

    async def __call__(self, session_id: SessionId) -> Publisher | None:
        found: SfuSession | None = None
        for pause_secs in PAUSES_SECS:
            await asyncio.sleep(pause_secs)
            found = await database_sync_to_async(open_publisher)(session_id)
            if found is not None:
                break
        if found is None or found.process_id == self._process_id:
            return None  # nobody's, or one of ours that is closed by now
        sources = {str(stream): str(source) for stream, source in found.sources.items()}
        return Publisher(RoomId(found.room.room_id), sources)
