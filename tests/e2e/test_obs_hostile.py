"""What strangers and broken encoders send by RTMP: refused or bounded; a running stream runs on."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.encoder import SMALL, Encoder
from tests.e2e.harness.rtmp_client import AUDIO, VIDEO, Refused, RtmpClient, enhanced, hevc_tags
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media
PARTS = ("rtmp", "front", "playback", "worker", "app", "sfu")
GENEROUS_GAP_MS = 6000
KEYS_A_SECOND, STORM_SECS = 50, 3
SILENT_WITHIN_SECS = 75.0


@dataclass
class Show:
    """A stream that runs while others are attacked, and somebody who watches it."""

    room_id: str
    encoder: Encoder
    page: Page


@pytest.fixture(scope="module")
def running(site: Site, browser) -> Iterator[Show]:
    room_id = site.create_room("Runs on")
    with obs.on_air(site, room_id, SMALL) as encoder, browse.visitor(browser, site) as guest:
        page = browse.watch(guest, room_id, "?rung=flv")
        browse.wait_for_rung(page, "flv")
        yield Show(room_id, encoder, page)


@pytest.fixture(autouse=True)
def nobody_is_hurt(
    site: Site, running: Show, show: Callable[[str], None], request: pytest.FixtureRequest
) -> Iterator[None]:
    """After each attack the same processes run, and the viewer missed nothing."""
    before = {part: site.pid_of(part) for part in PARTS}
    browse.keep_diary(running.page)
    yield
    browse.wait_until_advancing(running.page)
    gap = browse.longest_gap_ms(browse.diary(running.page))
    show(f"{request.node.name}: longest gap of a running stream's viewer {gap:.0f} ms (goal 500)")
    assert gap < GENEROUS_GAP_MS
    assert running.encoder.is_running and running.encoder.errors == []
    assert {part: site.pid_of(part) for part in before} == before
    assert site.call("GET", "/health/ready")[0] == 200
    assert [line for line in site.lines if "Traceback" in line] == [], "\n".join(site.lines[-60:])


@pytest.fixture
def publisher(site: Site) -> Iterator[Callable[[], RtmpClient]]:
    clients: list[RtmpClient] = []

    def connect() -> RtmpClient:
        clients.append(RtmpClient(int(site.env["RTMP_PORT"])))
        return clients[-1]

    yield connect
    for client in clients:
        client.socket.close()


def media_folders(site: Site) -> set[str]:
    """All that lies where streams write, a level deep."""
    media = site.data_dir / "media"
    return {str(path.relative_to(media)) for path in media.glob("*/*")}


def test_50_wrong_keys_a_second(site: Site, show: Callable[[str], None]):
    port = int(site.env["RTMP_PORT"])
    started = time.monotonic()

    def knock(index: int) -> float:
        due = started + index / KEYS_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        sent = time.monotonic()
        with RtmpClient(port, 30) as client, pytest.raises(Refused):
            client.publish(f"wrong-{index}-{random.getrandbits(64):x}")
        return (time.monotonic() - sent) * 1000

    with ThreadPoolExecutor(16) as pool:
        took = sorted(pool.map(knock, range(KEYS_A_SECOND * STORM_SECS)))
    secs = time.monotonic() - started
    show(
        f"{len(took)} wrong keys in {secs:.1f} s: all refused, "
        f"median {took[len(took) // 2]:.0f} ms, slowest {took[-1]:.0f} ms"
    )


def test_odd_names_are_refused(site: Site, running: Show, publisher):
    play_id = site.play_id(running.room_id)
    key = site.stream_key(running.room_id)
    before = media_folders(site)
    names = [
        "", " ", "/", ".", "..", "../", "../../../tmp/evil", "a/../../b", f"../{key}", f"{key}/..",
        f"wrong?name={key}", f"wrong&name={key}", f"wrong?secret=x&name={key}&call=publish",
        "?", "&", "??&&==", "%2e%2e%2f", "a\nb", "a\r\nLocation: x", "名字", "'; drop",
        "x" * 255, "x" * 2048, "../" * 680, play_id, f"{play_id}?x=1", key[:-1],
        key.upper(), key + "\x01",
    ]  # fmt: skip
    for name in names:
        try:
            publisher().publish(name)
        except Refused:
            continue
        pytest.fail(f"the name {name[:60]!r} was accepted")
    new = {each for each in media_folders(site) - before if play_id not in each}
    new = {each for each in new if not each.startswith("recordings/rec_")}  # of earlier broadcasts
    assert new == set()


def test_nobody_plays_from_the_public_port(site: Site, running: Show, publisher):
    play_id = site.play_id(running.room_id)
    for name in (play_id, site.stream_key(running.room_id), "x"):
        client = publisher()
        with contextlib.suppress(Refused):
            client.play(name)  # nginx says that it begins, and hangs up
        assert client.is_closed(5)
        assert client.bytes_heard < 10_000, "it played something"
    with pytest.raises((Refused, TimeoutError)):
        client = publisher()
        client.socket.settimeout(3)
        client.publish("x", app="out")


def test_garbage_instead_of_rtmp(publisher):
    chance = random.Random(4)
    for round_ in range(30):
        client = publisher()
        try:
            if round_ % 3:
                client.handshake()
            for _ in range(8):
                client.socket.sendall(chance.randbytes(chance.choice((1, 40, 3000, 20_000))))
        except (Refused, ConnectionError, TimeoutError):
            continue


def test_garbage_with_a_good_key(site: Site, publisher, show: Callable[[str], None]):
    """Tags of every kind, cut short, empty, with sizes that lie: whoever has a key may try."""
    room_id = site.create_room("Garbage")
    chance = random.Random(5)
    hung_up = 0
    for round_ in range(6):
        client = publisher()
        try:
            client.publish(site.stream_key(room_id))
            for index in range(120):
                body = chance.randbytes(chance.choice((0, 1, 2, 5, 40, 2000)))
                if round_ % 2 and body:  # looks like AVC or AAC at first sight
                    body = (
                        chance.choice((b"\x17\x00", b"\x17\x01", b"\x27\x01", b"\xaf\x00")) + body
                    )
                client.media(chance.choice((AUDIO, VIDEO, 18, 22)), index * 33, body)
            time.sleep(0.2)
        except (Refused, ConnectionError):
            hung_up += 1
        client.socket.close()
    site.call("POST", f"/api/v1/live/{room_id}/end", token=site.token())
    show(f"garbage with a good key: {hung_up} of 6 refused or hung up on")


@pytest.mark.parametrize("way", ["codec-12", "enhanced"])
def test_hevc_is_told_to_the_streamer(site: Site, publisher, way: str):
    room_id = site.create_room("HEVC")
    tags = hevc_tags() if way == "codec-12" else enhanced(hevc_tags())
    client = publisher()
    client.publish(site.stream_key(room_id))
    started = time.monotonic()

    def look() -> bool:
        # Its two seconds again and again, in real time.
        secs = (time.monotonic() - started) % 2
        for stamp, body in tags:
            if stamp == 0 or stamp / 1000 >= secs:
                at = int((time.monotonic() - started) * 1000)
                try:
                    client.media(VIDEO, at, body)
                except ConnectionError:
                    break
            if stamp / 1000 > secs + 0.2:
                break
        told = obs.ingest(site, room_id)
        return any(advice["code"] == "hevc" for advice in told["advice"])

    wait_for("the streamer is told that HEVC does not play here", look, 30, 0.2)
    client.socket.close()
    site.call("POST", f"/api/v1/live/{room_id}/end", token=site.token())


def test_slow_and_silent_clients_are_let_go(site: Site, publisher, show: Callable[[str], None]):
    """A handshake that takes for ever, one that never begins, a publisher that falls silent."""
    room_id = site.create_room("Silent")
    silent = publisher()
    silent.publish(site.stream_key(room_id))
    silent.media(VIDEO, 0, b"\x17\x01\x00\x00\x00" + os.urandom(50))
    quiet, half, slow = publisher(), publisher(), publisher()
    half.socket.sendall(b"\x03" + bytes(700))
    waiting = {"publisher": silent, "nothing sent": quiet, "half a handshake": half}
    waiting["a byte each 200 ms"] = slow
    started = time.monotonic()
    gone: dict[str, float] = {}

    def look() -> bool:
        try:
            slow.socket.sendall(b"\x03")
        except OSError:
            gone.setdefault("a byte each 200 ms", time.monotonic() - started)
        for name, client in waiting.items():
            if name not in gone and client.is_closed(0.01):
                gone[name] = time.monotonic() - started
        return len(gone) >= len(waiting) - 1 and "publisher" in gone

    wait_for(f"they are let go of; so far {gone}", look, SILENT_WITHIN_SECS, 0.2)
    show("let go of after: " + ", ".join(f"{name} {secs:.0f} s" for name, secs in gone.items()))


def test_a_crowd_of_idle_connections(site: Site, publisher, show: Callable[[str], None]):
    """They are bounded, and who really streams still gets in while they are there."""
    crowd = []
    for _ in range(150):
        try:
            crowd.append(publisher())
        except OSError:
            break
    room_id = site.create_room("In the crowd")
    started = time.monotonic()
    with obs.on_air(site, room_id, SMALL):
        show(f"live after {time.monotonic() - started:.1f} s beside {len(crowd)} idle connections")
