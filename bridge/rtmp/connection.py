"""The thin shell around `Publisher`: one socket, until it is closed by either side."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from bridge.rtmp.backlog import Backlog, Tag
from bridge.rtmp.publisher import Closed, Publisher, Ready, Refused, RtmpError
from bridge.rtmp.target import Target

CONNECT_SECS: Final = 5.0
READY_SECS: Final = 10.0
STALLED_SECS: Final = 10.0  # nothing could be written for so long: dead
READ_BYTES: Final = 64 * 1024
WRITE_BYTES: Final = 64 * 1024
BAD_NAME: Final = "NetStream.Publish.BadName"


class PublishError(Exception):
    """`reason`: unreachable, private_address, tls, taken, refused, closed, stalled, not_rtmp."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Connection:
    """`async with Connection(target, backlog) as it: await it.run()`; entering waits for Ready.

    Sends what is put into `backlog` (tell by `wake`). PublishError from entering and from `run`.
    """

    def __init__(
        self,
        target: Target,
        backlog: Backlog,
        *,
        metadata: dict[str, object] | None = None,
        tls: ssl.SSLContext | None = None,
        send_buffer_bytes: int | None = None,
        may_connect: Callable[[str, int], bool] | None = None,
    ) -> None:
        """`may_connect`: asked of each address that the server's name stands for, and the port."""
        self._target = target
        self._may_connect = may_connect
        self._backlog = backlog
        self._metadata = metadata
        self._tls = tls
        self._send_buffer_bytes = send_buffer_bytes
        self._publisher = Publisher(target)
        self._wake = asyncio.Event()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.sent_bytes = 0

    async def __aenter__(self) -> Self:
        await self._open()
        try:
            async with asyncio.timeout(READY_SECS):
                while not self._publisher.ready:
                    await self._read()
        except TimeoutError:
            await self._close()
            raise PublishError("refused", "the server does not answer") from None
        except BaseException:
            await self._close()
            raise
        if self._metadata:
            self._write(self._publisher.metadata(self._metadata))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if not isinstance(error, PublishError):
            with contextlib.suppress(OSError):
                self._write(self._publisher.end())
        await self._close()

    def wake(self) -> None:
        """The backlog has something."""
        self._wake.set()

    async def run(self) -> None:
        """Until the connection is lost (PublishError) or this is cancelled."""
        both = {
            asyncio.create_task(self._read_on(), name="rtmp-read"),
            asyncio.create_task(self._write_on(), name="rtmp-write"),
        }
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _open(self) -> None:
        context = (self._tls or ssl.create_default_context()) if self._target.tls else None
        try:
            async with asyncio.timeout(CONNECT_SECS):
                await self._connect(context)
        except ssl.SSLError as error:
            raise PublishError("tls", error.reason or "") from None
        except TimeoutError:
            raise PublishError("unreachable", "no answer") from None
        except OSError as error:
            raise PublishError("unreachable", error.strerror or "") from None
        self._writer.transport.set_write_buffer_limits(high=WRITE_BYTES)
        if self._send_buffer_bytes is not None:
            made: socket.socket = self._writer.get_extra_info("socket")
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._send_buffer_bytes)
        self._write(self._publisher.start())

    async def _addresses(self) -> list[str]:
        """What is looked at is what is connected to: a name may stand for others a moment later.
        All must be allowed, or it would depend on luck what is done."""
        if self._may_connect is None:
            return [self._target.host]
        found = await resolve(self._target.host, self._target.port)
        if not all(self._may_connect(address, self._target.port) for address in found):
            raise PublishError("private_address")
        return found

    async def _connect(self, context: ssl.SSLContext | None) -> None:
        *others, last = await self._addresses()
        for address in (*others, last):
            try:
                self._reader, self._writer = await asyncio.open_connection(
                    address,
                    self._target.port,
                    limit=READ_BYTES,
                    ssl=context,
                    server_hostname=self._target.host if context else None,
                )
                return
            except OSError:
                if address == last:
                    raise

    async def _close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _read_on(self) -> None:
        while True:
            await self._read()

    async def _read(self) -> None:
        try:
            data = await self._reader.read(READ_BYTES)
            events = self._publisher.receive(data)
        except OSError as error:
            raise PublishError("closed", error.strerror or "") from None
        except RtmpError as error:
            raise PublishError("not_rtmp", str(error)) from None
        if outgoing := self._publisher.take_outgoing():
            self._write(outgoing)
        for event in events:
            match event:
                case Ready():
                    pass
                case Refused(code, detail):
                    reason = "taken" if code == BAD_NAME else "refused"
                    raise PublishError(reason, detail or code)
                case Closed(code):
                    raise PublishError("closed", code)
        if not data:
            # nginx refuses so: it closes without a word.
            raise PublishError("closed" if self._publisher.ready else "refused", "closed")
        if self._writer.transport.get_write_buffer_size() > 16 * WRITE_BYTES:
            raise PublishError("stalled", "the server asks much and reads nothing")

    async def _write_on(self) -> None:
        while True:
            tags = self._backlog.take(WRITE_BYTES)
            if not tags:
                self._wake.clear()
                await self._wake.wait()
                continue
            self._write(b"".join(self._chunked(tag) for tag in tags))
            try:
                async with asyncio.timeout(STALLED_SECS):
                    await self._writer.drain()
            except TimeoutError:
                raise PublishError("stalled", "the server reads nothing") from None
            except OSError as error:
                raise PublishError("closed", error.strerror or "") from None

    def _chunked(self, tag: Tag) -> bytes:
        return self._publisher.media(tag.kind, tag.timestamp_ms, tag.body)

    def _write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self._writer.write(data)


async def resolve(host: str, port: int) -> list[str]:
    """Its addresses, the one to try first in front. OSError: none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
