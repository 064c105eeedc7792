"""The gateway: lets pages in, keeps count of them, says how it is on /status."""

from __future__ import annotations

import asyncio
import http
import json
import logging
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from push.config import Config
from push.doors import Doors, is_full
from push.frames import MAX_FRAME_BYTES
from push.page import Page

logger = logging.getLogger("push")
PATH: Final = "/push"
REPLACED: Final = (4409, "replaced")
RESTARTING: Final = (4503, "restarting")


class Gateway:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._doors = Doors(config.secret, config.hosts)
        self._pages: set[Page] = set()
        self._stopping = False

    async def listen(self) -> Server:
        return await serve(
            self._handle,
            "127.0.0.1",
            self._config.port,
            process_request=self._answer,
            compression=None,  # media are compressed
            max_size=MAX_FRAME_BYTES,
            max_queue=4,  # frames in memory beside the kernel's buffers
            write_limit=16 * 1024,
            open_timeout=10,
            ping_interval=10,
            ping_timeout=20,
            close_timeout=2,
            server_header=None,
        )

    async def stop(self) -> None:
        self._stopping = True
        await asyncio.gather(*(page.end(*RESTARTING) for page in self._pages))

    def _answer(self, ws: ServerConnection, request: Request) -> Response | None:
        """None: on with the handshake. No path but ours; the query is nobody's to log."""
        path = urlsplit(request.path).path
        if path == PATH:
            return None
        if path == "/status":
            said = {"pages": len(self._pages)}
            return ws.respond(http.HTTPStatus.OK, json.dumps(said) + "\n")
        return ws.respond(http.HTTPStatus.NOT_FOUND, "not found\n")

    async def _handle(self, ws: ServerConnection) -> None:
        """A browser can't see why a handshake is refused: accepted, then closed with a code."""
        request = ws.request
        assert request is not None
        ticket = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
        # More than one of them is no browser's; the first then decides.
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if not self._doors.is_ours(origins[0] if origins else None, hosts[0] if hosts else ""):
            await ws.close(4403, "origin")
            return
        grant = self._doors.open(ticket, time.time())
        if grant is None:
            await ws.close(4401, "token")
            return
        if self._stopping:
            await ws.close(*RESTARTING)
            return
        before = [page for page in self._pages if _same(page, grant.room_id, grant.user)]
        # One of them is replaced by this page; those who come faster than that are counted.
        others = [page.grant for page in self._pages if page not in before[:1]]
        if is_full(others, grant):
            await ws.close(4429, "too_many")
            return
        page = Page(ws, grant, self._config)
        self._pages.add(page)
        for one in before:
            one.hold(True)
        try:
            # The old one goes on until nginx drops it for the new one: viewers see no hole.
            running = asyncio.create_task(page.run())
            if before:
                replacing = asyncio.create_task(self._replace(page, before))
                await asyncio.wait({running})
                replacing.cancel()
            await running
        finally:
            self._pages.discard(page)
            for one in before:
                one.hold(False)

    async def _replace(self, page: Page, before: list[Page]) -> None:
        await page.live.wait()
        await asyncio.gather(*(one.end(*REPLACED) for one in before))


def _same(page: Page, room_id: str, user: int) -> bool:
    return (page.grant.room_id, page.grant.user) == (room_id, user)
