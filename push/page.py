"""One page's connection: from its WebSocket into a child, and word of how it goes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from push.config import Config
from push.frames import CONFIG as CONFIG_KIND
from push.frames import HEAD_BYTES, MAX_FRAME_BYTES, VIDEO
from push.limits import Meter
from push.pipe import build_control, framed, parse_line
from push.tokens import Grant, build_name

logger = logging.getLogger("push")
TELL_SECS: Final = 1.0
HUNG_SECS: Final = 5.0  # a child says something every 0.5 s
BEGIN_SECS: Final = 20.0  # a page may connect ahead of need
SILENT_SECS: Final = 3.0
LAST_WORDS_SECS: Final = 1.5
# Child's state → what the page is closed with.
ENDINGS: Final = {"refused": (4403, "refused"), "bad_frame": (4422, "bad_frame")}


class Page:
    def __init__(self, ws: ServerConnection, grant: Grant, config: Config) -> None:
        self.grant = grant
        self._ws = ws
        self._config = config
        self._process: asyncio.subprocess.Process | None = None
        self._heard_at = self._began_at = time.monotonic()
        self._got_at: float | None = None  # the last media
        self._is_stuck = self._is_held = self._wants_name = False
        self._said: dict[str, Any] = {"state": "connecting", "reason": "", "queue_ms": 0}
        self._ending: tuple[int, str] | None = None
        self.live = asyncio.Event()
        """nginx takes what comes."""

    async def run(self) -> None:
        """Until either side ends; then both are gone."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "push.child"),
            *(self._config.rtmp_host, str(self._config.rtmp_port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=64 * 1024,
        )
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("up", self._up()),
                ("down", self._down()),
                ("watch", self._watch()),
            )
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self._end_child()
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, ConnectionClosed):
                logger.error("a page's connection broke", exc_info=result)
                self._ending = self._ending or (4500, "internal")
        await self._close_socket()

    def hold(self, held: bool) -> None:
        """A newer page of the same person is coming: this one goes on, but does not come back, or
        both would take each other over."""
        self._is_held = held
        self._give_name()

    def _give_name(self) -> None:
        if not self._wants_name or self._is_held or self._process is None:
            return
        self._wants_name = False
        assert self._process.stdin is not None
        name = build_name(self.grant, self._config.secret, time.time())
        self._process.stdin.writelines(framed(build_control({"name": name})))

    async def end(self, code: int, state: str) -> None:
        """From outside: the gateway stops, or the same person came anew."""
        self._ending = (code, state)
        with contextlib.suppress(ConnectionClosed):
            await self._tell(state, "")
            await self._ws.close(code, state)

    async def _up(self) -> None:
        """Frames, as fast as the child takes them: else they wait in the page."""
        assert self._process is not None and self._process.stdin is not None
        pipe, meter = self._process.stdin, Meter(time.monotonic())
        async for frame in self._ws:
            now = time.monotonic()
            if isinstance(frame, str) or not HEAD_BYTES < len(frame) <= MAX_FRAME_BYTES:
                self._ending = (4422, "bad_frame")
                return
            if not VIDEO <= frame[0] <= CONFIG_KIND:
                self._ending = (4422, "bad_frame")
                return
            if not meter.takes(len(frame), now):
                self._ending = (4429, "too_many")
                return
            if frame[0] != CONFIG_KIND:
                self._got_at = now
            pipe.writelines(framed(frame))
            self._is_stuck = True
            try:
                await pipe.drain()
            except OSError:
                self._ending = self._ending or (4500, "internal")
                return
            self._is_stuck = False

    async def _down(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None and self._process.stdin is not None
        while line := await self._process.stdout.readline():
            self._heard_at = time.monotonic()
            said = parse_line(line)
            if said.get("want") == "name":
                self._wants_name = True
                self._give_name()
                continue
            changed = said.get("state") != self._said["state"]
            self._said = {**self._said, **said}
            if changed:
                logger.info("push into %s: %s", self.grant.room_id, self._shown())
                if self._said["state"] == "live":
                    self.live.set()
                await self._tell(str(self._said["state"]), str(self._said["reason"]))
            if self._said["state"] in ENDINGS:
                self._ending = ENDINGS[self._said["state"]]
                return
        self._ending = self._ending or (4500, "internal")  # it crashed

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TELL_SECS)
            now = time.monotonic()
            if now - self._heard_at > HUNG_SECS:
                logger.warning("push into %s: the child hangs", self.grant.room_id)
                self._ending = (4500, "internal")
                return
            silent = now - (self._got_at or self._began_at)
            patience = BEGIN_SECS if self._got_at is None else SILENT_SECS
            # While the child takes nothing we read nothing: the page is not to blame.
            if silent > patience and not self._is_stuck:
                self._ending = (4408, "silent")
                return
            await self._tell(str(self._said["state"]), str(self._said["reason"]))

    async def _tell(self, state: str, reason: str) -> None:
        said = {"state": state, "reason": reason, "queue_ms": self._said["queue_ms"]}
        await self._ws.send(json.dumps(said))

    async def _end_child(self) -> None:
        """In order, so that nginx knows at once; else by force."""
        process = self._process
        assert process is not None and process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(LAST_WORDS_SECS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _close_socket(self) -> None:
        code, reason = self._ending or (1000, "")
        logger.info("push into %s ended: %s", self.grant.room_id, reason or "by the page")
        with contextlib.suppress(ConnectionClosed):
            await self._ws.close(code, reason)

    def _shown(self) -> str:
        return " ".join(str(self._said[name]) for name in ("state", "reason")).strip()
