"""A relay against a scripted SFU on loopback; whatever a test leaves running fails it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from sfu_relay.config import RelayConfig
from sfu_relay.events import PeerEvent, Role, RoomId, SessionId
from sfu_relay.relay import Peer, Relay
from tests.fakes.scripted_sfu import ScriptedSfu, ScriptedStream, until

Event = TypeVar("Event", bound=PeerEvent)


@dataclass
class Browser:
    """The application's side of one peer: keeps what it is told."""

    peer: Peer
    events: list[PeerEvent] = field(default_factory=list)

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def hears(self, kind: type[Event], count: int = 1) -> Event:
        await until(lambda: len(self.told(kind)) >= count, f"{kind.__name__}; got {self.events}")
        return self.told(kind)[count - 1]


@dataclass
class Stage:
    """A relay, its SFU and its browsers."""

    sfu: ScriptedSfu
    relay: Relay
    _count: int = 0

    def open(
        self,
        role: Role = Role.SUBSCRIBER,
        *,
        room: str = "room_1",
        name: str = "",
        watch: bool = False,
    ) -> Browser:
        self._count += 1
        events: list[PeerEvent] = []
        peer = self.relay.open_peer(
            session_id=SessionId(name or f"sess_{self._count}"),
            room_id=RoomId(room),
            role=role,
            on_event=events.append,
            watch=watch,
        )
        return Browser(peer, events)

    async def stream(self, session_id: str) -> ScriptedStream:
        """The newest stream of a session, once its join is there."""

        def found() -> list[ScriptedStream]:
            return [s for s in self.sfu.streams if s.uid.partition("~")[0] == session_id]

        await until(found, f"a join of {session_id}")
        return found()[-1]


@pytest.fixture
async def sfu() -> AsyncIterator[ScriptedSfu]:
    async with ScriptedSfu() as server:
        yield server


@pytest.fixture
async def stage(sfu: ScriptedSfu) -> AsyncIterator[Stage]:
    async with make_stage(sfu) as made:
        yield made


class make_stage:
    """`async with make_stage(sfu, join_timeout_secs=0.3) as stage`."""

    def __init__(self, sfu: ScriptedSfu, **settings: object) -> None:
        quick = {"health_interval_secs": 0.1, "health_timeout_secs": 0.3}
        # Nothing may be assumed while a test waits for the real news.
        config = {**quick, "assume_media_secs": 60.0, **settings}
        self._config = RelayConfig(enabled=True, server_url=sfu.address, **config)  # type: ignore[arg-type]
        self._sfu = sfu

    async def __aenter__(self) -> Stage:
        self._stage = Stage(self._sfu, Relay(self._config))
        return self._stage

    async def __aexit__(self, *_: object) -> None:
        await self._stage.relay.aclose()
        await no_relay_tasks()


async def no_relay_tasks() -> None:
    """The relay names its tasks sfu-…: none may be left."""

    def left() -> list[str]:
        return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("sfu-")]

    await until(lambda: not left(), "the relay's tasks to end")
