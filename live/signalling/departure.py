"""What becomes of a participant whose WebSocket went away."""

from __future__ import annotations

import asyncio
from typing import Final

from live.media.service import RESUME_SECS
from live.process import Process
from live.signalling.codes import CloseCode
from live.signalling.connection import Connection

GOODBYE: Final = 1000  # the page meant it
GOING_AWAY: Final = 1001  # the page was closed or reloaded: its peer connections are gone with it
RELOAD_SECS: Final = 3.0  # a reloaded page is back by then, as the same participant
NO_RETURN: Final = frozenset(
    {
        CloseCode.BANNED,
        CloseCode.FORBIDDEN,
        CloseCode.ROOM_NOT_FOUND,
        CloseCode.PROTOCOL_ABUSE,
        CloseCode.TOO_BIG,
    }
)


def got_departure(process: Process, connection: Connection, code: int | None) -> None:
    """`code`: the browser's; ours, if we closed, is in the connection."""
    ours = connection.close_code
    connection.close(CloseCode.INTERNAL)  # nothing is queued any more
    is_present = process.hub.leave(connection)
    sessions = [s for s in connection.sessions if s.owner is connection]
    if ours in NO_RETURN or code == GOODBYE or (code == GOING_AWAY and ours is None):
        for session in sessions:
            process.media.close(session, "left")
    else:
        for session in sessions:
            process.media.detach(session)
    if not is_present:
        return  # the same participant has a newer connection
    if ours in NO_RETURN or code == GOODBYE:
        wait_secs = 0.0
    else:
        wait_secs = RELOAD_SECS if code == GOING_AWAY else RESUME_SECS
    asyncio.get_running_loop().call_later(wait_secs, process.leave_presence, connection.person)
