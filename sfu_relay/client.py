"""One gRPC stream to an SFU: a reader and a writer task and nothing else. It decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import grpc
import grpc.aio

from sfu_relay.codec import parse_end
from sfu_relay.messages import End
from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc

logger = logging.getLogger(__name__)

MAX_QUEUED_REQUESTS = 256  # all a peer may send before the SFU reads: 256 candidates come first


class SfuStream:
    """`on_reply` and `on_end` are called from the event loop, never awaited; `on_end` at most once.

    After `close` or `abort` nothing is called any more.
    """

    def __init__(
        self,
        stub: rtc_pb2_grpc.RTCStub,
        *,
        on_reply: Callable[[rtc_pb2.Reply], None],
        on_end: Callable[[End, str], None],
    ) -> None:
        self._on_reply = on_reply
        self._on_end = on_end
        self._closing = False
        self._queue: asyncio.Queue[rtc_pb2.Request | None] = asyncio.Queue(MAX_QUEUED_REQUESTS + 1)
        self._call = stub.Signal()
        self._reader = asyncio.create_task(self._read(), name="sfu-reader")
        self._writer = asyncio.create_task(self._write(), name="sfu-writer")

    def send(self, request: rtc_pb2.Request) -> None:
        """Queue a request; a full queue ends the stream."""
        if self._closing:
            return
        if self._queue.qsize() >= MAX_QUEUED_REQUESTS:
            self._ended(End.OVERFLOW, "the media server does not read")
            self._call.cancel()
            return
        self._queue.put_nowait(request)

    async def close(self, timeout_secs: float) -> None:
        """Send what is queued, half-close, await the SFU's own end; cancel after the time-out."""
        self._closing = True
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)
        try:
            await asyncio.wait({self._reader, self._writer}, timeout=timeout_secs)
        finally:
            self.abort()
            await asyncio.gather(self._reader, self._writer, return_exceptions=True)

    def abort(self) -> None:
        """End it now, without a word."""
        self._closing = True
        self._call.cancel()
        self._reader.cancel()
        self._writer.cancel()

    async def _write(self) -> None:
        # A broken call fails here too; the reader tells how it ended, and tells it once.
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while (request := await self._queue.get()) is not None:
                await self._call.write(request)
            await self._call.done_writing()

    async def _read(self) -> None:
        try:
            while (reply := await self._call.read()) is not grpc.aio.EOF:
                if self._closing:
                    continue
                try:
                    self._on_reply(reply)
                except Exception:  # our bug must not silence the stream
                    logger.exception("a reply of the media server could not be handled")
            code, detail = await self._call.code(), await self._call.details()
        except grpc.aio.AioRpcError as error:
            code, detail = error.code(), error.details()
        except asyncio.CancelledError:
            if self._closing or not self._call.cancelled():
                raise
            code, detail = grpc.StatusCode.CANCELLED, "cancelled"
        self._writer.cancel()
        self._ended(parse_end(code, detail or ""), detail or code.name)

    def _ended(self, end: End, detail: str) -> None:
        if self._closing:
            return
        self._closing = True
        try:
            self._on_end(end, detail)
        except Exception:
            logger.exception("the end of a stream could not be handled")
