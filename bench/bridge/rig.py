"""One nginx and one embedded SFU for all runs; what a run starts around them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bridge.processes import Cost, Running, started
from ingest.nginx import NoNginx, find_nginx
from sfu_relay.config import RelayConfig
from sfu_relay.relay import Relay
from tests.e2e.harness.site import free_ports
from tests.integration.bridge.webrtc_room import ROOM, Publisher, Room
from tests.integration.playback.rig import Rig

STARTED_WITHIN_SECS = 40.0


@dataclass(frozen=True)
class Outcome:
    cpu_percent: float
    rss_mb: float
    delay_ms: float
    fps: float  # of pictures that came out: on a busy machine some do less than others

    @classmethod
    def of(cls, cost: Cost, delay_ms: float, fps: float) -> Outcome:
        return cls(round(cost.cpu_percent, 1), round(cost.rss_mb), round(delay_ms), round(fps, 1))


class Bench:
    def __init__(self, folder: Path, rig: Rig, room: Room, settle_secs: float) -> None:
        self.folder, self.settle_secs = folder, settle_secs
        self.log = folder / "processes.log"
        self.rtmp_port = rig.rtmp_port
        self.zero = room.zero
        self._room = room
        self._names = 0

    def new_name(self) -> str:
        """Of a stream; one for each run, so that none finds what another left."""
        self._names += 1
        return f"play_bench{self._names:06}"

    def rtmp_url(self, app: str, name: str) -> str:
        return f"rtmp://127.0.0.1:{self.rtmp_port}/{app}/{name}"

    def spec(self, kind: str, name: str, mode: str, **more: Any) -> dict[str, Any]:
        room_id = ROOM if kind == "to_rtmp" else f"room_{name}"
        sfu = {"enabled": True, "server_url": self._room.config.server_url}
        given = {"kind": kind, "room_id": room_id, "play_id": name, "run_id": name, "mode": mode}
        return {**given, "rtmp_out_port": self.rtmp_port, "sfu": sfu, **more}

    def child(self, spec: dict[str, Any]) -> AbstractAsyncContextManager[Running]:
        """As the manager runs it, with its spec in a file instead of over a socket."""
        path = self.folder / f"{spec['run_id']}.json"
        path.write_text(json.dumps(spec))
        command = [sys.executable, "-m", "bridge.child", "--spec", str(path)]
        return started(command, self._log_of(str(spec["run_id"])))

    def session_of(self, child: Running) -> bool:
        """Whether any child's last words name a session that runs."""
        child.check()
        lines = self._log_of(f"play_bench{self._names:06}").read_text(errors="replace")
        return '"running"' in lines

    def _log_of(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.log"

    @contextlib.asynccontextmanager
    async def relay(self) -> AsyncIterator[Relay]:
        """The viewers'."""
        server = self._room.config.server_url
        relay = Relay(RelayConfig(enabled=True, server_url=server, health_interval_secs=0.2))
        try:
            await self.until("the SFU is healthy", relay.healthy)
            yield relay
        finally:
            await relay.aclose()

    async def publish(self, *, codec: str, size: tuple[int, int], tone: float) -> Publisher:
        width, height = size
        return await self._room.publish(codec=codec, width=width, height=height, tone=tone)

    async def until(
        self, what: str, look: Callable[[], Any], process: Running | None = None
    ) -> None:
        deadline = time.monotonic() + STARTED_WITHIN_SECS
        while not look():
            if process is not None:
                process.check()
            if time.monotonic() > deadline:
                raise SystemExit(f"It never came: {what}")
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(folder: Path, settle_secs: float) -> AsyncIterator[Bench]:
    nginx = find_nginx()
    if isinstance(nginx, NoNginx):
        raise SystemExit(nginx.reason)
    rig = Rig(folder / "nginx", folder, nginx, free_ports(5))
    room = Room(folder, free_ports(2), rig.rtmp_port)
    try:
        await asyncio.to_thread(rig.start_nginx)
        room.start_sfu()
        yield Bench(folder, rig, room, settle_secs)
    finally:
        await room.close()
        await asyncio.to_thread(rig.close)
