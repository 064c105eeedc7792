"""HLS, recordings and HTTP-FLV of the real front: who gets them, and how."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from ingest.nginx import Nginx
from ingest.viewers_job import bind_at
from playback.tokens import play_name
from tests.integration.front.alone import (
    FILM,
    MOVIE,
    PLAY,
    PLAYLIST,
    RECORDING,
    SEGMENT,
    Alone,
    alone,
    stand_in,
)


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


def test_viewers_are_told_to_the_worker_and_only_of_segments(front: Alone):
    """Who asks for playlists alone plays nothing, and keeps nothing running."""
    viewer, token = "0" * 31 + "a", front.token()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        bind_at(worker, front.values.run_dir / "viewers.sock")
        worker.settimeout(10)
        assert front.ask(front.hls(token, viewer="1" * 32)).status == 200
        assert front.ask(front.hls(token, "1000.ts", "2" * 32), "HEAD").status == 200
        assert front.ask(front.hls("-", "1000.ts", "3" * 32)).status == 403
        assert front.ask(front.hls(token, "1001.ts", "4" * 32)).status == 404
        front.ask(front.hls(token, "1000.ts", viewer))
        said = worker.recv(2000).decode()
    (front.values.run_dir / "viewers.sock").unlink()
    assert re.search(rf"hls: \d+\.\d{{3}} {PLAY} {viewer} 127\.0\.0\.1$", said)
    assert token not in said


def test_once_private_only_its_own_tokens_are_good(front: Alone):
    old, first, second = (
        front.token(name) for name in (PLAY, play_name(PLAY, 0), play_name(PLAY, 12))
    )
    forged = f"{first.rpartition('.')[0]}.12"
    bare = first.rpartition(".")[0]

    def statuses() -> list[int]:
        """Of each token; the same for playlists and segments."""
        found = [
            [front.ask(front.hls(token, file)).status for file in ("index.m3u8", "1000.ts")]
            for token in (old, first, second, forged, bare, "-")
        ]
        assert all(one == other for one, other in found)
        return [one for one, _ in found]

    assert statuses() == [200, 403, 403, 403, 403, 403]
    front.mark("private")
    assert statuses() == [403, 403, 403, 403, 403, 403]
    front.mark("private", f"{PLAY}.0")
    assert statuses() == [403, 200, 403, 403, 403, 403]
    front.mark("private", f"{PLAY}.0", there=False)
    front.mark("private", f"{PLAY}.12")
    assert statuses() == [403, 403, 200, 403, 403, 403]
    seed = front.ask(f"/hls/{PLAY}.m3u8?token={second}")
    assert (seed.status, second in seed.headers["location"]) == (302, True)


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


def test_pages_elsewhere_may_ask_for_flv_with_headers_of_theirs(front: Alone):
    asked = front.ask(f"/flv/{PLAY}.flv", "OPTIONS", Origin="https://elsewhere.example")
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert front.ask(f"/flv/{PLAY}.flv", "POST").status == 403


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
