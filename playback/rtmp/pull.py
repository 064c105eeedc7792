"""The thin shell around `Player`: a socket, its bytes in and out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from playback.rtmp.errors import RtmpError
from playback.rtmp.player import Event, Player

CONNECT_SECS: Final = 3.0
SILENCE_SECS: Final = 20.0  # nginx pings every 10 s while a stream stands still
READ_BYTES: Final = 256 * 1024


async def pull(host: str, port: int, app: str, name: str) -> AsyncGenerator[list[Event], None]:
    """Events as they come, those of one read together, until the server closes.

    OSError, TimeoutError: not reached, or lost. RtmpError: the server speaks something else.
    """
    async with asyncio.timeout(CONNECT_SECS):
        reader, writer = await asyncio.open_connection(host, port, limit=READ_BYTES)
    try:
        player = Player(f"{host}:{port}", app, name)
        writer.write(player.start())
        while True:
            async with asyncio.timeout(SILENCE_SECS):
                data = await reader.read(READ_BYTES)
            if not data:
                return
            events = player.receive(data)
            outgoing = player.take_outgoing()
            if outgoing:
                writer.write(outgoing)
            if writer.transport.get_write_buffer_size() > READ_BYTES:
                raise RtmpError("the server asks much and reads nothing")
            if events:
                yield events
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
