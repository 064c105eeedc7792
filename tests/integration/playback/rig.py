"""nginx with our configuration, the playback process, ffmpeg as encoder, and viewers' sockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ingest.nginx import Nginx, NginxValues, command, problem_of, render_rtmp, write_private
from playback.marks import set_marks
from playback.tokens import build_token

ROOT = Path(__file__).resolve().parents[3]
SECRET = "play-token-secret-of-the-tests-0123456789"
T = TypeVar("T")

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30")
_SOUND = ("-f", "lavfi", "-i", "sine=r=44100")
_X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-b:v", "300k", "-sc_threshold", "0")
_AAC = ("-c:a", "aac")
_LOW = ("-preset", "ultrafast", "-profile:v", "baseline", "-tune", "zerolatency", "-g", "30")
STYLES: dict[str, tuple[str, ...]] = {
    "obs": (*_PICTURE, *_SOUND, *_X264, "-profile:v", "high", "-bf", "2", "-g", "240", *_AAC),
    "low": (*_PICTURE, *_SOUND, *_X264, *_LOW, *_AAC),
    "other": (*_PICTURE, *_SOUND, *_X264, *_LOW, "-s", "480x270", *_AAC),
    "sound": (*_SOUND, *_AAC),
    "pictures": (*_PICTURE, *_X264, *_LOW),
}
LOOP_SECS = 24  # three groups of 8 s


def wait_for(what: str, look: Callable[[], T], within_secs: float = 20.0) -> T:
    deadline = time.monotonic() + within_secs
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


def encode(folder: Path, style: str) -> Path:
    """Once for all tests; pushing it then costs nothing."""
    path = folder / f"{style}.flv"
    if not path.exists():
        arguments = ["ffmpeg", "-v", "error", *STYLES[style], "-t", str(LOOP_SECS), str(path)]
        subprocess.run(arguments, check=True, timeout=120)
    return path


class Viewer:
    """A player that keeps every byte, at its own pace."""

    def __init__(self, port: int, path: str, receive_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.data = bytearray()
        self.is_closed = False

    @property
    def status(self) -> int:
        return int(self.data[9:12]) if len(self.data) > 12 else 0

    @property
    def flv(self) -> bytes:
        return bytes(self.data).partition(b"\r\n\r\n")[2]

    def read(self, secs: float = 0.0) -> bytes:
        """What comes within `secs`; with 0 what is there."""
        deadline = time.monotonic() + secs
        while not self.is_closed:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self.socket.recv(1 << 18)
            except TimeoutError:
                break
            except ConnectionError:
                data = b""
            self.is_closed = not data
            self.data += data
            if time.monotonic() >= deadline:
                break
        return self.flv

    def read_until(self, bytes_: int, within_secs: float = 20.0) -> bytes:
        wait_for(f"{bytes_} bytes of FLV", lambda: len(self.read(0.05)) >= bytes_, within_secs)
        return self.flv

    def read_to_end(self, within_secs: float = 20.0) -> bytes:
        wait_for("the end of the answer", lambda: self.read(0.05) is not None and self.is_closed)
        return self.flv

    def close(self) -> None:
        self.socket.close()


class Rig:
    def __init__(self, folder: Path, encoded: Path, nginx: Nginx, ports: list[int]) -> None:
        self.media_dir = folder / "data" / "media"
        self._folder = folder
        self._encoded = encoded
        self._nginx = nginx
        app_port, self.flv_port, rtmp_port, self.rtmp_port, self.control_port = ports
        run_dir = folder / "data" / "run"
        for each in (
            run_dir / "tmp" / "rtmp",
            self.media_dir / "hls",
            self.media_dir / "recordings",
        ):
            each.mkdir(parents=True)
        values = NginxValues(
            host="127.0.0.1",
            port=app_port,
            app_port=app_port,  # nobody there: tests publish to the loopback application
            flv_port=self.flv_port,
            rtmp_port=rtmp_port,
            rtmp_out_port=self.rtmp_port,
            rtmp_control_port=self.control_port,
            ingest_secret="i" * 32,
            play_token_secret=SECRET,
            media_dir=self.media_dir,
            static_dir=folder,
            run_dir=run_dir,
            user="root" if os.geteuid() == 0 else None,
        )
        self._config = run_dir / "rtmp.conf"
        write_private(self._config, render_rtmp(values, nginx))
        problem = problem_of(nginx, self._config)
        assert problem is None, problem
        self._processes: list[subprocess.Popen[bytes]] = []
        self._viewers: list[Viewer] = []
        self.nginx: subprocess.Popen[bytes] | None = None
        self.playback: subprocess.Popen[bytes] | None = None

    # --- Processes

    def start_nginx(self) -> None:
        self.nginx = self._start(*command(self._nginx, self._config), own_group=True)
        wait_for("nginx", lambda: is_open(self.rtmp_port))

    def kill_nginx(self) -> None:
        """As a crash: master and worker at once."""
        assert self.nginx is not None
        os.killpg(self.nginx.pid, signal.SIGKILL)
        self.nginx.wait(10)

    def start_playback(self, **env: str) -> None:
        given = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.media_dir.parent),
            "FLV_PORT": str(self.flv_port),
            "RTMP_OUT_PORT": str(self.rtmp_port),
            "PLAY_TOKEN_SECRET": SECRET,
        }
        self.playback = self._start(sys.executable, "-m", "playback", env=given | env)
        wait_for("playback", lambda: is_open(self.flv_port))

    def push(self, style: str, play_id: str) -> subprocess.Popen[bytes]:
        """ffmpeg as encoder; ends when it is terminated."""
        url = f"rtmp://127.0.0.1:{self.rtmp_port}/out/{play_id}"
        path = encode(self._encoded, style)
        how = ("-v", "error", "-re", "-stream_loop", "-1", "-i", str(path), "-c", "copy")
        return self._start("ffmpeg", *how, "-f", "flv", url)

    def stop_playback(self) -> None:
        assert self.playback is not None
        self.stop(self.playback)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        process.wait(10)

    def _start(
        self, *arguments: str, own_group: bool = False, **more: Any
    ) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                arguments,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=own_group,
                **more,
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for viewer in self._viewers:
            viewer.close()
        for process in reversed(self._processes):
            if process.poll() is None:
                if process is self.nginx:
                    process.send_signal(signal.SIGINT)  # nginx: fast shutdown
                else:
                    process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait(5)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    # --- What is said of streams

    def mark(self, *play_ids: str, opened: bool = True, epoch: int | None = None) -> None:
        """`epoch`: they are private, and tokens of this one are good."""
        names = [name for one in play_ids for name in (one, f"{one}.{epoch}")]
        set_marks(self.media_dir, "private", () if epoch is None else names)
        set_marks(self.media_dir, "open", play_ids if opened else ())
        set_marks(self.media_dir, "air", play_ids)

    def token(self, play_id: str, secs: int = 60) -> str:
        return build_token(play_id, SECRET, int(time.time()) + secs)

    def watch(self, play_id: str, query: str = "", receive_bytes: int | None = None) -> Viewer:
        viewer = Viewer(self.flv_port, f"/flv/{play_id}.flv{query}", receive_bytes)
        self._viewers.append(viewer)
        return viewer

    def ask(self, head: bytes) -> bytes:
        """The whole answer to a request written by hand."""
        with socket.create_connection(("127.0.0.1", self.flv_port), 15) as one:
            with contextlib.suppress(ConnectionError):
                one.sendall(head)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while data := one.recv(65_536):
                    answer += data
            return answer

    def json(self, path: str) -> dict[str, Any]:
        answer = self.ask(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    def status(self, play_id: str) -> dict[str, Any] | None:
        return self.json("/status")["streams"].get(play_id)  # type: ignore[no-any-return]

    def pulls(self, play_id: str) -> int:
        """Players that nginx has of it; ours are the only ones."""
        url = f"http://127.0.0.1:{self.control_port}/stat"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        for stream in re.findall(r"<stream>.*?</stream>", text, re.DOTALL):
            if f"<name>{play_id}</name>" in stream:
                clients = re.findall(r"<client>.*?</client>", stream, re.DOTALL)
                return sum("<publishing/>" not in client for client in clients)
        return 0


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
