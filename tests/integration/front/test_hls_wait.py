"""A playlist that is not there yet, by the real front and playback: who may wait for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ingest.viewers_job import bind_at
from playback.wishes import MOST
from tests.integration.front.alone import PLAY, PLAYLIST, Alone, Answer, listens, until

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.media


@pytest.fixture
def waits(front: Alone) -> Iterator[Alone]:
    """On air, its playlist not there; with playback."""
    playlist(front).unlink()
    env = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(front.values.media_dir.parent),
        "FLV_PORT": str(front.values.flv_port),
        "RTMP_OUT_PORT": str(front.values.rtmp_out_port),
        "PLAY_TOKEN_SECRET": front.values.play_token_secret,
    }
    with (front.data_dir / "log" / "playback").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "playback"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        until("playback listens", lambda: listens(front.values.flv_port))
        yield front
    finally:
        process.terminate()
        process.wait(10)
        playlist(front).write_bytes(PLAYLIST)


def playlist(front: Alone) -> Path:
    return front.values.media_dir / "hls" / PLAY / "index.m3u8"


def wanted(front: Alone, name: str = PLAY) -> Any:
    found = front.ask("/status", port=front.values.flv_port).json["streams"].get(name)
    return found is not None and found["wanted"]


def in_background(front: Alone, path: str, method: str = "GET", **headers: str) -> Future[Answer]:
    pool = ThreadPoolExecutor(1)
    asked = pool.submit(front.ask, path, method, **headers)
    pool.shutdown(wait=False)
    return asked


def test_who_asks_for_what_a_bridge_will_feed_waits_for_it(waits: Alone):
    viewer, token = "0" * 31 + "b", waits.token()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        bind_at(worker, waits.values.run_dir / "viewers.sock")
        worker.settimeout(10)
        asked = in_background(
            waits, waits.hls(token, viewer=viewer), Origin="https://elsewhere.example"
        )
        head = in_background(waits, waits.hls(token), "HEAD")
        until("it is a wish", lambda: wanted(waits))
        assert not asked.done()
        playlist(waits).write_bytes(PLAYLIST)
        answer = asked.result(10)
        assert head.result(10).status == 200
        worker.settimeout(0.3)
        with pytest.raises(TimeoutError):
            worker.recv(2000)  # whether anybody plays it is still to be seen
    (waits.values.run_dir / "viewers.sock").unlink()
    assert (answer.status, answer.body) == (200, PLAYLIST)
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-accel-redirect" not in answer.headers
    assert head.result(10).body == b""
    until("nobody waits any more", lambda: not wanted(waits))


def test_who_may_not_have_it_does_not_wait(waits: Alone):
    assert waits.ask(waits.hls()).status == 403
    assert waits.ask(waits.hls(waits.token(in_secs=-10))).status == 403
    assert waits.ask(waits.hls(waits.token(), "2000.ts")).status == 404
    for path in ("/.hls-waited", f"/hls-wait/{PLAY}", f"/hls/../hls-wait/{PLAY}"):
        assert waits.ask(path).status in (404, 502, 503), path  # the app's, who is not there
    assert not wanted(waits)
    waits.mark("air", there=False)
    gone = waits.ask(waits.hls(waits.token()), Origin="https://elsewhere.example")
    assert (gone.status, gone.headers["cache-control"]) == (404, "no-store")
    assert gone.headers["access-control-allow-origin"] == "*"


def test_it_ends_with_the_broadcast_or_the_viewer(waits: Alone):
    asked = in_background(waits, waits.hls(waits.token()))
    until("it waits", lambda: wanted(waits))
    waits.mark("air", there=False)
    assert asked.result(10).status == 404
    waits.mark("air")
    with socket.create_connection(("127.0.0.1", waits.values.port), 10) as viewer:
        viewer.sendall(f"GET {waits.hls(waits.token())} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until("it waits", lambda: wanted(waits))
    until("a viewer who left wants nothing", lambda: not wanted(waits), within_secs=5)


def test_a_wait_has_an_end(waits: Alone):
    found: list[Answer] = []
    thread = threading.Thread(target=lambda: found.append(waits.ask(waits.hls(waits.token()))))
    thread.start()
    thread.join(15)
    assert found[0].status == 404


def test_one_address_has_only_so_many_bridges_started(waits: Alone):
    names = [f"{PLAY}{number}" for number in range(MOST)]
    for name in names:
        waits.mark("air", name)
        waits.mark("open", name)
        with socket.create_connection(("127.0.0.1", waits.values.port), 10) as one:
            path = f"/hls/page/-/{name}/index.m3u8"
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            until("it is a wish", lambda name=name: wanted(waits, name))
    refused = waits.ask(waits.hls(waits.token()), Origin="https://elsewhere.example")
    assert (refused.status, refused.json["code"]) == (429, "too_many_waits")
    assert refused.headers["retry-after"]
    assert refused.headers["access-control-allow-origin"] == "*"
    assert not wanted(waits)
    flv = waits.ask(f"/flv/{PLAY}.flv?token={waits.token()}")
    assert (flv.status, flv.json["code"]) == (429, "too_many_waits")
    playlist(waits).write_bytes(PLAYLIST)  # what somebody feeds is everybody's
    assert waits.ask(waits.hls(waits.token())).status == 200
