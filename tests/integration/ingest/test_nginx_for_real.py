"""What the front serves, and to whom: asked of the real nginx in our configuration."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import nginx as conf
from ingest.nginx import Nginx, NoNginx
from tests.e2e.harness.rtmp_client import AUDIO, VIDEO, Refused, RtmpClient
from tests.integration.ingest.nginx_alone import (
    FILM,
    PLAY,
    PLAYLIST,
    RECORDING,
    SECRETS,
    SEGMENT,
    Alone,
    alone,
    stand_in,
    until,
)

# H.264 Baseline 16×16 (SPS, PPS) and AAC, as an encoder begins.
STREAM_HEADS = (
    (
        VIDEO,
        bytes.fromhex(
            "17000000000142c00affe1000867 42c00ada79e0 2201000468ce3c80".replace(" ", "")
        ),
    ),
    (AUDIO, bytes.fromhex("af001210")),
)
KEYFRAME = bytes.fromhex("1701000000000000086588843a2628000e")
MOVIE = f"/recordings/{RECORDING}.mp4"


@pytest.fixture(scope="module")
def nginx() -> Nginx | NoNginx:
    return conf.find_nginx()


@pytest.fixture(autouse=True)
def needs_nginx(nginx: Nginx | NoNginx, missing_part: Callable[[str], None]) -> None:
    if isinstance(nginx, NoNginx):
        missing_part(f"{nginx.reason}: apt-get install nginx libnginx-mod-rtmp")


@pytest.fixture(scope="module")
def shared(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    if isinstance(nginx, NoNginx):
        pytest.skip(nginx.reason)
    with alone(tmp_path_factory.mktemp("front") / "var", nginx, "front") as made:
        yield made


@pytest.fixture
def front(shared: Alone) -> Alone:
    """On the air, and not open."""
    for kind in ("air", "open"):
        for file in (shared.values.media_dir / "marks" / kind).iterdir():
            file.unlink()
    shared.mark("air")
    return shared


@pytest.fixture
def app(front: Alone) -> Iterator[Any]:
    with stand_in(front.values.app_port) as server:
        yield server


# --- HLS ------------------------------------------------------------------------------------------


def test_the_short_address_leads_to_one_of_the_viewers_own(front: Alone):
    token = front.token()
    first = front.ask(f"/hls/{PLAY}.m3u8?token={token}")
    assert first.status == 302
    assert re.fullmatch(
        rf"/hls/[0-9a-f]{{32}}/{token}/{PLAY}/index\.m3u8", first.headers["location"]
    )
    assert first.headers["cache-control"] == "no-store"
    assert front.ask(f"/hls/{PLAY}.m3u8").headers["location"] != first.headers["location"]
    page = front.ask(f"/hls/{PLAY}.m3u8?token={token}&v=page").headers["location"]
    assert page == front.hls(token)
    odd = front.ask(f"/hls/{PLAY}.m3u8?v=0{'a' * 31}&token=%0d%0aX:%20y").headers
    assert "x" not in odd
    assert re.fullmatch(rf"/hls/[0-9a-f]{{32}}/-/{PLAY}/index\.m3u8", odd["location"])


def test_a_token_opens_playlist_and_segments(front: Alone):
    token = front.token()
    playlist = front.ask(front.hls(token))
    assert (playlist.status, playlist.body) == (200, PLAYLIST)
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.headers["cache-control"] == "no-store"
    assert "etag" not in playlist.headers
    segment = front.ask(front.hls(token, "1000.ts"))
    assert (segment.status, segment.body) == (200, SEGMENT)
    assert segment.headers["content-type"] == "video/mp2t"
    assert segment.headers["cache-control"] == "private, max-age=60"
    head = front.ask(front.hls(token, "1000.ts"), "HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("file", ["index.m3u8", "1000.ts"])
@pytest.mark.parametrize("kind", ["none", "expired", "of another", "of a recording", "forged"])
def test_without_a_good_token_nothing_is_served(front: Alone, file: str, kind: str):
    token = {
        "none": "-",
        "expired": front.token(in_secs=-10),
        "of another": front.token("play_ffffffffffffffff"),
        "of a recording": front.token(RECORDING),
        "forged": front.token(secret="s" * 40),
    }[kind]
    answer = front.ask(front.hls(token, file))
    assert answer.status == 403
    assert answer.headers["cache-control"] == "no-store"


def test_an_expiry_can_not_be_moved(front: Alone):
    expires, _, digest = front.token().partition("-")
    assert front.ask(front.hls(f"{int(expires) + 1}-{digest}")).status == 403
    assert front.ask(front.hls(f"0{expires}-{digest}")).status == 403


def test_marks_take_effect_at_once(front: Alone):
    token = front.token()
    assert front.ask(front.hls()).status == 403
    front.mark("open")
    assert front.ask(front.hls()).status == 200
    assert front.ask(front.hls(front.token(in_secs=-10))).status == 200
    front.mark("open", there=False)
    assert front.ask(front.hls()).status == 403
    assert front.ask(front.hls(token)).status == 200
    front.mark("air", there=False)
    for file in ("index.m3u8", "1000.ts"):
        gone = front.ask(front.hls(token, file))
        assert gone.status == 404
        assert gone.headers["cache-control"] == "no-store"


def test_viewers_are_told_to_the_worker_and_only_of_playlists(front: Alone):
    viewer, token = "0" * 31 + "a", front.token()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        worker.bind(str(front.values.run_dir / "viewers.sock"))
        worker.settimeout(10)
        front.ask(front.hls(token, "1000.ts", viewer))
        assert front.ask(front.hls("-", viewer="1" * 32)).status == 403
        front.ask(front.hls(token, viewer=viewer))
        said = worker.recv(2000).decode()
    (front.values.run_dir / "viewers.sock").unlink()
    assert re.search(rf"hls: \d+\.\d{{3}} {PLAY} {viewer} 127\.0\.0\.1$", said)
    assert token not in said


# --- Recordings -----------------------------------------------------------------------------------


def test_recordings_always_need_their_token(front: Alone):
    assert front.ask(MOVIE).status == 403
    front.mark("open", RECORDING)
    for token in ("", "-", front.token(RECORDING, -10), front.token(PLAY), "x" * 33):
        assert front.ask(f"{MOVIE}?token={token}").status == 403
    answer = front.ask(f"{MOVIE}?token={front.token(RECORDING)}")
    assert (answer.status, answer.body) == (200, FILM)
    assert answer.headers["content-type"] == "video/mp4"
    assert "content-disposition" not in answer.headers


def test_recordings_in_ranges_and_as_a_download(front: Alone):
    url = f"{MOVIE}?token={front.token(RECORDING)}"
    part = front.ask(url, Range="bytes=100-199")
    assert (part.status, part.body) == (206, FILM[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(FILM)}"
    assert front.ask(url, Range="bytes=999999-").status == 416
    download = front.ask(f"{url}&download=1").headers["content-disposition"]
    assert download == f'attachment; filename="{RECORDING}.mp4"'
    assert front.ask(url, "HEAD").headers["content-length"] == str(len(FILM))


# --- Paths ----------------------------------------------------------------------------------------


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


# --- CORS -----------------------------------------------------------------------------------------


def test_pages_elsewhere_may_play_by_default(front: Alone):
    token = front.token()
    for path in (
        front.hls(token), front.hls(token, "1000.ts"), f"/hls/{PLAY}.m3u8",
        f"{MOVIE}?token={front.token(RECORDING)}", front.hls(),
    ):  # fmt: skip
        asked = front.ask(path, Origin="https://elsewhere.example")
        assert asked.headers["access-control-allow-origin"] == "*", path
        before = front.ask(path, "OPTIONS", Origin="https://elsewhere.example")
        assert before.status == 204
        assert before.headers["access-control-allow-origin"] == "*"
        assert "Range" in before.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in before.headers


@pytest.mark.parametrize("origins", [(), ("https://a.example", "https://b.example:8443")])
def test_only_the_origins_that_are_set(nginx: Nginx, tmp_path: Path, origins: tuple[str, ...]):
    with alone(tmp_path / "var", nginx, "front", cors_origins=origins) as front:
        front.mark("air")
        front.mark("open")
        for origin in ("https://a.example", "https://b.example:8443", "https://c.example", "null"):
            got = front.ask(front.hls(), Origin=origin).headers
            assert got.get("access-control-allow-origin") == (origin if origin in origins else None)
            assert "Origin" in got["vary"]
        assert "access-control-allow-origin" not in front.ask(front.hls()).headers


# --- FLV ------------------------------------------------------------------------------------------


def test_flv_is_passed_on_as_it_comes(front: Alone):
    with stand_in(front.values.flv_port) as playback:
        url = f"/flv/{PLAY}.flv?token={front.token()}&v=page"
        request = f"GET {url} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n".encode()
        heard = front.raw(request, enough=b"FLV")  # while the rest is held back
        assert heard.endswith(b"FLV\r\n") or b"FLV" in heard
        assert b"of-playback.example" not in heard  # one rule for all, and it is the front's
        assert heard.lower().count(b"access-control-allow-origin: *") == 1
        method, path, headers, _ = playback.asked[0]
        assert (method, path) == ("GET", url)
        assert headers["X-Forwarded-For"] == "127.0.0.1"
        playback.go_on.set()
        for method in ("POST", "PUT", "DELETE"):
            assert front.ask(f"/flv/{PLAY}.flv", method).status in (403, 405)
        assert len(playback.asked) == 1
    assert front.ask(f"/flv/{PLAY}.flv").status == 502


# --- The app --------------------------------------------------------------------------------------


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


# --- RTMP's control pages -------------------------------------------------------------------------


def test_control_pages_are_for_our_worker_alone(nginx: Nginx, tmp_path: Path):
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp:
        port = rtmp.values.rtmp_control_port
        drop = f"/control/drop/publisher?app=live&name={PLAY}"
        assert b"<rtmp>" in rtmp.ask("/stat", port=port, Host="127.0.0.1").body
        assert rtmp.ask(drop, port=port, Host="127.0.0.1").status == 200
        for headers in (
            {"Host": "evil.example"},
            {"Host": f"127.0.0.1:{port}", "Sec_Fetch_Site": "cross-site"},
            {"Host": f"127.0.0.1:{port}", "Origin": "https://evil.example"},
        ):
            assert rtmp.ask(drop, port=port, **headers).status == 403
            assert rtmp.ask("/stat", port=port, **headers).status == 403
        assert rtmp.ask("/", port=port, Host="127.0.0.1").status == 404


def test_whatever_the_name_only_the_play_id_becomes_a_folder(nginx: Nginx, tmp_path: Path):
    """Even for a hook that accepts all: what it answers is the name from then on."""
    key = "k" * 43
    names = [key, f"../{key}", "../../../evil", f"{key}?name=x&call=y", "a&b=c", "x" * 2048, "a\0b"]
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp, stand_in(rtmp.values.app_port) as app:
        before = sorted(tmp_path.rglob("*"))
        accepted = 0
        for name in names:
            with RtmpClient(rtmp.values.rtmp_port) as client:
                try:
                    client.publish(name)
                except Refused:
                    continue
                accepted += 1
                for kind, body in STREAM_HEADS:
                    client.media(kind, 0, body)
                for index in range(1, 5):
                    client.media(VIDEO, index * 500, KEYFRAME)
        assert accepted >= 3
        asked = [path for _, path, _, _ in app.asked]
        assert f"/ingest/publish?secret={SECRETS[0]}" in asked
        app.hook_status = 403
        with RtmpClient(rtmp.values.rtmp_port) as client, pytest.raises(Refused):
            client.publish(key)
        app.shutdown()
        app.server_close()
        with RtmpClient(rtmp.values.rtmp_port) as client, pytest.raises(Refused):
            client.publish(key)
        new = set(tmp_path.rglob("*")) - set(before)
        below = rtmp.values.media_dir / "hls" / PLAY
        assert {path for path in new if path.parent != below} == set()
        said = rtmp.said()
        assert key not in said
        assert "evil" not in said
        assert SECRETS[0] not in said


def test_a_crowd_at_the_door_does_not_shut_the_inner_one(nginx: Nginx, tmp_path: Path):
    """nginx counts both servers' connections together: at 500 they would end every HLS and FLV."""
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp:
        crowd = []
        for _ in range(600):
            crowd.append(socket.create_connection(("127.0.0.1", rtmp.values.rtmp_port), 5))
        with socket.create_connection(("127.0.0.1", rtmp.values.rtmp_out_port), 5) as inner:
            inner.settimeout(10)
            inner.sendall(b"\x03" + bytes(1536))
            until("it answers the handshake", lambda: inner.recv(4000))
        for each in crowd:
            each.close()
