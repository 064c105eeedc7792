"""`python -m push.child HOST PORT`: one page's media from stdin into nginx, word of it to stdout.

A process of its own, since it decodes what strangers sent. It ends with its gateway (stdin).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import sys
from typing import Any, Final

from bridge.rtmp.backlog import Backlog
from bridge.rtmp.connection import Connection, PublishError
from bridge.rtmp.target import Target
from push.delay import Delay
from push.frames import HEAD_BYTES, BadFrame, Config, parse_frame
from push.pipe import CONTROL, read_frame
from push.tags import Tags

logger = logging.getLogger("push.child")
TELL_SECS: Final = 0.5
# Reading stops while so much waits for nginx, so that the page hears of it by its own socket.
PAUSE_MS: Final = 1_000
LATE_MS: Final = 8_000
MAX_AHEAD_MS: Final = 20_000
SEND_BUFFER_BYTES: Final = 32 * 1024  # more would hide a server that takes nothing
NOT_FOUND_WAITS: Final = (0.2, 0.5, 1.0, 2.0)  # nginx is being started again
PR_SET_PDEATHSIG: Final = 1
MAX_MEMORY_BYTES: Final = 2 * 1024**3
# Before it ever worked a refusal is one. After that the app may just be starting again, and nginx
# refuses whom it can't ask for.
REFUSED_WAITS: Final = ((0.5,), (0.3, 0.5, 1.0, 2.0, 2.0))


class Child:
    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._tags = Tags()
        self._backlog = Backlog(late_ms=LATE_MS)
        self._delay = Delay()
        self._connection: Connection | None = None
        self._names: asyncio.Queue[str] = asyncio.Queue()
        self._ready = asyncio.Event()  # media are there
        self._flowing = asyncio.Event()
        self._paused = False
        self._was_live = False
        self._state, self._reason = "connecting", ""

    async def run(self, reader: asyncio.StreamReader) -> None:
        tasks = [
            asyncio.create_task(self._read(reader), name="read"),
            asyncio.create_task(self._publish(), name="publish"),
            asyncio.create_task(self._tell_on(), name="tell"),
        ]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            with contextlib.suppress(BadFrame):
                task.result()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        clock = asyncio.get_running_loop().time
        while (frame := await read_frame(reader)) is not None:
            if frame[:1] == bytes((CONTROL,)):
                self._names.put_nowait(str(json.loads(frame[HEAD_BYTES:])["name"]))
                continue
            try:
                said = parse_frame(frame)
                if isinstance(said, Config):
                    tags = self._tags.config(said)
                else:
                    self._delay.got(said.time_us, clock())
                    if self._delay.ahead_ms > MAX_AHEAD_MS:
                        raise BadFrame("time")
                    tags = self._tags.media(said)
                    self._ready.set()
            except BadFrame as error:
                self._set("bad_frame", str(error))
                return
            for tag in tags:
                self._backlog.put(tag)
            if self._connection is not None:
                self._connection.wake()
                await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        """Gone with the connection: without one the backlog keeps nothing."""
        while self._connection is not None and self._backlog.queue_ms > PAUSE_MS:
            self._paused = True
            await asyncio.sleep(0.02)
        self._paused = False

    async def _publish(self) -> None:
        await self._ready.wait()
        refusals = misses = 0
        while True:
            try:
                await self._publish_once()
            except PublishError as error:
                self._connection = None
                self._backlog.close()
                waits = REFUSED_WAITS[self._was_live]
                if self._state == "live":
                    refusals = misses = 0
                if error.reason in ("refused", "taken"):
                    if refusals >= len(waits):
                        self._set("refused", "not_accepted")
                        return
                    wait = waits[refusals]
                    refusals += 1
                else:
                    wait = NOT_FOUND_WAITS[min(misses, len(NOT_FOUND_WAITS) - 1)]
                    misses += 1
                self._set("connecting", "rtmp_down" if error.reason == "unreachable" else "again")
                await asyncio.sleep(wait)

    async def _publish_once(self) -> None:
        self._say({"want": "name"})
        target = Target(self._host, self._port, "live", await self._names.get())
        connection = Connection(
            target,
            self._backlog,
            metadata=self._tags.metadata,
            send_buffer_bytes=SEND_BUFFER_BYTES,
        )
        try:
            async with connection:
                self._backlog.restart()
                self._connection = connection
                self._was_live = True
                self._set("live", "")
                await connection.run()
        finally:
            self._connection = None

    async def _tell_on(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(TELL_SECS)

    def _set(self, state: str, reason: str) -> None:
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason = state, reason
            self._tell()

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        late = self._delay.ms(now, is_paused=self._paused)
        self._say(
            {
                "state": self._state,
                "reason": self._reason,
                "queue_ms": late + self._backlog.queue_ms,
                "dropped": self._backlog.dropped_frames,
                "bad": self._tags.bad_frames + self._tags.bad_sound,
            }
        )

    def _say(self, said: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            os.write(1, json.dumps(said).encode() + b"\n")


def bound() -> None:
    """Gone with the gateway even if it hangs in a decoder, and no larger than media need."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def main() -> int:
    host, port = sys.argv[1], int(sys.argv[2])
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=256 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    bound()
    child = Child(host, port)
    await child.run(reader)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main()))
