"""The real nginx as we configure it, with stand-ins for the app and playback that say what came."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ingest import nginx as conf
from ingest.nginx import Nginx, NginxValues
from playback.tokens import build_token

PLAY = "play_0123456789abcdef"
RECORDING = "rec_0123456789abcdef"
SECRETS = ("ingest-" + "i" * 40, "tokens-" + "t" * 40)
MOVIE = f"/recordings/{RECORDING}.mp4"
SEGMENT = b"G" + bytes(187)
PLAYLIST = b"#EXTM3U\n#EXTINF:1.000,\n1000.ts\n"
FILM = bytes(range(256)) * 40


class StandIn(BaseHTTPRequestHandler):
    """Answers everything with what it was asked; `/flv/` comes in two pieces."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode(errors="replace")
        self.server.asked.append((self.command, self.path, dict(self.headers.items()), body))
        if self.path.startswith("/ingest/"):
            self.send_response(self.server.hook_status)
            self.send_header("Location", PLAY)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.startswith("/flv/"):
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "https://of-playback.example")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"FLV")
            self.wfile.flush()
            self.server.go_on.wait(20)
            self.close_connection = True
            return
        raw = json.dumps({"path": self.path, "headers": dict(self.headers.items())}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = answer

    def log_message(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def stand_in(port: int) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", port), StandIn)
    server.daemon_threads = True
    server.asked, server.go_on, server.hook_status = [], threading.Event(), 302
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Alone:
    """Folders, ports and the processes of one nginx."""

    data_dir: Path
    values: NginxValues
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", port: int = 0, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.values.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body or None, named)
            found = connection.getresponse()
            content = found.read()
        finally:
            connection.close()
        return Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, content)

    def raw(self, request: bytes, port: int = 0, enough: bytes = b"") -> bytes:
        """Bytes in, bytes out, until the end (or until `enough` came): for what no client sends."""
        with socket.create_connection(("127.0.0.1", port or self.values.port), 10) as made:
            made.sendall(request)
            heard = b""
            with contextlib.suppress(ConnectionError):
                while more := made.recv(65536):
                    heard += more
                    if enough and enough in heard:
                        break
            return heard

    def mark(self, kind: str, name: str = PLAY, there: bool = True) -> None:
        file = self.values.media_dir / "marks" / kind / name
        file.touch() if there else file.unlink()

    def token(self, name: str = PLAY, in_secs: int = 600, secret: str = "") -> str:
        return build_token(
            name, secret or self.values.play_token_secret, int(time.time()) + in_secs
        )

    def hls(self, token: str = "-", file: str = "index.m3u8", viewer: str = "page") -> str:
        return f"/hls/{viewer}/{token}/{PLAY}/{file}"

    def said(self) -> str:
        return "".join(path.read_text() for path in sorted((self.data_dir / "log").iterdir()))


def until(why: str, look: Callable[[], Any], within_secs: float = 20.0) -> Any:
    deadline = time.monotonic() + within_secs
    while not (found := look()):
        assert time.monotonic() < deadline, f"after {within_secs:g} s: {why}"
        time.sleep(0.02)
    return found


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        made = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in made:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in made]


@contextlib.contextmanager
def alone(data_dir: Path, nginx: Nginx, *names: str, **changes: Any) -> Iterator[Alone]:
    """`names`: of `front`, `rtmp`. Media as the other processes would leave it."""
    media, run_dir, static = data_dir / "media", data_dir / "run", data_dir / "static"
    for folder in (
        *(
            media / kind
            for kind in ("marks/air", "marks/open", "marks/private", f"hls/{PLAY}", "recordings")
        ),
        *(run_dir / "tmp/front", run_dir / "tmp/rtmp", run_dir / "pages", static, data_dir / "log"),
    ):
        folder.mkdir(parents=True)
    for page in (conf.TEMPLATES / "pages").iterdir():
        (run_dir / "pages" / page.name).write_bytes(page.read_bytes())
    (media / "hls" / PLAY / "index.m3u8").write_bytes(PLAYLIST)
    (media / "hls" / PLAY / "1000.ts").write_bytes(SEGMENT)
    (media / "recordings" / f"{RECORDING}.mp4").write_bytes(FILM)
    for name in (f"{RECORDING}.jpg", f"{PLAY}-1795276717.flv", f".{RECORDING}.mp4"):
        (media / "recordings" / name).write_bytes(b"not for everybody")
    (static / "app.0123456789ab.js").write_text("export const a = 1;\n" * 200)
    (static / "plain.css").write_text("a { }")
    (data_dir / "secrets.env").write_text("nobody reads this")
    port, app, flv, rtmp, out, control = free_ports(6)
    values = NginxValues(
        host="127.0.0.1",
        port=port,
        app_port=app,
        flv_port=flv,
        rtmp_port=rtmp,
        rtmp_out_port=out,
        rtmp_control_port=control,
        ingest_secret=SECRETS[0],
        play_token_secret=SECRETS[1],
        media_dir=media,
        static_dir=static,
        run_dir=run_dir,
        user="root" if os.geteuid() == 0 else None,
        **changes,
    )
    made = Alone(data_dir, values)
    render = {"front": conf.render_front, "rtmp": conf.render_rtmp}
    try:
        for name in names:
            file = run_dir / f"{name}.conf"
            conf.write_private(file, render[name](values, nginx))
            with (data_dir / "log" / name).open("wb") as log:
                made.running[name] = subprocess.Popen(conf.command(nginx, file), stderr=log)
        for name in names:
            wanted = values.port if name == "front" else values.rtmp_port
            until(f"{name} listens; it said {made.said()}", lambda wanted=wanted: listens(wanted))
        yield made
    finally:
        for process in made.running.values():
            process.terminate()
        for process in made.running.values():
            process.wait(10)
