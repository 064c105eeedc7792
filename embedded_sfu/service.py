"""The gRPC front: rtc.RTC as Ion serves it, gRPC health, and our Stats. Thin: a peer decides."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc, stats_pb2, stats_pb2_grpc

from .clock import now_ms
from .config import Config
from .peer import Peer
from .room import Rooms
from .stats import node_stats, session_stats
from .transport.endpoint import Endpoint

log = logging.getLogger(__name__)

# A room of 16 publishers with 3 tracks is told in 50 replies; whoever leaves 1,000 unread is gone.
MAX_QUEUED_REPLIES = 1_000
REPAIR_EVERY_SECS = 0.05
LAYERS_EVERY_TICKS = 5
SECOND_TICKS = 20
STOP_GRACE_SECS = 0.2
_OPTIONS = (
    # A second SFU on the port must fail, not share it.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
    # Relays may ping as they like: they are on this machine.
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
)


class RtcService(rtc_pb2_grpc.RTCServicer):
    """One stream is one peer."""

    def __init__(self, endpoint: Endpoint, rooms: Rooms) -> None:
        self._endpoint = endpoint
        self._rooms = rooms

    async def Signal(
        self,
        request_iterator: AsyncIterator[rtc_pb2.Request],
        context: grpc.aio.ServicerContext[rtc_pb2.Request, rtc_pb2.Reply],
    ) -> None:
        replies: asyncio.Queue[rtc_pb2.Reply | None] = asyncio.Queue(MAX_QUEUED_REPLIES + 1)

        def send(reply: rtc_pb2.Reply) -> None:
            if replies.qsize() < MAX_QUEUED_REPLIES:
                replies.put_nowait(reply)
            else:
                end()

        def end() -> None:
            if not replies.full():
                replies.put_nowait(None)
            reader.cancel()

        peer = Peer(self._endpoint, self._rooms, send=send, end=end)

        async def read() -> None:
            try:
                async for request in request_iterator:
                    peer.got_request(request)
            finally:
                if not replies.full():
                    replies.put_nowait(None)

        reader = asyncio.create_task(read())
        try:
            while (reply := await replies.get()) is not None:
                await context.write(reply)
        finally:
            peer.close()
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reader


class StatsService(stats_pb2_grpc.StatsServicer):
    def __init__(self, endpoint: Endpoint, rooms: Rooms) -> None:
        self._endpoint = endpoint
        self._rooms = rooms

    async def Get(self, request: stats_pb2.StatsRequest, context: Any) -> stats_pb2.StatsReply:
        reply = stats_pb2.StatsReply(node=node_stats(self._rooms, self._endpoint))
        if request.uid:
            reply.sessions.extend(session_stats(self._rooms, request.uid))
        return reply


class Sfu:
    """The running SFU: gRPC server, UDP endpoint and the clock of both."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.rooms = Rooms()
        self.endpoint = Endpoint(config.addresses, config.udp_port)
        self.grpc_port = config.grpc_port
        self._server: grpc.aio.Server | None = None
        self._health = health_aio.HealthServicer()
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens on both ports; SERVING is said last. Raises OSError or RuntimeError."""
        await self.endpoint.start()
        server = self._server = grpc.aio.server(options=_OPTIONS)
        rtc_pb2_grpc.add_RTCServicer_to_server(RtcService(self.endpoint, self.rooms), server)
        stats_pb2_grpc.add_StatsServicer_to_server(StatsService(self.endpoint, self.rooms), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        self.grpc_port = server.add_insecure_port(f"{_host(self.config)}:{self.config.grpc_port}")
        await server.start()
        self._clock = asyncio.create_task(self._run_clock())
        for name in ("", "rtc.RTC"):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self) -> None:
        await self._health.enter_graceful_shutdown()
        if self._clock is not None:
            self._clock.cancel()
        if self._server is not None:
            await self._server.stop(STOP_GRACE_SECS)
        self.endpoint.close()

    async def _run_clock(self) -> None:
        tick = 0
        while True:
            await asyncio.sleep(REPAIR_EVERY_SECS)
            tick += 1
            try:
                self._tick(tick)
            except Exception:
                log.exception("the clock")

    def _tick(self, tick: int) -> None:
        at_ms = now_ms()
        choose = tick % LAYERS_EVERY_TICKS == 0
        second = tick % SECOND_TICKS == 0
        for member in tuple(self.rooms.members.values()):
            if not isinstance(member, Peer):
                continue
            publisher, subscriber = member.publisher, member.subscriber
            if publisher is not None:
                publisher.repair(at_ms)
                if second:
                    publisher.report(at_ms)
                    for track in publisher.tracks.values():
                        for layer in track.layers.values():
                            layer.measure()
            if subscriber is not None:
                if second:
                    subscriber.second()
                if choose:
                    subscriber.choose_layers(at_ms)


def _host(config: Config) -> str:
    return f"[{config.grpc_host}]" if ":" in config.grpc_host else config.grpc_host
