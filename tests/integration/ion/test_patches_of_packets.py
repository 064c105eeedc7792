"""Patches that show by packets made by hand."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from tests.fakes.scripted_sfu import until
from tests.integration.ion.hand_made import CC_ID, RID_ID, HandMade, candidates_of, hand_made
from tests.integration.ion.node import IonNode
from tests.integration.ion.people import LONG_SECS
from tests.integration.ion.raw import RawStream, raw_client, takes_a_join

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]


async def acknowledged_padding(node: IonNode) -> float:
    """Of packets of padding alone between pictures, the share that came as the node says."""
    padding = set(range(1, 400, 2))
    async with hand_made(node, "room_hand") as made:
        for number in range(400):
            wide = {CC_ID: number.to_bytes(2)}
            await made.send(wide, only_padding=number in padding)
            await asyncio.sleep(0.005)
        heard = max(made.acknowledged, default=0)
        assert heard > 200, f"feedback up to {heard}"
        due = {number for number in padding if number < heard}
        return len(due & made.acknowledged) / len(due)


async def test_09_feedback_for_padding(node: IonNode, plain_node: IonNode) -> None:
    plain, ours = await acknowledged_padding(plain_node), await acknowledged_padding(node)
    print(f"padding that is acknowledged: {plain:.0%} by the published node, {ours:.0%} by ours")
    assert plain < 0.5
    assert ours > 0.9


QUICK = {  # a connection that is gone is given up after 2 s, and the log says so
    "disconnected = 5": "disconnected = 1",
    "failed = 25": "failed = 1",
    "keepalive = 2": "keepalive = 1",
    "v = 0": "v = 1",
}


async def subscription_of_the_dead(node: IonNode) -> None:
    """A viewer whose connection has gone asks for a layer, on its stream that has not."""
    async with hand_made(node, "room_dead", layer="f") as made, raw_client(node) as raw:
        sending = asyncio.create_task(keep_sending(made))
        viewer = raw.stream()
        await viewer.join("dying", room="room_dead", NoAutoSubscribe="true")
        await viewer.hears("join")
        event = await viewer.hears("trackEvent")
        await connect_and_go(viewer)
        # Its subscriber's, that is: the publisher of the join never connects, and is closed too.
        await until(lambda: gone(node), "the transport to be given up", LONG_SECS)
        (track,) = event.tracks
        assert track.layer == "f"
        await viewer.subscribe(track.id, "f")
        with contextlib.suppress(AssertionError):  # the stream's end, where the node dies of it
            await viewer.hears("subscription")
        sending.cancel()


def gone(node: IonNode) -> bool:
    said = [line for line in node.log(1 << 20).splitlines() if "subscriber.go" in line]
    return any("status" in line and "closed" in line for line in said)


async def keep_sending(made: HandMade) -> None:
    while True:
        await made.send({RID_ID: b"f"})
        await asyncio.sleep(0.03)


async def connect_and_go(viewer: RawStream) -> None:
    offer = (await viewer.hears("description")).sdp
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    await viewer.describe("answer", connection.localDescription.sdp)
    await candidates_of(viewer, "subscriber", connection)
    await until(lambda: connection.connectionState == "connected", "to be connected", LONG_SECS)
    await connection.close()


@pytest.mark.parametrize("program", ["hardened", "plain"])
async def test_04_subscription_of_the_dead(
    request: pytest.FixtureRequest, tmp_path: Path, program: str
) -> None:
    node = IonNode(request.getfixturevalue(program), tmp_path, QUICK)
    await node.start()
    try:
        await subscription_of_the_dead(node)
        if program == "plain":
            assert "panic" in await node.dies()
        else:
            await takes_a_join(node)
            assert node.is_alive
    finally:
        await node.end()
