"""A viewer that offers (WHEP), with aiortc as its player, before the real embedded SFU."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import pytest
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from sfu_relay.events import (
    Answered,
    Lost,
    MediaStarted,
    PeerEvent,
    Refused,
    Role,
    RoomId,
    SessionId,
)
from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.sfu_relay.conftest import Browser, Stage
from tests.integration.sfu_relay.test_relay_with_embedded_sfu import (
    LONG_SECS,
    SmallPicture,
    running,
)

pytestmark = pytest.mark.media


@dataclass
class Player:
    """As a WHEP player is: it offers, is answered, and never hears of the room again."""

    browser: Browser
    connection: RTCPeerConnection
    frames: list[av.VideoFrame] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def receive(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.VideoFrame)
            self.frames.append(frame)

    async def goes_on(self, what: str) -> None:
        seen = len(self.frames)
        await until(lambda: len(self.frames) > seen + 10, what, LONG_SECS)


@asynccontextmanager
async def publishing(relay: Relay, name: str, codec: str) -> AsyncIterator[Browser]:
    events: list[PeerEvent] = []
    peer = relay.open_peer(
        session_id=SessionId(name),
        room_id=RoomId("room_1"),
        role=Role.PUBLISHER,
        on_event=events.append,
    )
    browser, connection = Browser(peer, events), RTCPeerConnection()
    sender = connection.addTransceiver(SmallPicture(), direction="sendonly")
    sender.setCodecPreferences(
        [one for one in _video_codecs() if one.mimeType in (f"video/{codec}", "video/rtx")]
    )
    await connection.setLocalDescription(await connection.createOffer())
    browser.peer.offer(connection.localDescription.sdp, {})
    answer = await browser.hears(Answered)
    await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    yield browser
    await peer.close()
    await connection.close()


def _video_codecs() -> list[Any]:
    from aiortc import RTCRtpSender

    return list(RTCRtpSender.getCapabilities("video").codecs)


async def offer_of(connection: RTCPeerConnection) -> str:
    await connection.setLocalDescription(await connection.createOffer())
    return str(connection.localDescription.sdp)


async def play(relay: Relay, name: str = "sess_player") -> Player:
    events: list[PeerEvent] = []
    peer = relay.open_peer(
        session_id=SessionId(name),
        room_id=RoomId("room_1"),
        role=Role.SUBSCRIBER,
        on_event=events.append,
        by_offer=True,
    )
    player = Player(Browser(peer, events), RTCPeerConnection())

    @player.connection.on("track")
    def got_track(track: MediaStreamTrack) -> None:
        if track.kind == "video":
            player.tasks.append(asyncio.create_task(player.receive(track)))

    player.connection.addTransceiver("video", direction="recvonly")
    player.connection.addTransceiver("audio", direction="recvonly")
    peer.offer(await offer_of(player.connection), {})
    answer = await player.browser.hears(Answered)
    await player.connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    return player


async def leave(player: Player) -> None:
    await player.browser.peer.close()
    await player.connection.close()
    for task in player.tasks:
        task.cancel()
    await asyncio.gather(*player.tasks, return_exceptions=True)


async def test_a_player_is_answered_and_goes_on_when_the_publisher_reloads() -> None:
    async with running() as (_sfu, relay):
        async with publishing(relay, "sess_a", "VP8") as publisher:
            await publisher.hears(MediaStarted)
            player = await play(relay)
            await player.goes_on("the first frames")
            answer = player.browser.told(Answered)[0].sdp
            assert "m=audio" in answer
            assert "a=inactive" in answer  # no sound is sent
        # another publisher, another codec, the same player: nobody asks it for anything
        async with publishing(relay, "sess_b", "H264"):
            await player.goes_on("frames of the next publisher")
        await leave(player)


async def test_a_player_of_an_empty_room_is_told_so() -> None:
    async with running() as (_sfu, relay):
        events: list[PeerEvent] = []
        peer = relay.open_peer(
            session_id=SessionId("sess_early"),
            room_id=RoomId("room_1"),
            role=Role.SUBSCRIBER,
            on_event=events.append,
            by_offer=True,
        )
        connection = RTCPeerConnection()
        connection.addTransceiver("video", direction="recvonly")
        peer.offer(await offer_of(connection), {})
        lost = await Browser(peer, events).hears(Lost)
        assert lost.code == "not_live"
        await connection.close()


async def test_a_player_that_would_send_is_refused() -> None:
    async with running() as (_sfu, relay):
        events: list[PeerEvent] = []
        peer = relay.open_peer(
            session_id=SessionId("sess_sly"),
            room_id=RoomId("room_1"),
            role=Role.SUBSCRIBER,
            on_event=events.append,
            by_offer=True,
        )
        connection = RTCPeerConnection()
        connection.addTransceiver(SmallPicture(), direction="sendrecv")
        peer.offer(await offer_of(connection), {})
        refused = await Browser(peer, events).hears(Refused)
        assert refused.code == "sends_media"
        await peer.close()
        await connection.close()


async def test_ion_is_never_sent_a_viewers_offer(stage: Stage) -> None:
    """It would take the player for a publisher."""
    events: list[PeerEvent] = []
    peer = stage.relay.open_peer(
        session_id=SessionId("sess_player"),
        room_id=RoomId("room_1"),
        role=Role.SUBSCRIBER,
        on_event=events.append,
        by_offer=True,
    )
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    peer.offer(await offer_of(connection), {})
    lost = await Browser(peer, events).hears(Lost)
    assert lost.code in ("not_supported", "sfu_unavailable")
    await connection.close()
