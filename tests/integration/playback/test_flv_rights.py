"""Who may watch, what others are told, and requests that mean harm."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from playback.server import HEAD_SECS
from playback.tokens import play_name
from tests.integration.playback.publisher import Publisher
from tests.integration.playback.rig import SECRET, Rig, wait_for
from tests.unit.playback.media import AVC, video

pytestmark = pytest.mark.media
PLAY, OTHER = "play_test1", "play_test2"


def said(rig: Rig, path: str, method: str = "GET", fields: str = "") -> tuple[int, str]:
    answer = rig.ask(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def test_who_may_watch(rig: Rig) -> None:
    rig.mark(PLAY, OTHER, opened=False)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.video(0, AVC)
        publisher.video(0, video(key=True))
        allowed = rig.watch(PLAY, f"?token={rig.token(PLAY)}&v=page")
        wait_for("its head", lambda: allowed.read(0.1) is not None and allowed.status)
        assert allowed.status == 200
        assert b"video/x-flv" in allowed.data and b"no-store" in allowed.data
        assert b"Access-Control-Allow-Origin: *" in allowed.data
        for query in (
            "",
            "?token=",
            "?token=" + "x" * 40,
            f"?token={rig.token(OTHER)}",
            f"?token={rig.token(PLAY, secs=-5)}",
            f"?token={rig.token(PLAY)}x",
            f"?secret={SECRET}",
        ):
            assert said(rig, f"/flv/{PLAY}.flv{query}") == (403, '{"code": "no_valid_token"}')
        assert said(rig, f"/flv/{PLAY}.flv?token={rig.token(PLAY)}", "HEAD") == (200, "")
        assert said(rig, f"/flv/{PLAY}.flv", "HEAD") == (403, "")
        assert said(rig, f"/flv/{PLAY}.flv", "POST")[0] == 405
        assert said(rig, f"/flv/{PLAY}.flv", "OPTIONS") == (204, "")
        status = rig.status(PLAY)
        assert status is not None and (status["viewers"], status["page_viewers"]) == (0, 1)
    assert SECRET not in rig.log() and "token" not in rig.log()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/flv/play_nobody.flv",
        "/flv/play_../../etc.flv",
        "/flv/..%2fplay_a.flv",
        "/flv/play_A.flv",
        "/flv/" + "play_" + "a" * 41 + ".flv",
        "/flv/play_test1",
        "/inspect/play_nobody",
        "/inspect/../x",
    ],
)
def test_what_is_not_there(rig_without_nginx: Rig, path: str) -> None:
    assert said(rig_without_nginx, path)[0] == 404


def test_without_publisher_and_without_nginx(rig: Rig) -> None:
    rig.mark(PLAY)
    started = time.monotonic()
    assert said(rig, f"/flv/{PLAY}.flv") == (404, '{"code": "not_on_air"}')
    assert time.monotonic() - started > 4.5, "it waits for a stream to appear"
    rig.kill_nginx()
    assert said(rig, f"/flv/{PLAY}.flv") == (503, '{"code": "rtmp_down"}')
    assert said(rig, "/status")[0] == 200


def test_marks_that_go_end_what_they_allowed(rig: Rig) -> None:
    rig.mark(PLAY)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.video(0, AVC)
        by_mark = rig.watch(PLAY)
        by_token = rig.watch(PLAY, f"?token={rig.token(PLAY)}")
        wait_for("both", lambda: (rig.status(PLAY) or {}).get("viewers") == 2)
        rig.mark(PLAY, opened=False)
        by_mark.read_to_end()
        status = rig.status(PLAY)
        assert status is not None and status["viewers"] == 1
        rig.mark()
        by_token.read_to_end()
        wait_for("the pull is over", lambda: not rig.pulls(PLAY))
        assert rig.status(PLAY) is None


def test_once_private_only_its_own_tokens_are_good(rig: Rig) -> None:
    rig.mark(PLAY, opened=False)
    names = (PLAY, play_name(PLAY, 0), play_name(PLAY, 1))
    old, new, next_one = (f"?token={rig.token(name)}" for name in names)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.video(0, AVC)
        assert said(rig, f"/flv/{PLAY}.flv{new}")[0] == 403
        by_old = rig.watch(PLAY, old)
        wait_for("one", lambda: (rig.status(PLAY) or {}).get("viewers") == 1)
        rig.mark(PLAY, opened=False, epoch=0)
        by_new = rig.watch(PLAY, new)
        by_old.read_to_end()
        assert said(rig, f"/flv/{PLAY}.flv{old}")[0] == 403
        assert (rig.status(PLAY) or {}).get("viewers") == 1
        assert said(rig, f"/flv/{PLAY}.flv{next_one}")[0] == 403
        rig.mark(PLAY, opened=False, epoch=1)  # somebody was removed
        by_new.read_to_end()
        assert said(rig, f"/flv/{PLAY}.flv{new}")[0] == 403
        rig.watch(PLAY, next_one).close()


def test_too_many_viewers(rig_without_nginx: Rig) -> None:
    rig = rig_without_nginx
    rig.stop_playback()
    rig.start_nginx()
    rig.start_playback(FLV_MAX_VIEWERS="2", PLAYBACK_CORS_ORIGINS="https://a.example")
    rig.mark(PLAY)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.video(0, AVC)
        viewers = [rig.watch(PLAY), rig.watch(PLAY)]
        wait_for("two", lambda: (rig.status(PLAY) or {}).get("viewers") == 2)
        assert said(rig, f"/flv/{PLAY}.flv") == (503, '{"code": "too_many_viewers"}')
        viewers.pop().close()
        wait_for("one", lambda: (rig.status(PLAY) or {}).get("viewers") == 1)
        head = f"GET /flv/{PLAY}.flv HTTP/1.1\r\nOrigin: https://{{}}.example\r\n\r\n"
        for origin, allowed in (("b", False), ("a", True)):
            with socket.create_connection(("127.0.0.1", rig.flv_port), 5) as one:
                one.sendall(head.format(origin).encode())
                answer = one.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200")
                assert (b"Access-Control-Allow-Origin: https://a" in answer) is allowed
            wait_for("one again", lambda: (rig.status(PLAY) or {}).get("viewers") == 1)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 9_000, 431),
        (b"GET /status HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + bytes(100_000), 200),
    ],
    ids=["TLS", "short", "empty", "huge", "huge line", "with a body"],
)
def test_heads_that_mean_harm(rig_without_nginx: Rig, head: bytes, status: int) -> None:
    answer = rig_without_nginx.ask(head)
    assert not answer or int(answer.split()[1]) == status
    assert said(rig_without_nginx, "/status") == (200, '{"streams": {}, "viewers": 0}')


def test_slow_heads_are_given_up_and_disturb_nobody(rig_without_nginx: Rig) -> None:
    rig = rig_without_nginx
    slow = [socket.create_connection(("127.0.0.1", rig.flv_port), 5) for _ in range(200)]
    started = time.monotonic()
    for each in slow:
        each.sendall(b"GET /status HT")
    asked = time.monotonic()
    assert said(rig, "/status")[0] == 200
    print(f"answered in {(time.monotonic() - asked) * 1000:.0f} ms beside 200 slow heads")
    for each in slow:
        each.settimeout(HEAD_SECS + 15)
        assert each.recv(100).startswith(b"HTTP/1.1 408")
        each.close()
    assert time.monotonic() - started >= HEAD_SECS - 1
    assert said(rig, "/status")[0] == 200


def test_it_ends_at_once_and_listens_on_loopback_only(rig_without_nginx: Rig) -> None:
    rig = rig_without_nginx
    assert rig.playback is not None
    waits = socket.create_connection(("127.0.0.1", rig.flv_port), 5)
    table = Path(f"/proc/{rig.playback.pid}/net/tcp").read_text().splitlines()[1:]
    others = [
        line.split()[1]
        for line in table
        if line.split()[1].endswith(f":{rig.flv_port:04X}") and line.split()[3] == "0A"
    ]
    assert others == [f"0100007F:{rig.flv_port:04X}"]
    started = time.monotonic()
    rig.stop_playback()
    assert rig.playback.returncode == 0
    assert waits.recv(100) == b""
    waits.close()
    print(f"ended in {(time.monotonic() - started) * 1000:.0f} ms")
