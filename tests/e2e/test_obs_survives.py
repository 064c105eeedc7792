"""Processes are killed while OBS sends: it stays or comes back by itself, and so do its viewers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.encoder import SMALL, Encoder
from tests.e2e.harness.site import Site, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]


SAYS_SO_AFTER_MS = 3500  # a picture that stands for longer is not live any more


@dataclass
class Show:
    """OBS sends; one person watches by FLV, one by HLS, one by whatever is best."""

    site: Site
    room_id: str
    encoder: Encoder
    pages: dict[str, Page]

    def is_live(self) -> bool:
        return bool(self.site.room(self.room_id)["state"] == "live")

    def start_diaries(self) -> None:
        for page in self.pages.values():
            browse.keep_diary(page)

    def gaps(self) -> dict[str, float]:
        """Seconds; every page must move again first."""
        for page in self.pages.values():
            browse.wait_until_advancing(page)
        found = {name: browse.diary(page) for name, page in self.pages.items()}
        return {name: browse.longest_gap_ms(each) / 1000 for name, each in found.items()}


@pytest.fixture(scope="module")
def running(breakable_site: Site, browser: Browser) -> Iterator[Show]:
    site = breakable_site
    site.wait_until_healthy()
    room_id = site.create_room("To be broken")
    with obs.on_air(site, room_id, SMALL, reconnects=True) as encoder:
        guests = {name: browse.Visitor(browser, site) for name in ("flv", "hls")}
        pages = {
            name: browse.watch(guest, room_id, f"?rung={name}") for name, guest in guests.items()
        }
        for name, page in pages.items():
            browse.wait_for_rung(page, name)
        yield Show(site, room_id, encoder, pages)
        for guest in guests.values():
            guest.close()


@pytest.fixture(autouse=True)
def all_in_order(running: Show) -> Iterator[None]:
    """Each test begins with everything running, and leaves no traceback that it did not expect."""
    running.site.wait_until_healthy()
    wait_for("the room is live", running.is_live, 40)
    for rung, page in running.pages.items():
        browse.wait_for_rung(page, rung)
    running.start_diaries()
    yield


def told(gaps: dict[str, float]) -> str:
    return ", ".join(f"{name} {gap:.1f} s" for name, gap in gaps.items())


def test_kill_9_of_the_app(running: Show, show: Callable[[str], None]):
    site, encoder = running.site, running.encoder
    pid = encoder.pid
    old = site.kill("app")
    killed = browse.now_ms()
    site.wait_for_another("app", old)
    wait_for("the app answers", site.answers, 30)
    answered = browse.now_ms()
    wait_for("the room is live", running.is_live, 30)
    right_after = (browse.now_ms() - answered) / 1000
    assert obs.ingest(site, running.room_id)["state"] == "live"
    for page in running.pages.values():
        browse.wait_for_state(page, "#player", "live")
    gaps = running.gaps()
    assert (encoder.pid, len(encoder.starts), encoder.errors) == (pid, 1, [])
    assert max(gaps.values()) < 10
    show(
        f"kill -9 of the app: OBS stayed; it answers after {(answered - killed) / 1000:.1f} s and "
        f"is right {right_after:.1f} s later (goal < 3); longest gaps {told(gaps)}"
    )


def test_obs_starts_while_the_app_is_away_and_is_found(running: Show, show: Callable[[str], None]):
    """While it is away nobody new gets in; what ended meanwhile is noticed afterwards."""
    site = running.site
    room_id = site.create_room("Ends unseen")
    with obs.on_air(site, room_id, SMALL) as encoder:
        old = site.pid_of("app")
        os.kill(old, signal.SIGSTOP)
        encoder.stop()
        os.kill(old, signal.SIGKILL)
    site.wait_for_another("app", old)
    wait_for("the app answers", site.answers, 30)
    back = browse.now_ms()
    wait_for(
        "the end that nobody told is noticed",
        lambda: site.room(room_id)["state"] in {"interrupted", "ended"},
        30,
    )
    took = (browse.now_ms() - back) / 1000
    wait_for("the room ends", lambda: site.room(room_id)["state"] == "ended", 40)
    show(f"OBS ended while the app was away: noticed {took:.1f} s after its return (goal < 3)")


def test_kill_9_of_rtmp(running: Show, show: Callable[[str], None]):
    """OBS waits a little longer than its 2 s, so that also HLS's buffer runs dry."""
    site, encoder = running.site, running.encoder
    encoder.reconnect_secs = 3.5
    old = site.kill("rtmp")
    killed = browse.now_ms()
    site.wait_for_another("rtmp", old)
    again = wait_for("OBS sends again", lambda: later(encoder.first_frame_at, killed), 40)
    back = {
        name: wait_for("a new picture", lambda page=page: first_new(page, encoder, again), 40)
        for name, page in running.pages.items()
    }
    wait_for("the room is live", running.is_live, 20)
    for name, page in running.pages.items():
        browse.wait_for_rung(page, name)
        seen = browse.diary(page)
        states = {entry.state for entry in seen}
        assert states <= {"live", "reconnecting"}, (name, states)
        still = browse.longest_gap_ms(seen)
        assert "reconnecting" in states or still < SAYS_SO_AFTER_MS, (name, still)
    show(
        f"kill -9 of nginx (rtmp): OBS sends again after {(again - killed) / 1000:.1f} s; the "
        "picture then after "
        + ", ".join(f"{name} {(at - again) / 1000:.1f} s" for name, at in back.items())
        + " (goal < 3)"
    )


def first_new(page: Page, encoder: Encoder, since: float) -> float | None:
    """When the page first showed what was sent after `since`."""
    for entry in browse.diary(page):
        if entry.number is None or entry.at < since:
            continue
        if encoder.sent_at(entry.number, entry.at) >= since:
            return entry.at
    return None


def later(at: float, than: float) -> float | None:
    return at if at > than else None


@pytest.mark.parametrize("part", ["worker", "playback", "front"])
def test_kill_9_of_another_part(running: Show, show: Callable[[str], None], part: str):
    site, encoder = running.site, running.encoder
    pid = encoder.pid
    old = site.kill(part)
    site.wait_for_another(part, old)
    site.wait_until_healthy()
    for rung, page in running.pages.items():
        browse.wait_for_rung(page, rung)
    gaps = running.gaps()
    assert (encoder.pid, encoder.is_running) == (pid, True)
    wait_for("the room is live", running.is_live)
    assert max(gaps.values()) < 30
    show(f"kill -9 of {part}: OBS stayed; longest gaps {told(gaps)} (goal < 3)")


def test_obs_that_is_paused_and_ends(running: Show, show: Callable[[str], None]):
    """Last, since it ends the show: viewers read it, and nothing stale is served."""
    site, room_id = running.site, running.room_id
    urls = [obs.play_url(site, room_id, rung) for rung in ("flv", "hls")]
    running.encoder.stop()
    stopped = browse.now_ms()
    for page in running.pages.values():
        browse.wait_for_state(page, "#player", "ended", 40)
    took = (browse.now_ms() - stopped) / 1000
    for url in urls:
        assert obs.status_of(url) == 404
    show(f'OBS stops: viewers read "ended" after {took:.1f} s (grace time 6 s)')
