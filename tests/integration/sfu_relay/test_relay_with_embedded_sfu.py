"""The relay in front of the real embedded SFU, with aiortc in the browsers' place."""

from __future__ import annotations

import asyncio
import fractions
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import av
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)

from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    Lost,
    MediaStarted,
    Offered,
    PeerEvent,
    Refused,
    Role,
    RoomId,
    SessionId,
    TracksChanged,
)
from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.sfu_relay.conftest import Browser, no_relay_tasks

pytestmark = pytest.mark.media
LONG_SECS = 30.0  # two cores, shared


class SmallPicture(VideoStreamTrack):
    """160×120 grey: as little encoding as can be."""

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(width=160, height=120)
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts, frame.time_base = pts, fractions.Fraction(time_base)
        return frame


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedSfu:
    """`python -m embedded_sfu`, startable again on the same ports."""

    def __init__(self) -> None:
        self.grpc_port = free_port(socket.SOCK_STREAM)
        self._udp_port = free_port(socket.SOCK_DGRAM)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "embedded_sfu", "--public-ips", "127.0.0.1"),
            *("--grpc-port", str(self.grpc_port), "--udp-port", str(self._udp_port)),
            env={**os.environ, "GRPC_VERBOSITY": "ERROR"},
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            await self._process.wait()
            self._process = None


@asynccontextmanager
async def running() -> AsyncIterator[tuple[EmbeddedSfu, Relay]]:
    sfu = EmbeddedSfu()
    await sfu.start()
    relay = Relay(RelayConfig(enabled=True, server_url=sfu.address, health_interval_secs=0.2))
    try:
        await until(relay.healthy, "the SFU to be healthy", LONG_SECS)
        yield sfu, relay
    finally:
        await relay.aclose()
        await sfu.end(signal.SIGKILL)
        await no_relay_tasks()


def open_browser(relay: Relay, role: Role, name: str) -> Browser:
    events: list[PeerEvent] = []
    peer = relay.open_peer(
        session_id=SessionId(name), room_id=RoomId("room_1"), role=role, on_event=events.append
    )
    return Browser(peer, events)


async def publish(relay: Relay, name: str) -> tuple[Browser, RTCPeerConnection]:
    browser, connection = open_browser(relay, Role.PUBLISHER, name), RTCPeerConnection()
    connection.addTransceiver(SmallPicture(), direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    browser.peer.offer(connection.localDescription.sdp, {})
    answer = await browser.hears(Answered)
    await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    return browser, connection


async def watch(relay: Relay, name: str) -> tuple[Browser, RTCPeerConnection, MediaStreamTrack]:
    browser, connection = open_browser(relay, Role.SUBSCRIBER, name), RTCPeerConnection()
    received: list[MediaStreamTrack] = []
    connection.on("track", received.append)
    offer = await browser.hears(Offered)
    await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    browser.peer.answer(connection.localDescription.sdp, offer.offer_id)
    await until(lambda: received, "a track")
    return browser, connection, received[0]


async def test_media_flows_survives_a_kill_and_leaves_nothing() -> None:
    connections: list[RTCPeerConnection] = []
    async with running() as (sfu, relay):
        for turn in ("before", "after"):
            publisher, sending = await publish(relay, f"pub-{turn}")
            connections.append(sending)
            await publisher.hears(MediaStarted)
            began = time.monotonic()
            viewer, receiving, track = await watch(relay, f"view-{turn}")
            connections.append(receiving)
            frame = await asyncio.wait_for(track.recv(), LONG_SECS)
            print(f"{turn} the kill: first frame {time.monotonic() - began:.3f} s after the join")
            assert (frame.width, frame.height) == (160, 120)
            (info,) = (await viewer.hears(TracksChanged)).tracks
            assert (info.kind, info.session_id) == ("video", f"pub-{turn}")
            assert not publisher.told(Refused) + viewer.told(Refused)
            stats = await relay.session_stats(viewer.peer.session_id)
            assert stats is not None
            assert stats.packets > 0
            if turn == "before":
                await sfu.end(signal.SIGKILL)
                for browser in (publisher, viewer):
                    lost = await browser.hears(Lost)
                    assert lost.code == "sfu_restarted"
                    assert lost.retry_in_ms is not None
                    assert lost.retry_in_ms <= 250
                await sfu.start()
            else:
                await publisher.peer.close()
                assert (await viewer.hears(TracksChanged, 2)).tracks == ()
                await viewer.peer.close()
        for connection in connections:
            await connection.close()
        assert relay.peers() == []


async def test_the_layer_of_a_viewer_that_waits_is_refused() -> None:
    async with running() as (_, relay):
        viewer = open_browser(relay, Role.SUBSCRIBER, "early")
        viewer.peer.layer("cam", "h")
        assert (await viewer.hears(Refused)).code == "wrong_order"
        await until(lambda: viewer.peer._session.phase.value == "joined", "the join", LONG_SECS)
        await viewer.peer.close()
