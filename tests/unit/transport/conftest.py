"""An endpoint on loopback with a clock of the test's own, and peers that call it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from embedded_sfu.transport.association import Association
from embedded_sfu.transport.endpoint import Endpoint
from tests.fakes.webrtc_peer import WebRtcPeer

DEADLINE_SECS = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Recorder:
    """An AssociationHandler that keeps all it is told."""

    connected: int = 0
    rtp: list[bytes] = field(default_factory=list)
    arrivals_ms: list[int] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    raising: bool = False

    def got_connected(self) -> None:
        self.connected += 1

    def got_rtp(self, packet: bytearray | memoryview, arrival_ms: int) -> None:
        if self.raising:
            raise RuntimeError("a bug of the owner")
        self.rtp.append(bytes(packet))
        self.arrivals_ms.append(arrival_ms)

    def got_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    def got_closed(self, reason: str) -> None:
        self.closed.append(reason)


async def until(condition: Callable[[], object], what: str) -> None:
    """Polls until the condition holds; fails with `what` after a generous while."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECS
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"did not happen within {DEADLINE_SECS} s: {what}")
        await asyncio.sleep(0.002)


def rtp_packet(number: int, ssrc: int = 0xABCD, size: int = 1000) -> bytes:
    return struct.pack("!BBHII", 0x80, 102, number, number * 3000, ssrc) + bytes(size)


def fingerprint(text: str) -> list[tuple[str, str]]:
    algorithm, _, value = text.partition(" ")
    return [(algorithm, value)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass
class Bench:
    endpoint: Endpoint
    clock: Clock
    peers: list[WebRtcPeer] = field(default_factory=list)

    def pair(self, *, described: bool = True) -> tuple[WebRtcPeer, Association, Recorder]:
        """A peer and its association, who know of each other but have not called yet."""
        recorder = Recorder()
        association = self.endpoint.associate(recorder)
        peer = WebRtcPeer()
        self.peers.append(peer)
        if described:
            self.describe(peer, association)
        return peer, association, recorder

    def describe(self, peer: WebRtcPeer, association: Association) -> None:
        association.set_remote(
            ufrag=peer.ufrag,
            pwd=peer.pwd,
            fingerprints=fingerprint(peer.identity.fingerprint),
            dtls_role="server",
        )

    def call(self, peer: WebRtcPeer, association: Association) -> None:
        peer.connect(
            ("127.0.0.1", self.endpoint.port),
            ufrag=association.ufrag,
            pwd=association.pwd,
            fingerprints=fingerprint(self.endpoint.fingerprint),
        )

    async def connected_pair(self) -> tuple[WebRtcPeer, Association, Recorder]:
        peer, association, recorder = self.pair()
        self.call(peer, association)
        await until(lambda: recorder.connected and peer.connected.is_set(), "the handshake")
        return peer, association, recorder


@pytest.fixture
async def bench(clock: Clock) -> AsyncIterator[Bench]:
    endpoint = Endpoint(["127.0.0.1"], 0, now=clock)
    await endpoint.start()
    made = Bench(endpoint, clock)
    yield made
    for peer in made.peers:
        peer.close()
    endpoint.close()
    assert endpoint.associations == {}
    assert endpoint.counters.internal_errors == 0, "an exception reached the receive loop"
