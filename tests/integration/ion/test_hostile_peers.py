"""What kills or jams a node, sent through our relay to the one without patches: it gets none of it.

The node's pid and its gauges are the judges: it lives, and holds what it should.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import RTCPeerConnection

from sfu_relay.events import Lost, PeerEvent, Refused, Role, RoomId, SessionId, Target
from sfu_relay.fixed_offer import FIXED_OFFER
from sfu_relay.relay import Peer, Relay
from tests.fakes.scripted_sfu import until
from tests.integration.ion.conftest import relay_config, relaying, until_true
from tests.integration.ion.node import IonNode
from tests.integration.ion.people import LONG_SECS, sending, watching
from tests.integration.ion.raw import takes_a_join

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]

BAD_SDPS = {
    "empty": "",
    "garbage": "hello\x00world",
    "no sections": "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    "3 MB": FIXED_OFFER + "a=x:" + "y" * 3_000_000,
    "300 sections": FIXED_OFFER + FIXED_OFFER[FIXED_OFFER.index("m=audio") :] * 300,
    "bad rtpmap": FIXED_OFFER.replace("opus/48000/2", "opus/0/0/0/0"),
    "bad m-line": FIXED_OFFER.replace("SAVPF 111", "SAVPF x y z"),
    "bad extmap": FIXED_OFFER + "a=extmap:0 \r\n",
}
BAD_CANDIDATES: tuple[Any, ...] = (
    "text",
    7,
    {"candidate": "candidate:garbage", "sdpMid": "0"},
    {"candidate": "candidate:1 1 udp 1 example.org 99999999 typ host", "sdpMid": "0"},
    {"candidate": "candidate:1 1 udp 1 host.example.org 9 typ host", "sdpMid": "0"},
    {"candidate": "candidate:1 1 udp 1 127.0.0.1 -1 typ host", "sdpMLineIndex": 70_000},
)


@pytest.fixture
async def relay_of_plain(plain_node: IonNode) -> AsyncIterator[Relay]:
    async with relaying(plain_node) as one:
        yield one


def open_peer(relay: Relay, role: Role, name: str) -> tuple[Peer, list[PeerEvent]]:
    events: list[PeerEvent] = []
    peer = relay.open_peer(
        session_id=SessionId(name), room_id=RoomId("room_1"), role=role, on_event=events.append
    )
    return peer, events


async def refused(events: list[PeerEvent], count: int = 1) -> None:
    await until(lambda: len([e for e in events if isinstance(e, Refused)]) >= count, f"{events}")
    assert not [event for event in events if isinstance(event, Lost)], events


async def holds(node: IonNode, streams: int) -> None:
    async def so_many() -> bool:
        return await node.streams() == streams

    await until_true(so_many, f"{streams} streams")
    assert node.is_alive


@pytest.mark.parametrize("what", BAD_SDPS)
async def test_an_offer_that_is_none(plain_node: IonNode, relay_of_plain: Relay, what: str) -> None:
    pid = plain_node.pid
    peer, events = open_peer(relay_of_plain, Role.PUBLISHER, "sess_bad")
    peer.offer(BAD_SDPS[what])
    await refused(events)
    await holds(plain_node, 0)
    await peer.close()
    assert plain_node.pid == pid
    await takes_a_join(plain_node)


async def test_a_viewer_says_everything_wrong(plain_node: IonNode, relay_of_plain: Relay) -> None:
    async with sending(relay_config(plain_node)), watching(relay_of_plain) as viewer:
        await viewer.sees(10)
        events: list[PeerEvent] = []
        peer, events = open_peer(relay_of_plain, Role.SUBSCRIBER, "sess_hostile")
        peer.layer("track", "f")  # a Subscription before the join ends the process
        peer.answer("early", 1)
        await until(lambda: peer._session.phase.value == "joined", "the join", LONG_SECS)
        peer.offer(FIXED_OFFER.replace("a=inactive", "a=sendrecv"))
        for sdp in (*BAD_SDPS.values(), FIXED_OFFER.replace("actpass", "active")):
            peer.answer(sdp, None)
        for candidate in BAD_CANDIDATES:
            peer.candidate(candidate, Target.SUBSCRIBER)
            peer.candidate(candidate, Target.PUBLISHER)
        for layer in ("f", "x" * 10_000, ""):
            peer.layer("nobody's", layer)
        await refused(events, 15)
        # An answer twice, and one that nobody asked for.
        viewer.peer.answer(viewer.connection.localDescription.sdp, None)
        viewer.peer.answer(viewer.connection.localDescription.sdp, 77)
        await viewer.sees(30)
        await holds(plain_node, 3)
        await peer.close()
        await holds(plain_node, 2)
    await takes_a_join(plain_node)


async def test_a_publisher_says_everything_wrong(
    plain_node: IonNode, relay_of_plain: Relay
) -> None:
    connection = RTCPeerConnection()
    connection.addTransceiver("audio", direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    good = connection.localDescription.sdp
    peer, events = open_peer(relay_of_plain, Role.PUBLISHER, "sess_hostile")
    for candidate in BAD_CANDIDATES:
        peer.candidate(candidate, Target.PUBLISHER)  # before the join
    peer.offer(good)
    await until(lambda: peer._session.phase.value == "joined", "the join", LONG_SECS)
    for sdp in BAD_SDPS.values():
        peer.offer(sdp)
    for candidate in BAD_CANDIDATES:
        peer.candidate(candidate, Target.PUBLISHER)
    for _ in range(20):  # one is with the node, one waits, the others are refused
        peer.offer(good)
    await refused(events, len(BAD_SDPS) + 2 * len(BAD_CANDIDATES))
    await holds(plain_node, 1)
    await peer.close()
    await connection.close()
    await holds(plain_node, 0)
    await takes_a_join(plain_node)


async def test_peers_that_come_and_go_all_at_once(
    plain_node: IonNode, relay_of_plain: Relay
) -> None:
    """Half of them leave before they are answered; a race that the node loses is tried again."""
    opened = [
        open_peer(relay_of_plain, Role.SUBSCRIBER, f"sess_storm{number}") for number in range(120)
    ]
    await asyncio.gather(*(peer.close() for peer, _ in opened[::2]))
    for peer, _ in opened[1::2]:
        await until(lambda peer=peer: peer._session.phase.value == "joined", "a join", LONG_SECS)
    await holds(plain_node, 60)
    assert not [event for _, events in opened for event in events if isinstance(event, Lost)]
    await asyncio.gather(*(peer.close() for peer, _ in opened))
    await holds(plain_node, 0)
    assert await plain_node.metric("sfu_sessions") == 0
