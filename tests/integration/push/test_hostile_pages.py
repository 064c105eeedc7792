"""Pages that lie, flood, fall silent or have no ticket: closed with a code, nobody is hurt."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bridge.h264 import build_avcc
from live import actions
from push.doors import MAX_PAGES_OF_USER
from push.frames import AUDIO, CONFIG, VIDEO, build_frame
from push.tokens import build_ticket
from tests.integration.ingest.site import ingest_of, until, until_state
from tests.integration.live.make import make_user
from tests.integration.push.conftest import ticket_for
from tests.integration.push.page import Page, config_of

pytestmark = [pytest.mark.media, pytest.mark.django_db(transaction=True)]


def code_of(ws: ClientConnection, within_secs: float = 30.0) -> int | None:
    """What it is closed with."""
    deadline = time.monotonic() + within_secs
    while time.monotonic() < deadline:
        try:
            ws.recv(timeout=max(0.1, deadline - time.monotonic()))
        except ConnectionClosed:
            return ws.close_code
        except TimeoutError:
            break
    return None


def opened(site, ticket: str, **more) -> ClientConnection:
    return connect(site.ws_url(ticket), compression=None, **more)


def test_tickets_are_good_once_and_for_a_minute(site, room):
    used = ticket_for(room)
    with opened(site, used) as first:
        assert "state" in str(first.recv(timeout=20))
        for bad in (
            used,
            "",
            "pusht.x",
            ticket_for(room, ago=61),
            ticket_for(room, secret="x" * 40),
            build_ticket(room.room_id, 1, "m" * 11, "y" * 40, time.time(), os.urandom(8)),
        ):
            with opened(site, bad) as ws:
                assert code_of(ws) == 4401


def test_pages_of_others_are_not_let_in(site, room):
    with opened(site, ticket_for(room), origin="https://evil.example") as ws:
        assert code_of(ws) == 4403


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["text"], 4422),
        ([b""], 4422),
        ([bytes(11)], 4422),
        ([build_frame(CONFIG, 0, b"{}")], 4422),
        ([build_frame(AUDIO, 0, bytes(9_000))], 4422),
        ([bytes(5 * 1024 * 1024)], 1009),
        ([b"\x01" + bytes(10)] * 2_000, 4429),
    ],
    ids=["text", "empty", "kind", "config", "size", "huge", "flood"],
)
def test_what_no_page_sends(site, room, frames, code: int):
    with opened(site, ticket_for(room)) as ws:
        try:
            for frame in frames:
                ws.send(frame)
        except ConnectionClosed:
            pass
        assert code_of(ws) == code
    until(lambda: gateway_pages(site) == 0, "the page is still counted")


def test_pages_that_wait_to_replace_one_another_are_counted(site, room):
    """Each has a child of its own, and none goes before another one is live."""
    with contextlib.ExitStack() as held:
        waiting = [
            held.enter_context(opened(site, ticket_for(room))) for _ in range(MAX_PAGES_OF_USER + 1)
        ]
        for ws in waiting:
            assert "state" in str(ws.recv(timeout=30))
        with opened(site, ticket_for(room)) as one_too_many:
            assert code_of(one_too_many) == 4429
    until(lambda: gateway_pages(site) == 0, "a page is still counted")


def test_rubbish_in_good_frames_does_not_hurt(site, room, material):
    """Opus and H.264 that are none, beside good ones: left out."""
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        for _ in range(50):
            page.ws.send(build_frame(AUDIO, 7_000_000_000 + page.sent_until_us, os.urandom(300)))
            page.ws.send(build_frame(VIDEO, 7_000_000_000 + page.sent_until_us, os.urandom(300)))
        client = ingest_of(room).client_id
        count = len(page.said)
        until(lambda: len(page.said) > count + 2, "the gateway goes on")
        assert page.close_code is None
        assert ingest_of(room).client_id == client


def test_a_silent_page_is_closed(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        page.stop()
        until(lambda: page.close_code == 4408, f"{page.close_code}")
    until_state(room, "interrupted")


def test_time_that_runs_away_is_closed(site, room, material):
    with opened(site, ticket_for(room)) as ws:
        ws.send(config_of(material))
        for number in range(8):
            ws.send(build_frame(VIDEO, number * 9_000_000, material.pictures[0][1]))
        assert code_of(ws) == 4422


@pytest.mark.parametrize("why", ["banned", "mode_webrtc", "just_ended"])
def test_who_may_not_send_is_refused_by_nginx(site, room, material, why: str):
    ticket = ticket_for(room)
    match why:
        case "banned":
            actions.do_ban_user(room.owner)
        case "mode_webrtc":
            actions.do_update_room(room, streaming_mode="webrtc")
        case "just_ended":
            actions.do_start_broadcast(room)
            actions.do_end_broadcast(room, "by_owner")
    with Page(site.ws_url(ticket), material) as page:
        page.start()
        until(lambda: page.close_code == 4403, f"{page.close_code}")
        assert page.states[-1] == "refused"


def test_a_guest_takes_over_from_nobody(site, room, material):
    helper = make_user("helper")
    actions.do_allow_publisher(room, helper, room.owner)
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        with Page(site.ws_url(ticket_for(room, helper)), material) as other:
            other.start()
            until(lambda: other.close_code == 4403, f"{other.close_code}")
        assert page.close_code is None
        assert ingest_of(room).sender_id == room.owner_id


def test_many_that_only_connect_shut_nobody_out(site, room):
    """Handshakes that never end are not pages."""
    half = [socket.create_connection(("127.0.0.1", site.push), 5) for _ in range(100)]
    try:
        with opened(site, ticket_for(room)) as ws:
            assert "state" in str(ws.recv(timeout=20))
    finally:
        for each in half:
            each.close()


def test_nothing_but_its_own_path(site):
    connection = http.client.HTTPConnection("127.0.0.1", site.push, timeout=10)
    connection.request("GET", "/etc/passwd")
    assert connection.getresponse().status == 404
    connection.close()
    until(lambda: gateway_pages(site) == 0, "a page is still counted")


def gateway_pages(site) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", site.push, timeout=10)
    connection.request("GET", "/status")
    said = json.loads(connection.getresponse().read())
    connection.close()
    return int(said["pages"])


def test_memory_stays_while_a_page_pours(site, room, material):
    """20 MB at once: what does not fit waits in the page."""
    pid = site.pid_of("push")
    before = rss_mb(pid)
    with opened(site, ticket_for(room)) as ws:
        ws.send(config_of(material))
        frame = build_frame(VIDEO, 1, build_avcc([b"\x0c" + bytes(1_000_000)]))
        done = threading.Event()

        def pour() -> None:
            try:
                for _ in range(60):
                    ws.send(frame)
            except ConnectionClosed:
                pass
            done.set()

        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        until(done.is_set, "it is neither read nor closed")
        thread.join(10)
    assert rss_mb(pid) - before < 60


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0
