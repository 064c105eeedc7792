"""The real consumer, hub, media service and relay in front of a scripted SFU on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from rest_framework_simplejwt.tokens import AccessToken

from live import process as process_module
from live.models import Room, User
from live.process import Process, close_process
from live.relay_config import relay_config
from live.signalling import outgoing
from live.signalling.consumer import SignallingConsumer
from microvibe.asgi import application
from tests.fakes.captured_sdp import captured
from tests.fakes.scripted_sfu import ScriptedSfu, ScriptedStream, until
from tests.integration.live.make import make_room, make_user

PATIENCE_SECS = 10.0
OFFER = captured("publisher-h264")
SFU_OFFER = captured("sfu-offer")
VIEWER_ANSWER = captured("viewer-answer")
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}

db = database_sync_to_async


class Browser:
    """One WebSocket, as a page has it. Every message it gets must have its documented shape."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator
        self.heard: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self.subprotocol: str | None = None
        self.welcome: dict[str, Any] = {}

    async def open(self) -> None:
        accepted, self.subprotocol = await self._communicator.connect(timeout=PATIENCE_SECS)
        assert accepted is True

    async def send(self, kind: str, payload: Any = None, **fields: Any) -> None:
        await self.send_text(json.dumps({"type": kind, "payload": payload, **fields}))

    async def send_text(self, text: str) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})

    async def hears(self, kind: str, *, again: bool = False, **payload: Any) -> dict[str, Any]:
        """The first message of that type (and payload fields); `again`: only from now on."""
        first = len(self.heard) if again else 0
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECS
        while True:
            for message in self.heard[first:]:
                if message["type"] == kind and _has(message["payload"], payload):
                    return message
            first = len(self.heard)
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._next(), left)
            except TimeoutError:
                kinds = [(m["type"], m["payload"]) for m in self.heard[-8:]]
                raise AssertionError(f"no {kind} {payload} came; the last were {kinds}") from None
            assert self.close_code is None, f"closed with {self.close_code}, wanted {kind}"

    async def _next(self) -> None:
        event = await self._communicator.output_queue.get()
        if event["type"] == "websocket.close":
            self.close_code = event.get("code", 1000)
            return
        message = json.loads(event["text"])
        assert outgoing.problems(message) == []
        self.heard.append(message)

    async def is_closed(self) -> int:
        """The code, once it comes."""
        while self.close_code is None:
            await asyncio.wait_for(self._next(), PATIENCE_SECS)
        return self.close_code

    async def sync(self) -> None:
        """All that was sent has been handled."""
        token = f"sync {len(self.heard)} {id(self)}"[:60]
        await self.send("ping", token)
        while not any(m["type"] == "pong" and m["payload"] == token for m in self.heard):
            await asyncio.wait_for(self._next(), PATIENCE_SECS)

    async def error(self, code: str) -> dict[str, Any]:
        return (await self.hears("error", code=code))["payload"]

    async def leave(self, code: int = 1000) -> None:
        """The browser's end of it; 1006: it broke."""
        await self._communicator.send_input({"type": "websocket.disconnect", "code": code})
        await self._communicator.wait(PATIENCE_SECS)


def _has(payload: Any, wanted: dict[str, Any]) -> bool:
    if not wanted:
        return True
    return isinstance(payload, dict) and all(payload.get(k) == v for k, v in wanted.items())


