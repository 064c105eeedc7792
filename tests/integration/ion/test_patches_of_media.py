"""Patches against what comes by media: RTCP, RTP and data channels, which no relay sees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiortc import RTCDataChannel
from aiortc.rtp import RtcpRtpfbPacket

from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.bridge.webrtc_room import Publisher
from tests.integration.ion.conftest import relay_config, relaying
from tests.integration.ion.node import IonNode
from tests.integration.ion.people import LONG_SECS, Watcher, sending, watching
from tests.integration.ion.raw import takes_a_join

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]
Attack = Callable[[Publisher, Watcher], Awaitable[None]]
NACK = 1  # RFC 4585, 6.2.1


@asynccontextmanager
async def at_play(node: IonNode) -> AsyncIterator[tuple[Publisher, Watcher, Relay]]:
    """Somebody sends and somebody watches."""
    async with (
        relaying(node) as relay,
        sending(relay_config(node)) as publisher,
        watching(relay) as watcher,
    ):
        await watcher.sees(10)
        await until(lambda: watcher.sounds > 10, "sound", LONG_SECS)
        yield publisher, watcher, relay


async def audio_nack(publisher: Publisher, watcher: Watcher) -> None:
    """For a packet of sound, as a browser sends it that was told that it may."""
    [receiver] = [
        each.receiver for each in watcher.connection.getTransceivers() if each.kind == "audio"
    ]
    [source] = [each.source for each in receiver.getSynchronizationSources()]
    for _ in range(5):
        nack = RtcpRtpfbPacket(fmt=NACK, ssrc=1, media_ssrc=source, lost=[1, 2, 3])
        await receiver.transport._send_rtp(bytes(nack))
        await asyncio.sleep(0.05)


KILLS: dict[str, Attack] = {"07-audio-nack": audio_nack}


@pytest.mark.parametrize("name", KILLS)
async def test_the_published_node_dies(plain_node: IonNode, name: str) -> None:
    async with at_play(plain_node) as (publisher, watcher, _):
        await KILLS[name](publisher, watcher)
        assert "panic" in await plain_node.dies()


@pytest.mark.parametrize("name", KILLS)
async def test_ours_lives_and_plays(node: IonNode, name: str) -> None:
    async with at_play(node) as (publisher, watcher, _):
        await KILLS[name](publisher, watcher)
        publisher.shows = True
        await watcher.sees(30)
    await takes_a_join(node)


async def messages_to_others(node: IonNode) -> list[str]:
    """What a second viewer hears on its data channel when the first asks for low layers."""
    async with at_play(node) as (publisher, watcher, relay), watching(relay) as other:
        await other.sees(10)
        mine, theirs = await channel_of(watcher), await channel_of(other)
        heard: list[str] = []
        theirs.on("message", lambda message: heard.append(json.loads(message)["method"]))
        mine.send(json.dumps({"streamId": publisher.session_id, "layers": ["low"]}))
        # Its own picture off, which it may: once that is seen, what came before was done.
        mine.send(json.dumps({"streamId": publisher.session_id, "video": "none"}))
        await falls_silent(watcher)
        await other.sees(10)
        return heard


async def falls_silent(watcher: Watcher) -> None:
    """No picture for a second."""
    deadline = asyncio.get_running_loop().time() + LONG_SECS
    count = -1
    while count != len(watcher.numbers):
        assert asyncio.get_running_loop().time() < deadline, "pictures go on"
        count = len(watcher.numbers)
        await asyncio.sleep(1.0)


async def channel_of(watcher: Watcher) -> RTCDataChannel:
    await until(lambda: watcher.channels, "the node's data channel", LONG_SECS)
    return watcher.channels[0]


async def test_10_layers_of_others(node: IonNode, plain_node: IonNode) -> None:
    assert "activeLayer" in await messages_to_others(plain_node)
    assert "activeLayer" not in await messages_to_others(node)


async def labels_that_spread(node: IonNode) -> list[str]:
    """Data channels of a viewer, when a publisher has opened one more."""
    async with relaying(node) as relay, watching(relay) as watcher:
        await channel_of(watcher)
        async with sending(relay_config(node), label="spam") as publisher:
            await watcher.sees(30)
            spam = publisher.channel
            assert spam is not None
            await until(
                lambda: len(watcher.channels) > 1 or spam.readyState == "closed",
                f"the channel to spread or to be closed; it is {spam.readyState}",
                LONG_SECS,
            )
            return [each.label for each in watcher.channels]


async def test_11_no_fan_out(node: IonNode, plain_node: IonNode) -> None:
    assert "spam" in await labels_that_spread(plain_node)
    assert await labels_that_spread(node) == ["ion-sfu"]
