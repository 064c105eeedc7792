"""A real gRPC server of rtc.RTC on loopback that records what arrives and speaks by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc, stats_pb2, stats_pb2_grpc

Replier = Callable[["ScriptedStream", rtc_pb2.Request], Awaitable[None]]
DEADLINE_SECS = 10.0


@dataclass(eq=False)
class ScriptedStream:
    """One peer's stream, seen from the SFU."""

    context: grpc.aio.ServicerContext
    received: list[rtc_pb2.Request] = field(default_factory=list)
    half_closed: bool = False
    over: bool = False
    abort_with: tuple[grpc.StatusCode, str] | None = None
    replies: asyncio.Queue[rtc_pb2.Reply | None] = field(default_factory=asyncio.Queue)

    @property
    def uid(self) -> str:
        return self.received[0].join.uid if self.received else ""

    def kinds(self) -> list[str | None]:
        return [request.WhichOneof("payload") for request in self.received]

    def say(self, **payload: object) -> None:
        self.replies.put_nowait(rtc_pb2.Reply(**payload))

    def say_offer(self, sdp: str) -> None:
        self.say(
            description=rtc_pb2.SessionDescription(target=rtc_pb2.SUBSCRIBER, type="offer", sdp=sdp)
        )

    def say_tracks(
        self, uid: str, *tracks: rtc_pb2.TrackInfo, state: int = rtc_pb2.TrackEvent.ADD
    ) -> None:
        self.say(trackEvent=rtc_pb2.TrackEvent(state=state, uid=uid, tracks=tracks))

    def end(self, code: grpc.StatusCode, detail: str) -> None:
        self.abort_with = (code, detail)
        self.replies.put_nowait(None)


async def answer_everything(stream: ScriptedStream, request: rtc_pb2.Request) -> None:
    """What a friendly SFU does."""
    match request.WhichOneof("payload"):
        case "join":
            stream.say(
                join=rtc_pb2.JoinReply(
                    success=True,
                    description=rtc_pb2.SessionDescription(type="answer", sdp="answer to join"),
                )
            )
        case "description" if request.description.type == "offer":
            stream.say(description=rtc_pb2.SessionDescription(type="answer", sdp="answer to offer"))
        case "subscription":
            stream.say(subscription=rtc_pb2.SubscriptionReply(success=True))


async def say_nothing(stream: ScriptedStream, request: rtc_pb2.Request) -> None:
    """What a hung SFU does."""


class ScriptedSfu(rtc_pb2_grpc.RTCServicer):
    """Use as `async with ScriptedSfu() as sfu`; `port` stays the same over `kill` and `start`."""

    def __init__(self, replier: Replier = answer_everything, *, with_stats: bool = False) -> None:
        self.replier = replier
        self.with_stats = with_stats
        self.connected = False  # what its stats say of every session
        self.streams: list[ScriptedStream] = []
        self.reading = asyncio.Event()  # cleared: the server reads nothing more
        self.reading.set()
        self.healthy = True
        self.health_answers = asyncio.Event()  # cleared: health checks hang
        self.health_answers.set()
        self.port = 0
        self._server: grpc.aio.Server | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> ScriptedSfu:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        rtc_pb2_grpc.add_RTCServicer_to_server(self, server)
        health_pb2_grpc.add_HealthServicer_to_server(_Health(self), server)
        if self.with_stats:
            stats_pb2_grpc.add_StatsServicer_to_server(_Stats(self), server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        self._server = server

    async def kill(self) -> None:
        """As a dying process: every stream ends at once."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace=None)

    async def Signal(
        self, request_iterator: AsyncIterator[rtc_pb2.Request], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[rtc_pb2.Reply]:
        stream = ScriptedStream(context)
        self.streams.append(stream)
        reader = asyncio.create_task(self._read(stream, request_iterator))
        try:
            while (reply := await stream.replies.get()) is not None:
                yield reply
            if stream.abort_with is not None:
                await context.abort(*stream.abort_with)
        finally:
            stream.over = True
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, stream: ScriptedStream, requests: AsyncIterator[rtc_pb2.Request]) -> None:
        async for request in requests:
            stream.received.append(request)
            await self.replier(stream, request)
            await self.reading.wait()
        stream.half_closed = True
        stream.replies.put_nowait(None)

    def everything_received(self) -> list[rtc_pb2.Request]:
        return [request for stream in self.streams for request in stream.received]


class _Health(health_pb2_grpc.HealthServicer):
    def __init__(self, sfu: ScriptedSfu) -> None:
        self._sfu = sfu

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        await self._sfu.health_answers.wait()
        status = health_pb2.HealthCheckResponse
        return status(status=status.SERVING if self._sfu.healthy else status.NOT_SERVING)


class _Stats(stats_pb2_grpc.StatsServicer):
    def __init__(self, sfu: ScriptedSfu) -> None:
        self._sfu = sfu

    async def Get(
        self, request: stats_pb2.StatsRequest, context: grpc.aio.ServicerContext
    ) -> stats_pb2.StatsReply:
        stats = stats_pb2.SessionStats(
            uid=request.uid, video_bitrate=1_500_000, jitter=5.5, connected=self._sfu.connected
        )
        return stats_pb2.StatsReply(sessions=[stats])


async def until(condition: Callable[[], object], reason: str, secs: float = DEADLINE_SECS) -> None:
    """Poll until the condition holds; fail with the reason."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + secs
    while not condition():
        if loop.time() > deadline:
            raise AssertionError(f"waited {secs} s in vain: {reason}")
        await asyncio.sleep(0.01)
