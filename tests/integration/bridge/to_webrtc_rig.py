"""nginx, an SFU, and the child `to_webrtc` as a process, which says how it is in JSON lines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sfu_relay.config import RelayConfig
from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.playback.rig import Rig
from tests.integration.sfu_relay.test_relay_with_embedded_sfu import EmbeddedSfu

ROOM, PLAY_ID = "room_bridge", "play_bridge0000001"
LONG_SECS = 30.0


class Child:
    """`python -m bridge.child --spec`: what it said last is `said`."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.all: list[dict[str, Any]] = []
        self.errors = folder / "child.log"
        self._path = folder / "spec.json"
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._path.write_text(json.dumps(self.spec))
        with self.errors.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bridge.child", "--spec", str(self._path)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "GRPC_VERBOSITY": "ERROR"},
            )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.all.append(json.loads(line))

    @property
    def said(self) -> dict[str, Any]:
        return self.all[-1] if self.all else {}

    @property
    def state(self) -> tuple[str, str]:
        return self.said.get("state", ""), self.said.get("reason", "")

    @property
    def figures(self) -> dict[str, float]:
        return self.said.get("figures", {})

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def becomes(self, state: str, reason: str = "", secs: float = LONG_SECS) -> None:
        await until(
            lambda: self.state == (state, reason),
            f"the child to be {state} {reason}; it said {self.said}\n{self.log()}",
            secs,
        )

    def change(self, **fields: Any) -> None:
        self.spec |= fields
        self._path.write_text(json.dumps(self.spec))
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def log(self) -> str:
        return self.errors.read_text(errors="replace")[-3_000:] if self.errors.exists() else ""

    async def stop(self) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(5):
                code = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise AssertionError(f"the child did not end in order\n{self.log()}") from None
        if self._reading is not None:
            await self._reading
        return code


@asynccontextmanager
async def at_work(
    rig: Rig, folder: Path, sfu: Any = None, **spec: Any
) -> AsyncIterator[tuple[Child, Any, Relay]]:
    """The relay is the viewers'. `sfu`: a node that runs already; else an embedded one."""
    sfu = sfu or EmbeddedSfu()
    if isinstance(sfu, EmbeddedSfu):
        await sfu.start()
    relay = Relay(RelayConfig(enabled=True, server_url=sfu.address, health_interval_secs=0.2))
    child = Child(
        folder,
        {
            "kind": "to_webrtc",
            "room_id": ROOM,
            "play_id": PLAY_ID,
            "run_id": "hand",
            "rtmp_out_port": rig.rtmp_port,
            "sfu": {"enabled": True, "server_url": sfu.address},
            **spec,
        },
    )
    sessions: dict[str, str] = {}

    async def find(session_id: str) -> Any:
        from sfu_relay.elsewhere import Publisher
        from sfu_relay.events import RoomId

        sessions[session_id] = ROOM
        return Publisher(RoomId(ROOM), {session_id: "camera"})

    relay.find_publishers_elsewhere(find)
    await child.start()
    try:
        await until(relay.healthy, "the SFU to be healthy", LONG_SECS)
        yield child, sfu, relay
    finally:
        try:
            await child.stop()
        finally:
            await relay.aclose()
            if isinstance(sfu, EmbeddedSfu):
                await sfu.end(signal.SIGKILL)


def raw_url(rig: Rig) -> str:
    """Where nginx has what an encoder sends."""
    return f"rtmp://127.0.0.1:{rig.rtmp_port}/raw/{PLAY_ID}"
