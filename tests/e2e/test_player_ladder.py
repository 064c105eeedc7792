"""The player's settings with OBS sending: a way chosen by hand, a delay, the figures, a pause."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.camera import FRAMES
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media
GENEROUS_GAP_MS = 15_000
WAYS = ("automatic", "webrtc", "flv", "hls")


@pytest.fixture(scope="module")
def room_on_air(site: Site) -> Iterator[str]:
    room_id = site.create_room("Player settings", streaming_mode="rtmp")
    with obs.on_air(site, room_id, SMALL):
        yield room_id


@pytest.fixture
def page(person: Callable[..., Visitor], room_on_air: str) -> Iterator[Page]:
    guest = person()
    page = browse.watch(guest, room_on_air)
    browse.wait_for_rung(page, "flv")
    yield page
    assert guest.problems == []


def choose(page: Page, row: str, number: int) -> None:
    """A row of the menu's first page, then the `number`th choice on the page that it opens."""
    page.locator("[data-do=menu]").click()
    page.locator("[data-menu] button").nth(("quality", "way", "delay").index(row)).click()
    page.locator("[data-menu] [role=menuitemradio]").nth(number).click()


def test_another_way_by_hand_and_back(page: Page, show: Callable[[str], None]) -> None:
    page.locator("[data-do=menu]").click()
    page.locator("[data-menu] button").nth(1).click()
    ways = page.locator("[data-menu] [role=menuitemradio]")
    assert ways.nth(0).get_attribute("aria-checked") == "true"
    # The room is for RTMP: WebRTC can't be chosen, and says why.
    assert ways.nth(WAYS.index("webrtc")).get_attribute("aria-disabled") == "true"
    assert ways.nth(WAYS.index("webrtc")).locator("small").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    browse.keep_diary(page)
    choose(page, "way", WAYS.index("hls"))
    browse.wait_for_rung(page, "hls")
    browse.wait_until_advancing(page)
    assert page.locator(browse.MAIN).count() == 1
    choose(page, "way", WAYS.index("automatic"))
    browse.wait_for_rung(page, "flv")
    browse.wait_until_advancing(page)
    gap = browse.longest_gap_ms(browse.diary(page))
    assert gap < GENEROUS_GAP_MS
    show(f"flv → hls → flv by hand: the picture stood still for {gap / 1000:.1f} s at most")


def test_the_delay_is_remembered(page: Page) -> None:
    choose(page, "delay", 1)
    assert page.evaluate("localStorage.getItem('delay')") == "smooth"
    browse.wait_until_advancing(page)
    page.reload(wait_until="domcontentloaded")
    browse.wait_for_rung(page, "flv")
    page.locator("[data-do=menu]").click()
    page.locator("[data-menu] button").nth(2).click()
    assert page.locator("[data-menu] [aria-checked=true]").inner_text().startswith("Smooth")


def test_figures_on_demand(page: Page) -> None:
    figures = page.locator("[data-stats]")
    assert figures.is_hidden()
    page.keyboard.press("s")
    wait_for("the figures are there", lambda: "640 × 360" in figures.inner_text())
    text = figures.inner_text()
    assert "FLV" in text
    assert "H264" in text
    wait_for(
        "frames are counted", lambda: any(n in figures.inner_text() for n in ("29", "30", "31"))
    )
    page.keyboard.press("s")
    assert figures.is_hidden()


def test_a_pause_loads_nothing_and_goes_on(page: Page) -> None:
    page.keyboard.press("k")
    browse.wait_for_state(page, "#player", "paused")
    assert page.locator("#player .player-rung.is-front canvas").count() == 1
    page.keyboard.press("k")
    browse.wait_for_rung(page, "flv")
    browse.wait_until_advancing(page)
    assert page.locator("#player canvas").count() == 0


def test_what_the_browser_stops_goes_on(page: Page) -> None:
    """A call, a headset taken off: nobody pressed pause on the page."""
    page.locator(browse.MAIN).evaluate("video => video.pause()")
    browse.wait_until_advancing(page)
    assert page.locator("#player").get_attribute("data-rung") == "flv"
    flv = "e => e.name.includes('/flv/')"
    entries = page.evaluate(f"performance.getEntriesByType('resource').filter({flv}).length")
    assert entries == 0, "a finished connection: it was made anew"


@pytest.mark.parametrize("rung", ["flv", "hls"])
def test_the_last_picture_stays_when_the_encoder_stops(
    person: Callable[..., Visitor], site: Site, room_id: str, rung: str
) -> None:
    """What is buffered is not shown a second time."""
    guest = person()
    with obs.on_air(site, room_id, SMALL):
        page = browse.watch(guest, room_id, f"?rung={rung}")
        browse.wait_for_rung(page, rung)
        browse.wait_until_advancing(page)
        browse.keep_diary(page)
    browse.wait_for_state(page, "#player", "reconnecting")
    numbers = [entry.number for entry in browse.diary(page) if entry.number is not None]
    assert numbers == sorted(numbers, key=lambda number: (number - numbers[0]) % FRAMES)


def test_nothing_is_shown_twice_when_the_encoder_comes_back(
    person: Callable[..., Visitor],
    site: Site,
    room_id: str,
    show: Callable[[str], None],
) -> None:
    """HLS begins with its last segment again, while that is all there is."""
    guest = person()
    with obs.on_air(site, room_id, SMALL, reconnects=True) as encoder:
        page = browse.watch(guest, room_id, "?rung=flv")
        browse.wait_for_rung(page, "flv")
        seen = browse.frames_seen(page)
        browse.keep_diary(page)
        os.kill(encoder.pid, signal.SIGKILL)

        def numbers() -> list[int]:
            return [entry.number for entry in browse.diary(page) if entry.number is not None]

        # It begins at 0 again.
        wait_for("new pictures are shown", lambda: min(numbers(), default=999) < seen[0][1], 40)
        browse.wait_until_advancing(page)
        diary, shown = browse.diary(page), numbers()
    back = [new for old, new in itertools.pairwise(shown) if new < old]
    assert len(back) == 1, f"back to {back}"
    show(f"the encoder comes back: FLV stood still for {browse.longest_gap_ms(diary):.0f} ms")
