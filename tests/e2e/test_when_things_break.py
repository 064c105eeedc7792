"""Processes are killed, tabs crash, sockets drop: everything comes back by itself and says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.harness import browse
from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media


@pytest.fixture
def show_with(person: Callable[..., Visitor], breakable_site: Site):
    """A studio that is live and a viewer who sees it, at a site that may be broken."""
    site = breakable_site
    site.wait_until_healthy()
    room_id = site.create_room("To be broken")
    demo, guest = person("demo", at=site), person(at=site)
    studio = browse.open_studio(demo, room_id)
    browse.go_live(studio)
    page = browse.watch(guest, room_id)
    browse.wait_until_advancing(page)
    return room_id, demo, studio, page


def is_moving(page) -> bool:
    return browse.is_advancing(browse.frames_seen(page, ms=500))


def wait_for_new_frames(page, since_ms: float, within_secs: float = 30.0) -> float:
    """ms from `since_ms` until the page shows frames again after a pause of its picture."""

    def look() -> float | None:
        seen = browse.frames_seen(page, ms=500)
        return seen[0][0] if browse.is_advancing(seen) else None

    return wait_for("the picture moves again", look, within_secs) - since_ms


def wait_for_frames_of_new_session(page, before: list[str], since: float) -> float:
    """ms until the picture moves over an SFU session that is none of `before`."""

    def look() -> bool:
        now = page.evaluate("__probe.sessions")
        return any(session not in before for session in now)

    wait_for("the page has a new SFU session", look, 30)
    return wait_for_new_frames(page, since)


def test_kill_9_of_the_sfu(show_with, breakable_site: Site, show: Callable[[str], None]):
    room_id, _, studio, page = show_with
    before = page.evaluate("__probe.sessions")
    loads = page.evaluate("__probe.openedAt")
    pid = breakable_site.kill("sfu")
    killed = browse.now_ms()
    took = wait_for_frames_of_new_session(page, before, killed)
    browse.wait_for_state(studio, "#studio", "live")
    browse.wait_for_state(page, "#player", "live")
    assert page.evaluate("__probe.openedAt") == loads, "the page was loaded anew"
    assert breakable_site.pid_of("sfu") != pid
    assert breakable_site.room(room_id)["state"] == "live"
    show(f"kill -9 of the SFU: picture after {took / 1000:.1f} s (goal < 3)")


def test_kill_9_of_the_app(show_with, breakable_site: Site, show: Callable[[str], None]):
    room_id, _, studio, page = show_with
    sockets = page.evaluate("__probe.sockets.length")
    pid = breakable_site.kill("app")
    killed = browse.now_ms()
    wait_for(
        "the page has a new WebSocket",
        lambda: page.evaluate(
            "n => __probe.sockets.length > n && __probe.sockets.at(-1).readyState === 1", sockets
        ),
        30,
    )
    took = wait_for_new_frames(page, killed)
    browse.wait_for_state(studio, "#studio", "live", 30)
    browse.wait_for_state(page, "#player", "live", 30)
    assert breakable_site.pid_of("app") != pid
    wait_for("the room is live", lambda: breakable_site.room(room_id)["state"] == "live")
    browse.wait_until_advancing(page)
    show(f"kill -9 of the app: all in order after {took / 1000:.1f} s (goal < 3)")


def test_a_crashed_publisher_ends_the_show_after_the_grace_time(
    show_with, breakable_site: Site, show: Callable[[str], None]
):
    room_id, _, studio, page = show_with
    browse.crash(studio)
    crashed = browse.now_ms()
    browse.wait_for_state(page, "#player", "reconnecting", 15)
    browse.wait_for_state(page, "#player", "ended", 30)
    took = (browse.now_ms() - crashed) / 1000
    room = breakable_site.room(room_id)
    assert (room["state"], room["ended_reason"]) == ("ended", "publisher_left")
    show(f'crashed publisher: viewers read "ended" after {took:.1f} s (grace time 6 s)')


def test_a_crashed_publisher_comes_back(
    show_with, person: Callable[..., Visitor], breakable_site: Site
):
    room_id, _, studio, page = show_with
    browse.crash(studio)
    # In a window of its own: a tab beside a crashed one is hardly painted, clicks wait for ever.
    again = person("demo", at=breakable_site).open(f"/studio/{room_id}")
    browse.resume_live(again)
    browse.wait_until_advancing(page)
    browse.wait_for_state(page, "#player", "live")
    assert breakable_site.room(room_id)["state"] == "live"


def test_a_publisher_reloads_the_page(show_with, breakable_site: Site, show: Callable[[str], None]):
    room_id, _, studio, page = show_with
    loads = page.evaluate("__probe.openedAt")
    before = breakable_site.room(room_id)["broadcast"]["id"]
    studio.on("dialog", lambda dialog: dialog.accept())
    studio.reload(wait_until="domcontentloaded")
    started = browse.now_ms()
    browse.resume_live(studio)
    took = wait_for_new_frames(page, started)
    browse.wait_for_state(page, "#player", "live")
    assert page.evaluate("__probe.openedAt") == loads, "the viewer's page was loaded anew"
    assert breakable_site.room(room_id)["broadcast"]["id"] == before, "it is another broadcast"
    show(f"publisher reloads: viewers see it again after {took / 1000:.1f} s")


def test_a_dropped_websocket_keeps_the_participant(show_with):
    _, _, _, page = show_with
    before = page.evaluate("__probe.welcomes.at(-1)")
    connections = page.evaluate("__probe.connections.length")
    page.evaluate("__probe.sockets.at(-1).close(4000)")  # 1000 would mean that it is meant
    wait_for("a second welcome", lambda: page.evaluate("__probe.welcomes.length") >= 2)
    after = page.evaluate("__probe.welcomes.at(-1)")
    assert after["participant_id"] == before["participant_id"]
    assert after["resumed"] is True
    browse.wait_until_advancing(page)
    assert page.evaluate("__probe.connections.length") == connections, "media was interrupted"


def test_without_an_sfu_the_studio_is_told_to_use_rtmp(
    browser, tmp_path, person: Callable[..., Visitor]
):
    nowhere = f"127.0.0.1:{sites.free_port()}"
    off = {"SFU_SERVER_URL": nowhere, "STREAMING_SOCKET_FALLBACK": "false"}
    with sites.running(tmp_path / "var", wait_ready=False, **off) as site:
        room_id = site.create_room("No SFU")
        demo, guest = person("demo", at=site), person(at=site)
        studio = demo.open(f"/studio/{room_id}")
        browse.wait_for_state(studio, "#studio", "blocked")
        assert "RTMP" in studio.locator("#studio").inner_text()
        page = browse.watch(guest, room_id)
        browse.wait_for_state(page, "#player", "waiting")
        status, answer = site.call("GET", f"/api/v1/live/{room_id}/playback", token=site.token())
        assert status == 200
        webrtc = next(w for w in answer["data"]["publish"] if w["way"] == "webrtc")
        assert (webrtc["available"], webrtc["reason"]) == (False, "sfu_unavailable")
