"""The real nginx (RTMP), app, worker and playback on ports of their own, and encoders."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from ingest.nginx import Nginx, NginxValues, command, problem_of, render_rtmp
from live.models import Ingest, Room

ROOT = Path(__file__).parents[3]
SECRET = "between-nginx-and-us-" + "i" * 32
PATIENCE_SECS = 30.0  # a busy machine; what usually takes 1 s


def until(look: Callable[[], Any], why: str, secs: float = PATIENCE_SECS) -> Any:
    """What `look` gives, once it is true. AssertionError with the reason when time is up."""
    deadline = time.monotonic() + secs
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"after {secs:g} s: {why}"
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in made:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in made]


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.3):
        return True
    return False


class Site:
    def __init__(self, data_dir: Path, nginx: Nginx, **env: str) -> None:
        self.data_dir = data_dir
        self.nginx = nginx
        self.app, self.rtmp, self.out, self.control, self.flv = free_ports(5)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("run/tmp/rtmp", "media/hls", "media/recordings", "log"):
            (data_dir / name).mkdir(parents=True, exist_ok=True)
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "microvibe.settings",
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
            "RTMP_ENABLED": "true",
            "SFU_ENABLED": "false",
            "INGEST_SECRET": SECRET,
            "PLAY_TOKEN_SECRET": "play-tokens-" + "p" * 32,
            "APP_PORT": str(self.app),
            "RTMP_PORT": str(self.rtmp),
            "RTMP_OUT_PORT": str(self.out),
            "RTMP_CONTROL_PORT": str(self.control),
            "FLV_PORT": str(self.flv),
            "PUBLISHER_GRACE_SECS": "60",
            **env,
        }

    def start(self, *names: str) -> None:
        for name in names or ("nginx", "app", "worker"):
            with (self.data_dir / "log" / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    self._command(name),
                    env=self.env,
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        ports = {"nginx": self.rtmp, "app": self.app, "playback": self.flv}
        for name in names or tuple(ports)[:2]:
            if name in ports:
                until(lambda port=ports[name]: listens(port), f"{name} does not listen")

    def stop(self, *names: str, by: int = signal.SIGTERM) -> None:
        for name in names or tuple(self._running):
            process = self._running.pop(name)
            os.killpg(process.pid, by)  # nginx's worker outlives a killed master
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)

    def signal(self, name: str, number: int) -> None:
        os.killpg(self._running[name].pid, number)

    def pid_of(self, name: str) -> int:
        return self._running[name].pid

    def log_of(self, name: str) -> str:
        return (self.data_dir / "log" / f"{name}.log").read_text(errors="replace")

    def url(self, key: str) -> str:
        return f"rtmp://127.0.0.1:{self.rtmp}/live/{key}"

    def _command(self, name: str) -> tuple[str, ...]:
        match name:
            case "nginx":
                return command(self.nginx, self._nginx_config())
            case "app":
                listen = ("-b", "127.0.0.1", "-p", str(self.app))
                return (
                    sys.executable,
                    "-m",
                    "daphne",
                    *listen,
                    "-v",
                    "0",
                    "microvibe.asgi:application",
                )
            case _:
                return (sys.executable, "-m", name)

    def _nginx_config(self) -> Path:
        values = NginxValues(
            host="127.0.0.1",
            port=9,
            app_port=self.app,
            flv_port=self.flv,
            rtmp_port=self.rtmp,
            rtmp_out_port=self.out,
            rtmp_control_port=self.control,
            ingest_secret=SECRET,
            play_token_secret=self.env["PLAY_TOKEN_SECRET"],
            media_dir=self.data_dir / "media",
            static_dir=self.data_dir / "static",
            run_dir=self.data_dir / "run",
            user="root" if os.geteuid() == 0 else None,
        )
        config = self.data_dir / "run" / "rtmp.conf"
        config.write_text(render_rtmp(values, self.nginx))
        assert problem_of(self.nginx, config) is None
        return config


def stream_file(folder: Path) -> Path:
    """10 s of FLV, a keyframe a second: sent as it is, it costs a test next to nothing."""
    path = folder / "stream.flv"
    if not path.exists():
        inputs = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=15", "-f", "lavfi", "-i", "sine")
        video = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "15")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", *inputs, "-t", "10", *video, "-c:a", "aac", str(path)],
            check=True,
            timeout=60,
        )
    return path


@contextlib.contextmanager
def sending(url: str, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """ffmpeg as an encoder. Its exit says that it was refused or dropped."""
    send = ("-re", "-stream_loop", "-1", "-i", str(file), "-c", "copy", "-f", "flv", url)
    process = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", *send], stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[bytes], why: str) -> int:
    until(lambda: process.poll() is not None, why)
    return int(process.returncode)


def state_of(room: Room) -> str:
    return str(Room.objects.values_list("state", flat=True).get(pk=room.pk))


def until_state(room: Room, state: str) -> None:
    until(lambda: state_of(room) == state, f"{state_of(room)}, not {state}")


def ingest_of(room: Room) -> Ingest:
    return Ingest.objects.get(room=room)


def figures_of(room: Room) -> dict[str, Any]:
    found = Ingest.objects.filter(room=room).values_list("figures", flat=True).first()
    return dict(found or {})
