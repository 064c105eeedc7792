"""Who sends and who watches through a real node: aiortc behind our relay, as a browser would."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)

from bridge.webrtc.publisher import _add_candidate
from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    CandidateFound,
    Lost,
    Offered,
    PeerEvent,
    Role,
    RoomId,
    SessionId,
    Target,
    TracksChanged,
)
from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.bridge.webrtc_media import read_counter, unwrapped
from tests.integration.bridge.webrtc_room import ROOM, Publisher

LONG_SECS = 45.0
_names = itertools.count()


@asynccontextmanager
async def sending(config: RelayConfig, **how: Any) -> AsyncIterator[Publisher]:
    """H.264 and Opus, made before: a counter of 90 and a beep a second, with a relay of its own."""
    room: Any = SimpleNamespace(config=config, zero=time.monotonic() - 1)
    publisher = Publisher(room, **how)
    try:
        yield await publisher.start()
    finally:
        await publisher.close()


class Watcher:
    """What it decoded: numbers of the counter, and how much sound."""

    def __init__(self, relay: Relay, room_id: str = ROOM, *, answers: bool = True) -> None:
        self.name = f"watcher-{next(_names)}"
        self.joined_at = time.monotonic()
        self.first_frame_at = 0.0
        self.numbers: list[int] = []
        self.sounds = 0
        self.offers: list[Offered] = []
        self.tracks: tuple[Any, ...] = ()
        self.lost: list[Lost] = []
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("track", self._got_track)
        self.channels: list[RTCDataChannel] = []
        self.connection.on("datachannel", self.channels.append)
        self._answers = answers
        self._tasks: set[asyncio.Task[None]] = set()
        self._events: asyncio.Queue[PeerEvent] = asyncio.Queue()
        self.peer = relay.open_peer(
            session_id=SessionId(self.name),
            room_id=RoomId(room_id),
            role=Role.SUBSCRIBER,
            on_event=self._events.put_nowait,
        )
        self._start(self._run())

    def _start(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _run(self) -> None:
        early: list[Any] = []
        while True:
            match await self._events.get():
                case Offered() as offer:
                    self.offers.append(offer)
                    if self._answers:
                        await self.answer(offer)
                case CandidateFound(Target.SUBSCRIBER, candidate):
                    early.append(candidate)
                case TracksChanged(tracks):
                    self.tracks = tracks
                case Lost() as lost:
                    self.lost.append(lost)
                case _:
                    pass
            while early and self.connection.remoteDescription is not None:
                await _add_candidate(self.connection, early.pop(0))

    async def answer(self, offer: Offered) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        self.peer.answer(self.connection.localDescription.sdp, offer.offer_id)

    def _got_track(self, track: MediaStreamTrack) -> None:
        self._start(self._look(track) if track.kind == "video" else self._listen(track))

    async def _look(self, track: MediaStreamTrack) -> None:
        while True:
            frame: Any = await track.recv()
            self.first_frame_at = self.first_frame_at or time.monotonic()
            luma = frame.to_ndarray(format="yuv420p")[: frame.height]
            self.numbers.append(read_counter(luma, frame.height / 360))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            await track.recv()
            self.sounds += 1

    @property
    def first_frame_secs(self) -> float:
        return self.first_frame_at - self.joined_at

    async def sees(self, more: int = 30, secs: float = LONG_SECS) -> None:
        """So many more pictures, with a counter that goes on."""
        at = len(self.numbers)

        def there() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return len(self.numbers) >= at + more

        await until(there, f"{more} more pictures; {len(self.numbers)} so far, {self.lost}", secs)
        counted = unwrapped(self.numbers[at:])
        assert counted[-1] > counted[0], counted

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.peer.close()
        await self.connection.close()


@asynccontextmanager
async def watching(relay: Relay, **how: Any) -> AsyncIterator[Watcher]:
    one = Watcher(relay, **how)
    try:
        yield one
    finally:
        await one.close()
