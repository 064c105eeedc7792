"""One peer's gRPC stream to the SFU (rtc.RTC/Signal): join, answer, leave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import grpc
import grpc.aio

from bench.fanout import sdp
from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc

TIMEOUT_SECS = 20.0


class Stream:
    """Made by `Stream.open`; `close` ends the peer."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._out: asyncio.Queue[rtc_pb2.Request | None] = asyncio.Queue()
        self._call = rtc_pb2_grpc.RTCStub(channel).Signal(self._requests())
        self.problems: list[str] = []
        self.address: tuple[str, int] | None = None
        self.join: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.offer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())

    async def do_join(self, sid: str, uid: str, offer: str) -> str:
        """The answer to `offer`."""
        description = rtc_pb2.SessionDescription(target=rtc_pb2.PUBLISHER, type="offer", sdp=offer)
        self.send(
            rtc_pb2.Request(join=rtc_pb2.JoinRequest(sid=sid, uid=uid, description=description))
        )
        return await asyncio.wait_for(asyncio.shield(self.join), TIMEOUT_SECS)

    async def get_offer(self) -> str:
        """The SFU's first offer for the subscriber transport."""
        return await asyncio.wait_for(asyncio.shield(self.offer), TIMEOUT_SECS)

    def answer(self, text: str) -> None:
        description = rtc_pb2.SessionDescription(target=rtc_pb2.SUBSCRIBER, type="answer", sdp=text)
        self.send(rtc_pb2.Request(description=description))

    def send(self, request: rtc_pb2.Request) -> None:
        self._out.put_nowait(request)

    async def close(self) -> None:
        self._out.put_nowait(None)
        try:
            await asyncio.wait_for(self._reader, TIMEOUT_SECS)
        except TimeoutError:
            self._call.cancel()

    async def _requests(self) -> AsyncIterator[rtc_pb2.Request]:
        while (request := await self._out.get()) is not None:
            yield request

    async def _read(self) -> None:
        try:
            async for reply in self._call:
                self._got(reply)
        except grpc.aio.AioRpcError as error:
            self._fail(f"the stream ended: {error.code()} {error.details()}")
        else:
            self._fail("the stream ended")

    def _got(self, reply: rtc_pb2.Reply) -> None:
        match reply.WhichOneof("payload"):
            case "join":
                if reply.join.success and not self.join.done():
                    self._note(reply.join.description.sdp)
                    self.join.set_result(reply.join.description.sdp)
                elif not self.join.done():
                    self.join.set_exception(RuntimeError(reply.join.error.reason))
            case "description":
                if reply.description.type == "offer" and not self.offer.done():
                    self._note(reply.description.sdp)
                    self.offer.set_result(reply.description.sdp)
            case "trickle":
                self._note(str(json.loads(reply.trickle.init).get("candidate", "")))
            case "error":
                self._fail(reply.error.reason)

    def _note(self, text: str) -> None:
        self.address = self.address or sdp.address_of(text)

    def _fail(self, reason: str) -> None:
        self.problems.append(reason)
        for future in (self.join, self.offer):
            if not future.done():
                future.set_exception(RuntimeError(reason))
                future.exception()  # whoever waits is told; nobody else need be
