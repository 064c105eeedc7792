"""Qualities of HLS at a whole site: they come while somebody plays, are chosen, and go again."""

from __future__ import annotations

import os
import signal
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import Encoder
from tests.e2e.harness.site import Site, running, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(400)]
WITHIN_SECS = 90.0
OnAir = tuple[str, Encoder]  # the room's id
FIRST_ASKED = (
    "performance.timeOrigin + Math.min(...performance.getEntriesByType('resource')"
    ".filter(e => e.name.includes('.m3u8')).map(e => e.startTime))"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(
        tmp_path_factory.mktemp("ladder") / "var",
        HLS_LADDER="360p,audio",
        BRIDGE_MAX_TRANSCODES="1",
        STREAMING_RTMP_TO_WEBRTC="false",
        BRIDGE_STOP_AFTER_SECS="5",
    ) as there:
        yield there


@pytest.fixture(scope="module")
def on_air(site: Site) -> Iterator[OnAir]:
    room_id = site.create_room("Qualities")
    with obs.on_air(site, room_id) as encoder:
        yield room_id, encoder


@pytest.fixture
def room_on_air(on_air: OnAir) -> str:
    return on_air[0]


@pytest.fixture
def guest(browser: Browser, site: Site) -> Iterator[Visitor]:
    with closing(Visitor(browser, site)) as someone:
        yield someone


def qualities(site: Site, room_id: str) -> list[str]:
    found: list[str] = obs.rungs(site, room_id)["hls"]["qualities"]
    return found


def menu(page: Page) -> list[str]:
    """What the page of qualities lists; leaves it open."""
    if page.locator("[data-menu]").is_hidden():
        page.locator("[data-do=menu]").click()
        page.locator("[data-menu] button").first.click()
    return page.locator("[data-menu] [role=menuitemradio]").all_inner_texts()


def choose(page: Page, text: str) -> None:
    menu(page)
    page.locator("[data-menu] [role=menuitemradio]").get_by_text(text, exact=True).click()


def wait_for_height(page: Page, height: int) -> float:
    began = time.monotonic()
    shown = "video => video.videoHeight"
    look = lambda: page.locator(browse.MAIN).evaluate(shown) == height  # noqa: E731
    wait_for(f"the picture is {height} high", look, WITHIN_SECS)
    return time.monotonic() - began


def asks_for(someone: Visitor, query: str) -> None:
    """Adds to the address that its pages ask for HLS."""

    def handle(route: Route) -> None:
        route.continue_(url=route.request.url + query)

    someone.context.route("**/hls/play_*.m3u8?*", handle)


def test_a_viewer_starts_them_and_chooses(
    guest: Visitor, site: Site, room_on_air: str, show: Callable[[str], None]
) -> None:
    assert qualities(site, room_on_air) == ["source"]
    page = browse.watch(guest, room_on_air, "?rung=hls")
    browse.wait_for_rung(page, "hls", WITHIN_SECS)
    browse.keep_diary(page)
    began = time.monotonic()
    wait_for(
        "the server says what there is",
        lambda: qualities(site, room_on_air) == ["source", "360p", "audio"],
        WITHIN_SECS,
        0.2,
    )
    wait_for("the menu lists them", lambda: "360p" in menu(page), WITHIN_SECS)
    show(f"qualities are there {time.monotonic() - began:.1f} s after HLS plays")
    assert menu(page)[1:] == ["720p (source)", "360p", "Sound only"]
    assert menu(page)[0].startswith("Automatic")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    choose(page, "720p (source)")
    up = wait_for_height(page, 720)
    browse.wait_until_advancing(page)
    choose(page, "360p")
    down = wait_for_height(page, 360)
    browse.wait_until_advancing(page)
    choose(page, "720p (source)")
    wait_for_height(page, 720)
    show(f"chosen, seen: the source after {up:.1f} s, 360p after {down:.1f} s")
    page.keyboard.press("s")
    wait_for("the figures say it", lambda: "Source" in page.locator("[data-stats]").inner_text())
    page.keyboard.press("s")
    gap = browse.longest_gap_ms(browse.diary(page))
    show(f"from one quality to several and among them: no picture for {gap / 1000:.1f} s at most")

    choose(page, "Sound only")
    sound = "/audio/index.m3u8"
    asked = f"performance.getEntriesByType('resource').some(e => e.name.includes('{sound}'))"
    wait_for("sound alone is loaded", lambda: page.evaluate(asked), WITHIN_SECS)
    wait_for(
        "nothing is seen", lambda: page.locator(browse.MAIN).evaluate("v => v.videoWidth") == 0
    )
    position = "video => video.currentTime"
    at = page.locator(browse.MAIN).evaluate(position)
    wait_for(
        "it plays on", lambda: page.locator(browse.MAIN).evaluate(position) > at + 1, WITHIN_SECS
    )
    page.reload(wait_until="domcontentloaded")
    wait_for("the choice was kept", lambda: "Sound only" in menu(page), WITHIN_SECS)
    checked = page.locator("[data-menu] [aria-checked=true]")
    assert checked.inner_text() == "Sound only"
    choose(page, menu(page)[0])
    browse.wait_until_advancing(page, within_secs=WITHIN_SECS)
    assert guest.problems == []


def test_a_maker_that_dies_costs_no_viewer_the_picture(
    guest: Visitor, site: Site, room_on_air: str, show: Callable[[str], None]
) -> None:
    page = browse.watch(guest, room_on_air, "?rung=hls")
    browse.wait_for_rung(page, "hls", WITHIN_SECS)
    wait_for("the menu lists them", lambda: "360p" in menu(page), WITHIN_SECS)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    browse.keep_diary(page)
    (pid,) = site.rows("select pid from live_bridgejob where kind = 'ladder'")[0]
    os.kill(pid, signal.SIGKILL)
    wait_for(
        "another one makes them",
        lambda: site.rows(
            "select 1 from live_bridgejob where kind = 'ladder' and state = 'running'"
            f" and pid != {pid}"
        ),
        WITHIN_SECS,
    )
    browse.wait_until_advancing(page, within_secs=WITHIN_SECS)
    gap = browse.longest_gap_ms(browse.diary(page))
    show(f"the maker of qualities killed: no picture for {gap / 1000:.1f} s at most")


def test_qualities_that_go_lead_back_to_the_one(
    guest: Visitor, site: Site, room_on_air: str, show: Callable[[str], None]
) -> None:
    """Staff starts the job anew: its files go, and others come."""
    page = browse.watch(guest, room_on_air, "?rung=hls")
    browse.wait_for_rung(page, "hls", WITHIN_SECS)
    choose(page, "360p")
    wait_for_height(page, 360)
    browse.keep_diary(page)
    plain = f"/{site.play_id(room_on_air)}/index.m3u8"
    page.evaluate("performance.clearResourceTimings()")
    with closing(sqlite3.connect(site.data_dir / "microvibe.sqlite3")) as database, database:
        database.execute("update live_bridgejob set run_id = '', pid = null where kind = 'ladder'")
    asked = f"performance.getEntriesByType('resource').some(e => e.name.includes('{plain}'))"
    wait_for("the one quality is played", lambda: page.evaluate(asked), WITHIN_SECS)
    # It failed, so it is left alone for 10 s; then the choice holds again.
    wait_for_height(page, 360)
    browse.wait_until_advancing(page, within_secs=WITHIN_SECS)
    gap = browse.longest_gap_ms(browse.diary(page))
    show(f"all qualities gone and made anew: no picture for {gap / 1000:.1f} s at most")


def test_several_qualities_start_as_fast_as_one(
    browser: Browser, guest: Visitor, site: Site, on_air: OnAir, show: Callable[[str], None]
) -> None:
    room_id, encoder = on_air
    browse.wait_for_rung(browse.watch(guest, room_id, "?rung=hls"), "hls", WITHIN_SECS)
    wait_for("all are there", lambda: len(qualities(site, room_id)) == 3, WITHIN_SECS)
    took: dict[str, list[float]] = {"": [], "&qualities=one": []}
    behind: dict[str, list[float]] = {"": [], "&qualities=one": []}
    for query in [*took, *reversed(took)]:
        with closing(Visitor(browser, site)) as someone:
            asks_for(someone, query)
            page = browse.watch(someone, room_id, "?rung=hls")
            first = browse.first_frame_ms(page, within_secs=WITHIN_SECS)
            took[query].append(first - page.evaluate(FIRST_ASKED))
            browse.wait_until_advancing(page)
            behind[query] += encoder.behind_ms(browse.frames_seen(page))
    several, one = (statistics.mean(each) / 1000 for each in took.values())
    show(f"first picture {several:.2f} s after asking for several qualities, {one:.2f} s for one")
    several, one = (statistics.median(each) / 1000 for each in behind.values())
    show(f"HLS is {several:.2f} s behind the encoder with several qualities, {one:.2f} s with one")


def test_the_quality_fits_the_player_and_the_network(
    guest: Visitor, site: Site, room_on_air: str, show: Callable[[str], None]
) -> None:
    page = browse.watch(guest, room_on_air, "?rung=hls")
    browse.wait_for_rung(page, "hls", WITHIN_SECS)
    wait_for("all are there", lambda: len(qualities(site, room_on_air)) == 3, WITHIN_SECS)
    wait_for_height(page, 360)  # a small window needs no more
    browse.keep_diary(page)
    page.set_viewport_size({"width": 1900, "height": 1200})
    grew = wait_for_height(page, 720)
    browse.wait_until_advancing(page)
    gap = browse.longest_gap_ms(browse.diary(page))
    show(f"a larger window: the source after {grew:.1f} s, no picture for {gap / 1000:.1f} s")
    network = guest.context.new_cdp_session(page)
    bytes_per_sec = 1_300_000 / 8  # the source has 2.1 Mbit/s, 360p 0.8
    slow = {"downloadThroughput": bytes_per_sec, "uploadThroughput": bytes_per_sec}
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": 20, **slow})
    fell = wait_for_height(page, 360)
    browse.wait_until_advancing(page, within_secs=WITHIN_SECS)
    gap = browse.longest_gap_ms(browse.diary(page))
    show(f"1.3 Mbit/s: 360p after {fell:.1f} s, no picture for {gap / 1000:.1f} s")


def test_they_go_with_the_last_viewer(site: Site, room_on_air: str) -> None:
    wait_for(
        "nothing is made for nobody",
        lambda: qualities(site, room_on_air) == ["source"],
        WITHIN_SECS,
        0.2,
    )
    folder = site.media_dir / "ladder" / site.play_id(room_on_air)
    wait_for("its files are gone", lambda: not folder.exists(), WITHIN_SECS)
    assert obs.status_of(site.hls_url(room_on_air)) == 200
