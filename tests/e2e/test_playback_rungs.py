"""A browser and OBS send at once; rung after rung fails under a viewer, and the counter goes on."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL, Encoder
from tests.e2e.harness.site import Site, descendants_of, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]
GENEROUS_GAP_MS = 25_000
CLIMBS_BACK_WITHIN_SECS = 60.0


@dataclass
class Show:
    site: Site
    room_id: str
    encoder: Encoder
    studio: Page
    page: Page


@pytest.fixture(scope="module")
def running(breakable_site: Site, browser: Browser) -> Iterator[Show]:
    site = breakable_site
    site.wait_until_healthy()
    room_id = site.create_room("Two sources")
    demo, guest = Visitor(browser, site, "demo"), Visitor(browser, site)
    studio = browse.open_studio(demo, room_id, "?codec=h264&simulcast=0")
    browse.go_live(studio)
    with obs.on_air(site, room_id, SMALL, reconnects=True) as encoder:
        wait_for("FLV is offered", lambda: obs.rungs(site, room_id)["flv"]["available"])
        page = browse.watch(guest, room_id)
        browse.wait_for_rung(page, "webrtc")
        yield Show(site, room_id, encoder, studio, page)
    demo.close()
    guest.close()


@pytest.fixture(autouse=True)
def everything_runs(running: Show) -> None:
    running.site.wait_until_healthy()
    browse.wait_for_rung(running.page, "webrtc", CLIMBS_BACK_WITHIN_SECS)


@contextlib.contextmanager
def stopped(site: Site, *parts: str) -> Iterator[None]:
    """Frozen with all their children, so that nothing starts them again: they hang."""
    pids = [
        pid for part in parts for pid in (site.pid_of(part), *descendants_of(site.pid_of(part)))
    ]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("parts", "rung"),
    [
        (["sfu"], "flv"),
        (["sfu", "playback"], "hls"),
        (["rtmp"], "webrtc"),
    ],
    ids=["sfu", "sfu-and-playback", "rtmp"],
)
def test_hangs(running: Show, parts: list[str], rung: str, show: Callable[[str], None]):
    """It hangs: no error tells the page, only its own stall."""
    page = running.page
    loads = page.evaluate("__probe.openedAt")
    browse.keep_diary(page)
    with stopped(running.site, *parts):
        browse.wait_for_rung(page, rung)
        down = browse.diary(page)
        browse.keep_diary(page)
    browse.wait_for_rung(page, "webrtc", CLIMBS_BACK_WITHIN_SECS)
    up = browse.diary(page)
    assert page.evaluate("__probe.openedAt") == loads, "the page was loaded anew"
    gaps = [browse.longest_gap_ms(entries) for entries in (down, up)]
    assert max(gaps) < GENEROUS_GAP_MS
    show(
        f"{' and '.join(parts)} hangs: counter goes on by {rung} after a gap of "
        f"{gaps[0] / 1000:.1f} s (goal < 3); back to webrtc with a gap of {gaps[1] / 1000:.1f} s"
    )


def test_rtmp_hangs_just_when_the_sfu_is_back(running: Show, show: Callable[[str], None]):
    """From FLV back to WebRTC since there is no other way, not since it is better."""
    site, page = running.site, running.page
    with contextlib.ExitStack() as rtmp:
        with stopped(site, "sfu"):
            browse.wait_for_rung(page, "flv")
            browse.keep_diary(page)
            rtmp.enter_context(stopped(site, "rtmp"))
        browse.wait_for_rung(page, "webrtc", CLIMBS_BACK_WITHIN_SECS)
        gap = browse.longest_gap_ms(browse.diary(page))
    assert gap < GENEROUS_GAP_MS
    show(f"rtmp hangs under FLV, the SFU is back: on by webrtc after {gap / 1000:.1f} s (goal < 3)")


def test_playback_is_stopped_under_a_viewer_by_flv(
    running: Show, person: Callable[..., Visitor], show: Callable[[str], None]
):
    """Nobody sends by WebRTC to this one: a browser that has none."""
    site, room_id = running.site, running.room_id
    guest = person(at=site)
    guest.context.add_init_script("delete window.RTCPeerConnection")
    page = browse.watch(guest, room_id)
    browse.wait_for_rung(page, "flv")
    browse.keep_diary(page)
    with stopped(site, "playback"):
        browse.wait_for_rung(page, "hls")
        gap = browse.longest_gap_ms(browse.diary(page))
        browse.keep_diary(page)
    browse.wait_for_rung(page, "flv", CLIMBS_BACK_WITHIN_SECS)
    back = browse.longest_gap_ms(browse.diary(page))
    assert max(gap, back) < GENEROUS_GAP_MS
    show(
        f"playback hangs under FLV: on by hls after {gap / 1000:.1f} s (goal < 3); "
        f"back to flv with a gap of {back / 1000:.1f} s"
    )


def test_kill_9_of_the_sfu(running: Show, show: Callable[[str], None]):
    """The supervisor brings it back; whichever rung bridges the time, the counter goes on."""
    browse.keep_diary(running.page)
    old = running.site.kill("sfu")
    running.site.wait_for_another("sfu", old)
    browse.wait_for_state(running.studio, "#studio", "live")
    browse.wait_for_rung(running.page, "webrtc", CLIMBS_BACK_WITHIN_SECS)
    entries = browse.diary(running.page)
    gap = browse.longest_gap_ms(entries)
    rungs = list(dict.fromkeys(entry.rung for entry in entries))
    assert gap < GENEROUS_GAP_MS
    show(f"kill -9 of the SFU beside RTMP: gap {gap / 1000:.1f} s (goal < 3), rungs {rungs}")


def test_obs_stops_and_the_browser_goes_on(running: Show, show: Callable[[str], None]):
    """Last: the room stays live with one source less, and says so."""
    site, room_id = running.site, running.room_id
    browse.keep_diary(running.page)
    running.encoder.stop()
    wait_for(
        "only the browser sends",
        lambda: site.room(room_id)["publishing"] == ["webrtc"],
        30,
    )
    assert site.room(room_id)["state"] == "live"
    browse.wait_until_advancing(running.page)
    show(f"OBS stops: gap {browse.longest_gap_ms(browse.diary(running.page)):.0f} ms by WebRTC")
