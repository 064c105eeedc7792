"""The HTTP shell: a small protocol for each connection; `answers` says what is answered."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final

from playback.answers import Answer, Answers, Watch
from playback.http_head import MAX_HEAD_BYTES, HeadError, build_json, parse_head
from playback.stream import Stream
from playback.viewer import Viewer

logger = logging.getLogger("playback")

HEAD_SECS: Final = 5.0
ANSWER_SECS: Final = 10.0
SEND_BUFFER_BYTES: Final = 256 * 1024
SPARE_CONNECTIONS: Final = 200  # beside viewers: the worker's questions, refusals
_MAX_BODY_BYTES: Final = 64 * 1024  # nobody has anything to send us


class Connections:
    """Those that are open."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open: set[Connection] = set()


class Connection(asyncio.Protocol):
    def __init__(self, answers: Answers, connections: Connections) -> None:
        self._answers = answers
        self._connections = connections
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._viewer: Viewer | None = None
        self._stream: Stream | None = None
        self._is_paused = False
        self._surplus_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._connections.open) >= self._connections.limit:
            transport.abort()
            return
        self._connections.open.add(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(HEAD_SECS, self._refuse, 408, "too_slow")

    def data_received(self, data: bytes) -> None:
        if self._task is not None or self._transport is None or self._transport.is_closing():
            self._surplus_bytes += len(data)
            if self._surplus_bytes > _MAX_BODY_BYTES and self._transport is not None:
                self._transport.abort()
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end > MAX_HEAD_BYTES or (end < 0 and len(self._head) > MAX_HEAD_BYTES):
            self._refuse(431, "head_too_large")
        elif end >= 0:
            head = bytes(self._head[:end])
            self._head.clear()
            self._task = asyncio.create_task(self._answer(head))

    def eof_received(self) -> None:
        return None  # whoever has stopped talking has stopped listening: players do not half-close

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.open.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        if self._viewer is not None and self._stream is not None:
            self._viewer.lost()
            self._stream.leave(self._viewer)
        self._viewer = self._stream = None

    def pause_writing(self) -> None:
        self._is_paused = True
        if self._viewer is not None:
            self._viewer.is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        if self._viewer is not None:
            self._viewer.is_paused = False
            self._viewer.drain()

    def close(self) -> None:
        """The process ends."""
        if self._viewer is not None:
            self._viewer.close()
        elif self._transport is not None:
            self._transport.close()

    async def _answer(self, head: bytes) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            answer = await self._answers.answer(parse_head(head))
        except HeadError:
            self._refuse(400, "bad_request")
            return
        except Exception:
            logger.exception("a request was not answered")
            self._refuse(503, "failed")
            return
        match answer:
            case Answer(data):
                self._send_last(data)
            case Watch():
                self._watch(answer)

    def _watch(self, watch: Watch) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(watch.head)
        self._stream = watch.stream
        self._viewer = Viewer(
            transport,
            asyncio.get_running_loop().time(),
            is_page=watch.is_page,
            by_mark=watch.by_mark,
            by_epoch=watch.by_epoch,
        )
        self._viewer.is_paused = self._is_paused
        self._stream.join(self._viewer)

    def _refuse(self, status: int, code: str) -> None:
        self._send_last(build_json(status, {"code": code}, {}))

    def _send_last(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        transport.close()
        if self._timer is not None:
            self._timer.cancel()
        # Who does not take even that is not waited for.
        self._timer = asyncio.get_running_loop().call_later(ANSWER_SECS, transport.abort)


async def listen(port: int, answers: Answers, connections: Connections) -> asyncio.Server:
    """On loopback only: the front is who others talk to."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections take it over. Were it larger, a slow viewer's past would wait in the kernel.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.bind(("127.0.0.1", port))
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Connection(answers, connections), sock=listener, backlog=512
    )
