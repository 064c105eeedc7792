"""A client that says to a node what our relay never would: rtc.RTC by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from sfu_relay.fixed_offer import FIXED_OFFER
from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc
from tests.integration.ion.node import IonNode

ANSWER_SECS = 20.0


class RawStream:
    """One Signal stream: `replies` as they came, `ended` with its status when it is over."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.replies: list[rtc_pb2.Reply] = []
        self.ended: grpc.StatusCode | None = None
        self.detail = ""
        self._call = rtc_pb2_grpc.RTCStub(channel).Signal()
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while (reply := await self._call.read()) is not grpc.aio.EOF:
                self.replies.append(reply)
                self._news.set()
        except grpc.aio.AioRpcError:
            pass
        self.ended = await self._call.code()
        self.detail = await self._call.details() or ""
        self._news.set()

    async def send(self, **payload: Any) -> None:
        try:
            await self._call.write(rtc_pb2.Request(**payload))
        except grpc.aio.AioRpcError:
            await self._reading  # `ended` says why

    async def join(
        self, uid: str, *, room: str = "room_raw", sdp: str | None = FIXED_OFFER, **config: str
    ) -> None:
        join = rtc_pb2.JoinRequest(sid=room, uid=uid, config=config)
        if sdp is not None:
            join.description.CopyFrom(
                rtc_pb2.SessionDescription(target=rtc_pb2.PUBLISHER, type="offer", sdp=sdp)
            )
        await self.send(join=join)

    async def describe(self, kind: str, sdp: str) -> None:
        target = rtc_pb2.PUBLISHER if kind == "offer" else rtc_pb2.SUBSCRIBER
        await self.send(description=rtc_pb2.SessionDescription(target=target, type=kind, sdp=sdp))

    async def subscribe(self, track_id: str, layer: str) -> None:
        wish = rtc_pb2.Subscription(trackId=track_id, subscribe=True, layer=layer)
        await self.send(subscription=rtc_pb2.SubscriptionRequest(subscriptions=[wish]))

    async def trickle(self, candidate: dict[str, Any], target: int = rtc_pb2.PUBLISHER) -> None:
        await self.send(trickle=rtc_pb2.Trickle(target=target, init=json.dumps(candidate)))

    def of(self, name: str) -> list[Any]:
        return [getattr(one, name) for one in self.replies if one.WhichOneof("payload") == name]

    async def hears(self, name: str, secs: float = ANSWER_SECS) -> Any:
        """The first reply of a kind; an end before it is a failure."""
        async with asyncio.timeout(secs):
            while not self.of(name):
                assert self.ended is None, f"{self.ended} {self.detail}"
                self._news.clear()
                await self._news.wait()
        return self.of(name)[0]

    async def over(self, secs: float = ANSWER_SECS) -> grpc.StatusCode:
        async with asyncio.timeout(secs):
            await asyncio.shield(self._reading)
        assert self.ended is not None
        return self.ended

    async def close(self) -> None:
        self._call.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class Raw:
    """Streams of one channel, closed together."""

    def __init__(self, node: IonNode) -> None:
        self.channel = grpc.aio.insecure_channel(node.address)
        self._streams: list[RawStream] = []

    def stream(self) -> RawStream:
        self._streams.append(RawStream(self.channel))
        return self._streams[-1]

    async def close(self) -> None:
        await asyncio.gather(*(stream.close() for stream in self._streams))
        await self.channel.close()


@asynccontextmanager
async def raw_client(node: IonNode) -> AsyncIterator[Raw]:
    one = Raw(node)
    try:
        yield one
    finally:
        await one.close()


async def takes_a_join(node: IonNode) -> None:
    """It is alive, and does what it is for."""
    async with raw_client(node) as raw:
        stream = raw.stream()
        await stream.join("proof", room="room_proof")
        assert (await stream.hears("join")).success