@dataclass
class House:
    """One app process and its SFU."""

    sfu: ScriptedSfu
    process: Process
    owner: User
    stranger: User
    room: Room
    browsers: list[Browser] = field(default_factory=list)

    async def connect(
        self,
        role: str = "subscriber",
        user: User | None = None,
        *,
        room_id: str | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        subprotocols: list[str] | None = None,
        welcomed: bool = True,
        app: Any = application,
        **query: Any,
    ) -> Browser:
        params = {"room_id": room_id or self.room.room_id, "role": role, **query}
        if user is not None and "token" not in query:
            params["token"] = token_of(user)
        params = {name: value for name, value in params.items() if value is not None}
        communicator = WebsocketCommunicator(
            app,
            f"/api/v1/live/ws?{urlencode(params)}",
            headers=[(b"host", b"testserver"), *(headers or [])],
            subprotocols=subprotocols,
        )
        browser = Browser(communicator)
        self.browsers.append(browser)
        await browser.open()
        if welcomed:
            browser.welcome = (await browser.hears("welcome"))["payload"]
        return browser

    async def publishing(self, **fields: Any) -> tuple[Browser, ScriptedStream]:
        """The owner, whose first packet the SFU has seen."""
        publisher = await self.connect("publisher", self.owner)
        stream = await self.publish(publisher, **fields)
        return publisher, stream

    async def publish(self, publisher: Browser, **fields: Any) -> ScriptedStream:
        await publisher.send("offer", OFFER, **fields)
        answer = await publisher.hears("answer", again=True)
        stream = await self.stream(answer["session_id"])
        stream.say_tracks(stream.uid, *tracks_of_offer())
        await publisher.hears("room", state="live", again=True)
        return stream

    async def stream(self, session_id: str) -> ScriptedStream:
        def found() -> list[ScriptedStream]:
            return [s for s in self.sfu.streams if s.uid.partition("~")[0] == session_id]

        await until(found, f"a join of {session_id}")
        return found()[-1]

    async def state(self) -> str:
        return str(await db(lambda: Room.objects.get(pk=self.room.pk).state)())

    async def is_in_state(self, state: str) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECS
        while (now := await self.state()) != state:
            assert asyncio.get_running_loop().time() < deadline, f"{now}, wanted {state}"
            await asyncio.sleep(0.05)


def tracks_of_offer() -> list[Any]:
    from sfu_relay.proto import rtc_pb2

    ids = [
        line.removeprefix("a=msid:").split(" ")
        for line in OFFER.split("\r\n")
        if line.startswith("a=msid:")
    ]
    kinds = ("audio", "video")
    return [
        rtc_pb2.TrackInfo(id=track, streamId=stream, kind=kind)
        for (stream, track), kind in zip(ids, kinds, strict=False)
    ]


def token_of(user: User) -> str:
    return str(AccessToken.for_user(user))


def app_of(process: Process) -> Any:
    """The consumer of another app process."""

    class Elsewhere(SignallingConsumer):
        @staticmethod
        async def find_process() -> Process:
            return process

    return Elsewhere.as_asgi()


@pytest.fixture
async def sfu() -> AsyncIterator[ScriptedSfu]:
    async with ScriptedSfu(with_stats=True) as server:
        yield server


def _people() -> tuple[User, User, Room]:
    owner = make_user("mei", display_name="Mei")
    return owner, make_user("stranger"), make_room(owner)


@pytest.fixture
async def house(transactional_db: None, sfu: ScriptedSfu, settings: Any) -> AsyncIterator[House]:
    settings.SFU_SERVER_URL = sfu.address
    channel_layers.backends.clear()
    owner, stranger, room = await db(_people)()
    process = await process_module.process()
    await until(process.media.healthy, "the SFU to be seen")
    made = House(sfu, process, owner, stranger, room)
    yield made
    for browser in made.browsers:
        if browser.close_code is None:
            await browser.leave()
    await close_process()
    await until(lambda: not _left(), f"tasks to end: {_left()}")


@pytest.fixture
async def other_process(house: House) -> AsyncIterator[Process]:
    """A second app process, with the same database and channel layer."""
    made = Process(relay_config())
    await made.start()
    process_module.set_service(house.process.media)
    await until(made.media.healthy, "the SFU to be seen")
    yield made
    await made.aclose()


def _left() -> list[str]:
    names = ("sfu-", "hub", "remote", "housekeeper", "journal")
    return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith(names)]
