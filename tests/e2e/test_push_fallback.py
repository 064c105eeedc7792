"""The studio without UDP: live by WebSocket, and by WebRTC again once it gets through."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]

# ICE without a candidate of the server: what a firewall that drops UDP comes to.
NO_UDP = """(() => {
  if (location.protocol === "about:") return;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      window.__longest = Math.max(window.__longest ?? 0, duration);
    }
  }).observe({ type: "longtask" });
  const real = RTCPeerConnection.prototype;
  window.__noUdp = sessionStorage.getItem("udp") !== "yes";
  const { setRemoteDescription, addIceCandidate } = real;
  real.setRemoteDescription = function (description) {
    if (!window.__noUdp) return setRemoteDescription.call(this, description);
    const sdp = description.sdp.replace(/a=candidate:.*\\r\\n/g, "");
    return setRemoteDescription.call(this, { type: description.type, sdp });
  };
  real.addIceCandidate = function (candidate) {
    return window.__noUdp ? Promise.resolve() : addIceCandidate.call(this, candidate);
  };
})()"""


def via(page: Page) -> str | None:
    return page.locator("#studio").get_attribute("data-via")


def state(page: Page) -> str | None:
    return page.locator("#studio").get_attribute("data-state")


def wait_for_way(page: Page, way: str, within_secs: float = 60.0) -> None:
    wait_for(
        f"live by {way}, not {via(page)} {state(page)}",
        lambda: (via(page), state(page)) == (way, "live"),
        within_secs,
    )


def broadcasts(site: Site, room_id: str) -> int:
    sql = (
        "select count(*) from live_broadcast b join live_room r on b.room_id = r.id "
        f"where r.room_id = '{room_id}'"
    )
    return int(site.rows(sql)[0][0])


@pytest.fixture
def without_udp(browser: Browser, breakable_site: Site) -> Iterator[Visitor]:
    someone = Visitor(browser, breakable_site, "demo")
    someone.context.add_init_script(NO_UDP)
    try:
        yield someone
    finally:
        someone.close()


@pytest.fixture
def guest(browser: Browser, breakable_site: Site) -> Iterator[Visitor]:
    someone = Visitor(browser, breakable_site)
    try:
        yield someone
    finally:
        someone.close()


def press(page: Page) -> float:
    """Goes live; how many seconds that took."""
    pressed = time.monotonic()
    page.locator("#go-live").click()
    browse.wait_for_state(page, "#studio", "live", 60)
    return time.monotonic() - pressed


def test_without_udp_it_is_live_by_websocket_and_comes_back(
    breakable_site: Site, without_udp: Visitor, guest: Visitor, show: Callable[[str], None]
) -> None:
    site = breakable_site
    site.wait_until_healthy()
    room_id = site.create_room("No UDP")
    studio = browse.open_studio(without_udp, room_id)
    secs = press(studio)
    show(f"studio without UDP: live by WebSocket after {secs:.1f} s (goal < 5)")
    assert via(studio) == "push"
    assert "WebSocket" in studio.locator("[data-words]").inner_text()
    page = browse.watch(guest, room_id, "?rung=flv")
    browse.wait_for_rung(page, "flv")
    wait_for("the health line shows what is sent", lambda: mbps(studio) > 0.1)
    longest = studio.evaluate("window.__longest ?? 0")
    show(f"studio by WebSocket: longest task {longest:.0f} ms")
    browse.keep_diary(page)

    studio.locator("#toggle-camera").click()
    studio.locator("#toggle-camera").click()
    browse.wait_until_advancing(page)

    studio.evaluate("() => { sessionStorage.setItem('udp', 'yes'); window.__noUdp = false; }")
    healed = time.monotonic()
    wait_for_way(studio, "webrtc", 90)
    show(f"UDP again: live by WebRTC after {time.monotonic() - healed:.1f} s")
    watcher = browse.watch(guest, room_id, "?rung=webrtc")
    browse.wait_for_rung(watcher, "webrtc")
    wait_for("nobody sends by RTMP any more", lambda: "rtmp" not in publishing(site, room_id))
    assert site.room(room_id)["state"] == "live"
    assert broadcasts(site, room_id) == 1
    assert without_udp.problems == []
    browse.end_live(studio)
    wait_for("it has ended", lambda: site.room(room_id)["state"] == "ended")


def test_a_reload_goes_on_and_the_end_ends(
    breakable_site: Site, without_udp: Visitor, show: Callable[[str], None]
) -> None:
    site = breakable_site
    room_id = site.create_room("Reload")
    studio = browse.open_studio(without_udp, room_id)
    press(studio)
    studio.evaluate("window.onbeforeunload = null")
    studio.on("dialog", lambda dialog: dialog.accept())
    began = time.monotonic()
    studio.reload(wait_until="domcontentloaded")
    browse.resume_live(studio)
    show(f"reload by WebSocket: live again after {time.monotonic() - began:.1f} s")
    assert via(studio) == "push"
    assert broadcasts(site, room_id) == 1
    browse.end_live(studio)
    wait_for("it has ended", lambda: site.room(room_id)["state"] == "ended")
    wait_for("nobody sends any more", lambda: publishing(site, room_id) == [])


def test_without_the_sfu_it_is_live_by_websocket(
    breakable_site: Site, browser: Browser, show: Callable[[str], None]
) -> None:
    site = breakable_site
    room_id = site.create_room("No SFU")
    demo = Visitor(browser, site, "demo")
    try:
        studio = browse.open_studio(demo, room_id)
        with frozen(site.pid_of("sfu")):
            secs = press(studio)
            show(f"studio without an SFU: live by WebSocket after {secs:.1f} s (goal < 5)")
            assert via(studio) == "push"
        healed = time.monotonic()
        wait_for_way(studio, "webrtc", 90)
        show(f"SFU again: live by WebRTC after {time.monotonic() - healed:.1f} s")
        assert broadcasts(site, room_id) == 1
        browse.end_live(studio)
    finally:
        demo.close()


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def mbps(page: Page) -> float:
    text = page.locator('[data-fact="bitrate"]').inner_text()
    return float(text.split()[0]) if text[:1].isdigit() else 0.0


def publishing(site: Site, room_id: str) -> list[str]:
    return list(site.room(room_id).get("publishing") or [])


def test_a_killed_gateway_is_come_back_to(
    breakable_site: Site, without_udp: Visitor, show: Callable[[str], None]
) -> None:
    site = breakable_site
    site.wait_until_healthy()
    room_id = site.create_room("Gateway")
    studio = browse.open_studio(without_udp, room_id)
    press(studio)
    pid = site.kill("push")
    killed = time.monotonic()
    wait_for("the room misses it", lambda: "rtmp" not in publishing(site, room_id))
    site.wait_for_another("push", pid)
    wait_for("it is sent again", lambda: "rtmp" in publishing(site, room_id))
    wait_for_way(studio, "push")
    show(f"kill -9 of the gateway: sent again after {time.monotonic() - killed:.1f} s")
    assert broadcasts(site, room_id) == 1
    browse.end_live(studio)
    wait_for("it has ended", lambda: site.room(room_id)["state"] == "ended")
