"""Starts MicroVibe as a user does (`python -m launcher`), in a place and on ports of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import grpc

from sfu_relay.proto import stats_pb2, stats_pb2_grpc

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "a-password-for-tests-only"
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
T = TypeVar("T")
PARTS = {
    "sfu": "embedded_sfu",
    "app": "daphne",
    "worker": "-m worker",
    "playback": "-m playback",
    "push": "-m push",
    "rtmp": "/run/rtmp.conf",
    "front": "/run/front.conf",
}
TCP_PORTS = (
    *("PORT", "APP_PORT", "FLV_PORT", "PUSH_PORT", "SFU_GRPC_PORT"),
    *("RTMP_PORT", "RTMP_OUT_PORT", "RTMP_CONTROL_PORT"),
)


def free_ports(number: int) -> list[int]:
    """Different ones: all are held until the last is found."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(
    reason: str, look: Callable[[], T | None], within_secs: float = 20.0, every_secs: float = 0.05
) -> T:
    """The first answer of `look` that is true; fails with the reason when none comes."""
    deadline = time.monotonic() + within_secs
    while True:
        if answer := look():
            return answer
        assert time.monotonic() < deadline, (
            f"{within_secs:g} s have passed, still waiting: {reason}"
        )
        time.sleep(every_secs)


def is_alive(pid: int) -> bool:
    """Running, and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> dict[int, str]:
    """Process ids and command lines of the direct children."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(entry.name)] = command
    return found


def descendants_of(pid: int) -> dict[int, str]:
    """Children, their children and so on, as `children_of` gives them."""
    found = children_of(pid)
    for child in list(found):
        found |= descendants_of(child)
    return found


