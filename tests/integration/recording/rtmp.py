"""The real nginx with its rtmp module, and ffmpeg that sends to its loopback application."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingest import nginx

PATIENCE_SECS = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(true: Callable[[], object], why: str, secs: float = PATIENCE_SECS) -> None:
    deadline = time.monotonic() + secs
    while not true():
        assert time.monotonic() < deadline, f"not within {secs:g} s: {why}"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Rtmp:
    """nginx over `folder`; may be killed and started anew with the same ports."""

    program: nginx.Nginx
    folder: Path
    out_port: int = field(default_factory=free_port)
    control_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def recordings(self) -> Path:
        return self.folder / "media" / "recordings"

    def start(self) -> None:
        run = self.folder / "run"
        for name in ("media/recordings", "media/hls", "run/tmp/rtmp", "run/pages"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        values = nginx.NginxValues(
            host="127.0.0.1",
            port=free_port(),
            app_port=free_port(),  # nobody there: its callbacks are of no matter here
            flv_port=free_port(),
            rtmp_port=free_port(),
            rtmp_out_port=self.out_port,
            rtmp_control_port=self.control_port,
            ingest_secret="i" * 32,
            play_token_secret="p" * 32,
            media_dir=self.folder / "media",
            static_dir=self.folder,
            run_dir=run,
            user="root" if os.getuid() == 0 else None,
        )
        config = run / "rtmp.conf"
        nginx.write_private(config, nginx.render_rtmp(values, self.program))
        assert nginx.problem_of(self.program, config) is None
        self.process = subprocess.Popen(
            nginx.command(self.program, config),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(self.control_port) and listens(self.out_port), "nginx is up")

    def kill(self) -> None:
        """-9, to the worker first: it can't even close its files."""
        assert self.process is not None
        workers = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        for pid in [*map(int, workers.stdout.split()), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait(10)
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    @contextlib.contextmanager
    def sending(self, source: Path, play_id: str) -> Iterator[subprocess.Popen[bytes]]:
        """`source`, an FLV file, over and over at the speed of life."""
        command = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1"]
        command += ["-i", str(source), "-c", "copy", "-f", "flv"]
        url = f"rtmp://127.0.0.1:{self.out_port}/out/{play_id}"
        sender = subprocess.Popen(
            [*command, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield sender
        finally:
            sender.kill()
            sender.wait(10)
