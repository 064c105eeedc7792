"""A real Ion SFU node as a process, on free loopback ports; looked at from outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.scripted_sfu import until

CONFIG = Path(__file__).resolve().parents[3] / "deploy" / "ion" / "ion.toml"
START_SECS = 30.0  # a busy machine


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class IonNode:
    """Startable again on the same ports, as the tests' embedded SFU is."""

    def __init__(
        self, program: Path, folder: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        """`settings`: lines of the configuration, and what to say instead."""
        self.grpc_port = free_port(socket.SOCK_STREAM)
        self._metrics_port = free_port(socket.SOCK_STREAM)
        self._program = program
        self._log = folder / f"ion-{self.grpc_port}.log"
        self._config = folder / f"ion-{self.grpc_port}.toml"
        text = CONFIG.read_text().replace("@UDP_PORT@", str(free_port(socket.SOCK_DGRAM)))
        text = text.replace("@PUBLIC_IPS@", '"127.0.0.1"')
        for line, instead in (settings or {}).items():
            assert line in text
            text = text.replace(line, instead)
        self._config.write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(self._program), "-c", str(self._config), "-a", self.address),
                *("-m", f"127.0.0.1:{self._metrics_port}"),
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "GOTRACEBACK": "single"},
            )
        await until(self._listens, f"the node to listen\n{self.log()}", START_SECS)

    def _listens(self) -> bool:
        assert self.is_alive, self.log()
        for port in (self.grpc_port, self._metrics_port):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return False
        return True

    async def dies(self, secs: float = 20.0) -> str:
        """Await its death by what was done to it; what it said, last."""
        await until(lambda: not self.is_alive, "the node to die of it", secs)
        return self.log()

    async def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def metrics(self) -> dict[str, float]:
        """Names with labels, as Prometheus reads them."""
        url = f"http://127.0.0.1:{self._metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        found = (re.fullmatch(r"(\w+(?:\{.*\})?) (\S+)", line) for line in lines)
        return {one[1]: float(one[2]) for one in found if one}

    async def metric(self, name: str) -> float:
        return (await asyncio.to_thread(self.metrics)).get(name, 0.0)

    async def streams(self) -> float:
        """Signal streams that are open."""
        figures = await asyncio.to_thread(self.metrics)
        signals = {key: value for key, value in figures.items() if '"Signal"' in key}
        started = sum(n for key, n in signals.items() if key.startswith("grpc_server_started_"))
        handled = sum(n for key, n in signals.items() if key.startswith("grpc_server_handled_"))
        return started - handled

    def log(self, most: int = 4_000) -> str:
        return self._log.read_text(errors="replace")[-most:] if self._log.exists() else ""