@dataclass
class Site:
    """One running MicroVibe."""

    process: subprocess.Popen[str]
    base_url: str
    data_dir: Path
    env: dict[str, str]
    lines: list[str] = field(default_factory=list)
    ready_after_secs: float = 0.0
    tokens: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, Any] = field(default_factory=dict)  # username -> cookies, for browsers

    @property
    def ws_url(self) -> str:
        return self.base_url.replace("http", "ws", 1)

    def pid_of(self, part: str) -> int:
        """One of PARTS (nginx: its master); waits while it is being started again."""

        def look() -> int | None:
            for pid, command in children_of(self.process.pid).items():
                # nginx stands below a process that takes its workers along.
                for below, inner in {pid: command, **children_of(pid)}.items():
                    if PARTS[part] in inner and "tether" not in inner:
                        return below
            return None

        return wait_for(f"the {part} runs", look)

    def wait_for_another(self, part: str, pid: int) -> None:
        wait_for(f"a new {part} runs", lambda: self.pid_of(part) != pid)

    def kill(self, part: str) -> int:
        pid = self.pid_of(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    def call(
        self, method: str, path: str, body: Any = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Status and decoded JSON of a REST call."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base_url + path, data=data, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def token(self, username: str = "demo") -> str:
        """An access token; asked for once, since signing in is limited to a few times a minute."""
        if username in self.tokens:
            return self.tokens[username]
        status, answer = self.call(
            "POST", "/api/v1/auth/token", {"username": username, "password": PASSWORD}
        )
        assert status == 200, answer
        self.tokens[username] = str(answer["data"]["access"])
        return self.tokens[username]

    def create_room(self, title: str = "Test room", **fields: Any) -> str:
        """A new room of `demo`; returns its room_id."""
        body = {"title": title, "streaming_mode": "hybrid", **fields}
        status, answer = self.call("POST", "/api/v1/live/create", body, self.token())
        assert status in {200, 201}, answer
        return str(answer["data"]["room_id"])

    def room(self, room_id: str) -> dict[str, Any]:
        status, answer = self.call("GET", f"/api/v1/live/{room_id}", token=self.token())
        assert status == 200, answer
        return dict(answer["data"])

    def stream_key(self, room_id: str) -> str:
        status, answer = self.call("GET", f"/api/v1/live/{room_id}/key", token=self.token())
        assert status == 200, answer
        return str(answer["data"]["stream_key"])

    def rtmp_url(self, key: str) -> str:
        """Where an encoder sends to."""
        return f"rtmp://127.0.0.1:{self.env['RTMP_PORT']}/live/{key}"

    def play_id(self, room_id: str) -> str:
        found = self.rows(f"select play_id from live_room where room_id = '{room_id}'")
        return str(found[0][0])

    def playback(self, room_id: str) -> dict[str, Any]:
        """The ladder as the API gives it."""
        status, answer = self.call("GET", f"/api/v1/live/{room_id}/playback", token=self.token())
        assert status == 200, answer
        return dict(answer["data"])

    def hls_url(self, room_id: str) -> str:
        """Without a token, which a public room needs not."""
        return f"{self.base_url}/hls/{self.play_id(room_id)}.m3u8"

    def flv_url(self, room_id: str) -> str:
        return f"{self.base_url}/flv/{self.play_id(room_id)}.flv"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    def log(self, part: str) -> str:
        """All that a part has printed."""
        file = self.data_dir / "log" / f"{part}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def sfu_stats(self) -> stats_pb2.NodeStats:
        """The embedded SFU's own counters."""
        with grpc.insecure_channel(f"127.0.0.1:{self.env['SFU_GRPC_PORT']}") as channel:
            reply = stats_pb2_grpc.StatsStub(channel).Get(stats_pb2.StatsRequest(), timeout=5)
        return reply.node

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Straight from the database file, past all of our code."""
        with contextlib.closing(sqlite3.connect(self.data_dir / "microvibe.sqlite3")) as database:
            return database.execute(sql).fetchall()

    def answers(self, path: str = "/health") -> bool:
        try:
            return self.call("GET", path)[0] == 200
        except OSError:
            return False

    def wait_until_healthy(self) -> None:
        wait_for("every part is ready", lambda: self.answers("/health/ready"), 30)

    def user_id(self, username: str) -> int:
        found = self.rows(f"select id from live_user where username = '{username}'")
        return int(found[0][0])

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Ends it as Ctrl-C does; returns how many seconds that took."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - started


def clean_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Nothing of the tests' own settings, and ports that nobody uses."""
    env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        **env,
        "READ_DOT_ENV": "false",
        "DATA_DIR": str(data_dir),
        **dict(zip(TCP_PORTS, map(str, free_ports(len(TCP_PORTS))), strict=True)),
        "SFU_UDP_PORT": str(free_port(socket.SOCK_DGRAM)),
        "DEMO_PASSWORD": PASSWORD,
        "PUBLISHER_GRACE_SECS": "6",
        "MAX_ROOMS_PER_USER": "1000",
        "API_THROTTLE_SIGN_IN": "",
        **more,
    }


def start(data_dir: Path, within_secs: float = 60.0, wait_ready: bool = True, **env: str) -> Site:
    """Starts it and waits for the ready line (or, without `wait_ready`, for the app alone)."""
    environment = clean_environment(data_dir, **env)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "launcher"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    host = environment.get("HOST", "127.0.0.1")
    scheme = "https" if environment.get("TLS") else "http"
    site = Site(process, f"{scheme}://{host}:{environment['PORT']}", data_dir, environment)
    ready: queue.Queue[bool] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            site.lines.append(line.rstrip("\n"))
            if line.startswith("MicroVibe is ready: "):
                ready.put(True)
        ready.put(False)

    threading.Thread(target=read, daemon=True).start()
    if not wait_ready:
        wait_for("the app answers", site.answers, within_secs)
        return site
    try:
        said = ready.get(timeout=within_secs)
    except queue.Empty:
        said = False
    if not said:
        site.stop()
        raise AssertionError("MicroVibe did not get ready:\n" + "\n".join(site.lines[-60:]))
    site.ready_after_secs = time.monotonic() - started
    return site


@contextlib.contextmanager
def running(data_dir: Path, wait_ready: bool = True, **env: str) -> Iterator[Site]:
    site = start(data_dir, wait_ready=wait_ready, **env)
    try:
        yield site
    finally:
        site.stop()
        assert site.process.stdout is not None
        site.process.stdout.close()
