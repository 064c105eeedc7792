"""What the real front lets through to the app, serves itself, refuses, and writes down."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from ingest import nginx as conf
from ingest.nginx import Nginx
from tests.integration.front.alone import (
    FILM,
    MOVIE,
    PLAY,
    RECORDING,
    SECRETS,
    SEGMENT,
    Alone,
    alone,
    stand_in,
)


def test_no_path_leads_elsewhere(front: Alone, app: Any):
    token = front.token()
    for path in (
        "/hls/", "/hls", f"/hls/{PLAY}/", f"/hls/{PLAY}/index.m3u8", f"/hls/page/{token}/{PLAY}/",
        f"/hls/page/{token}/{PLAY}/../../../secrets.env", f"/hls/page/{token}/{PLAY}/..%2f..%2fx",
        f"/hls/page/{token}/../marks/air/{PLAY}", f"/hls/page/{token}/{PLAY}/index.m3u8.bak",
        f"/hls/page/{token}/{PLAY}/%2e%2e/%2e%2e/%2e%2e/secrets.env",
        f"/hls/page/{token}/{PLAY}/index.m3u8%00", f"/hls/page/{token}/{PLAY}/1000.ts/",
        f"/hls/page/{token}/{PLAY}%2f..%2fx/index.m3u8", f"/hls/{'a' * 33}/{token}/{PLAY}/1.ts",
        f"/recordings/{RECORDING}.jpg?token={front.token(RECORDING)}",
        f"/recordings/{PLAY}-1795276717.flv?token={token}", f"/recordings/.{RECORDING}.mp4",
        f"/recordings/../recordings/{RECORDING}.mp4", f"/recordings/{RECORDING}.MP4",
        f"/recordings/{RECORDING}.mp4/x", f"/recordings/%2e%2e/hls/{PLAY}/1000.ts",
        "/static/../secrets.env", "/static/..%2fsecrets.env", "/static/%2e%2e/secrets.env",
        "/static//../../etc/passwd", "/static/", "/static", "/../../etc/passwd", "/media/hls/",
        "/run/front.conf", "/.pages/starting.html", "/.pages/unavailable.json", f"/marks/{PLAY}",
        "/flv/", f"/flv/{PLAY}", "/flv/../flv/x.flv", f"/flv/{PLAY}.flv/x", "/hls/" + "a" * 2000,
        f"/hls/page/{token}/{PLAY}/index.m3u8\x00", f"/hls/page/{'9' * 3000}/{PLAY}/index.m3u8",
    ):  # fmt: skip
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        heard = front.raw(request.encode())
        status = int(heard.split(b" ")[1])
        from_app = b'"path"' in heard
        assert from_app or status in (400, 403, 404), (path, heard[:200])
        for content in (
            b"nobody reads",
            b"not for everybody",
            b"root:",
            SEGMENT,
            FILM,
            b"load_mod",
        ):
            assert content not in heard, path


def test_nginxs_own_calls_do_not_come_through_here(front: Alone, app: Any):
    for path in (
        "/ingest/publish", "/ingest/", "//ingest/publish", "/x/../ingest/publish",
        "/%69ngest/publish", "/./ingest/publish", "/ingest//publish", "/ingest/publish/",
    ):  # fmt: skip
        assert front.ask(f"{path}?secret={SECRETS[0]}", "POST", b"call=publish").status == 404
    assert app.asked == []


def test_odd_requests_are_refused_and_the_next_is_served(front: Alone, app: Any):
    for request in (
        b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 100,
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ):  # fmt: skip
        heard = front.raw(request, enough=b"</html>")
        assert not heard or heard.split(b"\r\n")[0].split(b" ")[1] in (b"400", b"414", b"505"), (
            heard
        )
        assert b"nginx/" not in heard  # no version
    assert app.asked == []
    assert front.ask("/fine").status == 200


def test_the_app_learns_who_asks_and_nobody_can_lie_about_it(front: Alone, app: Any):
    headers = {
        "X_Forwarded_For": "9.9.9.9",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Port": "1",
        "Forwarded": "for=9.9.9.9",
        "Host": "live.example:8080",
        "X_Mine": "kept",
    }
    got = front.ask("/a%2fb/?x=1&y=%20", **headers).json
    assert got["path"] == "/a%2fb/?x=1&y=%20"
    assert got["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert got["headers"]["X-Forwarded-Proto"] == "http"
    assert got["headers"]["Host"] == "live.example:8080"
    assert got["headers"]["X-Mine"] == "kept"
    for name in ("X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"):
        assert name not in got["headers"]


def test_behind_proxies_of_others_what_they_say_is_passed_on(nginx: Nginx, tmp_path: Path):
    with (
        alone(tmp_path / "var", nginx, "front", proxies=1) as front,
        stand_in(front.values.app_port),
    ):
        got = front.ask("/", X_Forwarded_For="9.9.9.9", X_Forwarded_Proto="https").json["headers"]
        assert got["X-Forwarded-For"] == "9.9.9.9, 127.0.0.1"
        assert got["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize(
    ("proxies", "said", "client"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "8.8.8.8, 9.9.9.9", "9.9.9.9"),
        (2, "7.7.7.7, 2001:db8::1, 9.9.9.9", "2001:db8::1"),
        (1, "not an address", "127.0.0.1"),
        (2, "9.9.9.9", "127.0.0.1"),
    ],
)
def test_playback_is_told_who_asks(
    nginx: Nginx, tmp_path: Path, proxies: int, said: str, client: str
):
    with (
        alone(tmp_path / "var", nginx, "front", proxies=proxies) as front,
        stand_in(front.values.flv_port) as playback,
    ):
        playback.go_on.set()
        front.ask(f"/flv/{PLAY}.flv", X_Forwarded_For=said)
        assert playback.asked[0][2]["X-Forwarded-For"] == client


def test_a_socket_is_handed_over(front: Alone):
    with socket.create_server(("127.0.0.1", front.values.app_port)) as server:
        browser = socket.create_connection(("127.0.0.1", front.values.port), 10)
        browser.sendall(
            b"GET /ws/x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        server.settimeout(10)
        inside, _ = server.accept()
        inside.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            head += inside.recv(4096)
        assert b"Upgrade: websocket" in head
        assert b"Connection: upgrade" in head
        inside.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\n\r\nhello"
        )
        heard = b""
        while b"hello" not in heard:
            heard += browser.recv(4096)
        browser.sendall(b"there")
        assert inside.recv(100) == b"there"
        inside.close()
        assert browser.recv(100) == b""
        browser.close()


def test_while_the_app_is_away(front: Alone):
    page = front.ask("/rooms")
    assert page.status == 503
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "正在启动" in page.body.decode()
    assert page.headers["cache-control"] == "no-store"
    assert front.ask("/sign-in", "POST", b"a=b").status == 503
    for path in ("/api/v1/live", "/health", "/health/ready"):
        answer = front.ask(path)
        assert answer.status == 503
        assert answer.json["code"] == "unavailable"
        assert answer.headers["retry-after"] == "2"
    assert front.ask(front.hls(front.token())).status == 200  # what needs no app goes on


def test_too_much_is_refused(front: Alone, app: Any):
    big = b"x" * 300_000
    assert front.ask("/api/v1/live/create", "POST", big).json["code"] == "too_large"
    assert front.ask("/sign-in", "POST", big).status == 413
    assert app.asked == []


def test_static_files(front: Alone):
    hashed = front.ask("/static/app.0123456789ab.js", Accept_Encoding="gzip")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert hashed.headers["content-encoding"] == "gzip"
    assert hashed.headers["x-content-type-options"] == "nosniff"
    plain = front.ask("/static/plain.css")
    assert plain.headers["cache-control"] == "public, max-age=60"
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert front.ask("/static/absent.js").status == 404


def test_no_token_gets_into_the_log(front: Alone, app: Any):
    token = front.token()
    front.ask(front.hls(token))  # nobody listens at viewers.sock
    front.ask(f"/flv/{PLAY}.flv?token={token}")  # nor at playback's port
    front.ask(f"/hls/page/{token}/{PLAY}/5.ts")
    front.ask(f"{MOVIE}?token={token}")
    app.shutdown()
    app.server_close()
    front.ask(f"/ws/x?token={token}")
    said = front.said()
    assert token not in said
    assert not any(secret in said for secret in SECRETS)


def test_a_slow_head_is_not_waited_for(nginx: Nginx, tmp_path: Path):
    """Ours are 15 s; shortened here, to see that the line is where it works."""
    quick = tmp_path / "templates"
    quick.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for file in conf.TEMPLATES.glob("*.conf"):
            text = file.read_text(encoding="utf-8")
            (quick / file.name).write_text(text.replace("_timeout 15s", "_timeout 1s"))
        (quick / "pages").symlink_to(conf.TEMPLATES / "pages")
        patch.setattr(conf, "TEMPLATES", quick)
        with alone(tmp_path / "var", nginx, "front") as front:
            assert front.raw(b"GET / HTTP/1.1\r\nHost:") == b""
            heard = front.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
            assert not heard or b" 408 " in heard
