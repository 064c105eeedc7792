"""Each patch of deploy/ion/patches: what the published node does without it, and ours with it.

The names of the tests are those of the patches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.integration.ion.conftest import build_without, until_true
from tests.integration.ion.node import IonNode
from tests.integration.ion.raw import Raw, raw_client, takes_a_join

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]
Attack = Callable[[Raw], Awaitable[None]]


async def join_without_description(raw: Raw) -> None:
    stream = raw.stream()
    await stream.join("nothing", sdp=None)
    await stream.over()


async def subscription_before_join(raw: Raw) -> None:
    stream = raw.stream()
    await stream.subscribe("track", "f")
    await stream.over()


async def peers_without_subscriber(raw: Raw) -> None:
    stream = raw.stream()
    await stream.join("deaf", NoSubscribe="true")
    await stream.hears("join")
    await stream.close()


async def peers_without_publisher(raw: Raw) -> None:
    mute = raw.stream()
    await mute.join("mute", NoPublish="true")
    await mute.over()
    other = raw.stream()
    await other.join("other")
    await other.hears("join")


KILLS: dict[str, Attack] = {
    "02-join-without-description": join_without_description,
    "03-subscription-before-join": subscription_before_join,
    "05-peers-without-publisher": peers_without_publisher,
    "06-peers-without-subscriber": peers_without_subscriber,
}


@pytest.mark.parametrize("name", KILLS)
async def test_the_published_node_dies(plain_node: IonNode, name: str) -> None:
    async with raw_client(plain_node) as raw:
        attack = asyncio.ensure_future(KILLS[name](raw))
        said = await plain_node.dies()
        await asyncio.gather(attack, return_exceptions=True)
    assert "panic" in said


@pytest.mark.parametrize("name", KILLS)
async def test_ours_lives(node: IonNode, name: str) -> None:
    async with raw_client(node) as raw:
        await KILLS[name](raw)
    await takes_a_join(node)


async def test_05_alone(builder: ModuleType, tmp_path: Path) -> None:
    """With the first patch no such peer stays for long enough: here it does."""
    node = IonNode(build_without(builder, "01-no-ghosts"), tmp_path)
    await node.start()
    try:
        async with raw_client(node) as raw:
            await peers_without_publisher(raw)
        await takes_a_join(node)
        assert node.is_alive
    finally:
        await node.end()


async def ghosts_of(node: IonNode) -> float:
    """Sessions that are there after each stream has ended of what it said."""
    async with raw_client(node) as raw:
        for number, sdp in enumerate(("", "garbage", "v=0\r\n")):
            stream = raw.stream()
            await stream.join(f"ghost-{number}", room=f"room_ghost_{number}")
            await stream.hears("join")
            await stream.describe("offer", sdp)
            await stream.over()
        return await node.metric("sfu_sessions")


async def test_01_no_ghosts(node: IonNode, plain_node: IonNode) -> None:
    assert await ghosts_of(plain_node) == 3
    await ghosts_of(node)
    await until_true(lambda: no_sessions(node), "no session is left")


async def no_sessions(node: IonNode) -> bool:
    return await node.metric("sfu_sessions") == 0


async def test_08_one_sender(node: IonNode) -> None:
    """Without it 1 join in 220 was ended by the node: with 1,000 joins hardly ever none."""
    ended: list[str] = []

    async def join(raw: Raw, number: int) -> None:
        stream = raw.stream()
        await stream.join(f"sender-{number}", room=f"room_{number % 10}")
        try:
            await stream.hears("join", 60)
        except AssertionError as error:
            ended.append(str(error))
        await stream.close()

    for start in range(0, 1000, 25):
        async with raw_client(node) as raw:
            await asyncio.gather(*(join(raw, start + index) for index in range(25)))
    assert ended == []
