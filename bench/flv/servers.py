"""nginx with its rtmp module and the playback process, in a folder of their own; what they use."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.nginx import NginxValues, NoNginx, command, find_nginx, render_rtmp, write_private
from playback.marks import set_marks

NAME = "play_bench"
SECRET = "bench" * 8


@dataclass(frozen=True)
class Server:
    """A process with its children."""

    pid: int
    port: int

    def cpu_secs(self) -> float:
        ticks = sum(_ticks(pid) for pid in (self.pid, *_children(self.pid)))
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        pids = (self.pid, *_children(self.pid))
        return sum(_resident_kb(pid) for pid in pids) / 1024


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """nginx (its `out`) and playback."""
    nginx = find_nginx()
    if isinstance(nginx, NoNginx):
        raise SystemExit(nginx.reason)
    app_port, flv_port, rtmp_port, out_port, control_port = _free_ports(5)
    media = folder / "media"
    for each in (folder / "run" / "tmp" / "rtmp", media / "hls", media / "recordings"):
        each.mkdir(parents=True)
    values = NginxValues(
        host="127.0.0.1",
        port=app_port,
        app_port=app_port,
        flv_port=flv_port,
        rtmp_port=rtmp_port,
        rtmp_out_port=out_port,
        rtmp_control_port=control_port,
        ingest_secret="i" * 32,
        play_token_secret=SECRET,
        media_dir=media,
        static_dir=folder,
        run_dir=folder / "run",
        user="root" if os.geteuid() == 0 else None,
    )
    config = folder / "run" / "rtmp.conf"
    write_private(config, render_rtmp(values, nginx))
    set_marks(media, "open", [NAME])
    set_marks(media, "air", [NAME])
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(folder),
        "FLV_PORT": str(flv_port),
        "RTMP_OUT_PORT": str(out_port),
        "PLAY_TOKEN_SECRET": SECRET,
    }
    with (
        _process(command(nginx, config), out_port) as nginx_server,
        _process((sys.executable, "-m", "playback"), flv_port, env) as playback_server,
    ):
        yield nginx_server, playback_server


@contextlib.contextmanager
def _process(
    arguments: tuple[str, ...], port: int, env: dict[str, str] | None = None
) -> Iterator[Server]:
    process = subprocess.Popen(arguments, env=env)
    try:
        deadline = time.monotonic() + 20
        while not _is_open(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{arguments[0]} does not start")
            time.sleep(0.05)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])
