"""Rooms of sound alone: from a microphone and by RTMP to every page, player and the recording.

Each second's beep has a note of its own (harness/scale.py), so that none is missed or doubled and
every delay is told. Measured and printed, one line a way in; asserted: all of it is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse, obs, outs, scale
from tests.e2e.harness.browse import MAIN, Visitor
from tests.e2e.harness.outs import RUNGS
from tests.e2e.harness.scale import Ear, SoundSending, SoundStudio
from tests.e2e.harness.site import Site, running, wait_for
from tests.e2e.harness.stream_reader import ffprobe

pytestmark = [pytest.mark.media, pytest.mark.timeout(240)]

LISTEN_MS = 5_500
LEAST_BEEPS = 3
EXACT_MS = 60  # by time stamps: what is lost or doubled is 1000
HEARD = {"webrtc": "#player [data-sound] audio", "flv": MAIN, "hls": MAIN}


@dataclass(frozen=True)
class Way:
    name: str
    begin: Callable[[Site, str, Browser], AbstractContextManager[SoundSending]]
    kind: str


WAYS = (
    Way("microphone", scale.studio, "to_rtmp"),
    Way("RTMP", scale.rtmp, "to_webrtc"),
)


@dataclass
class Row:
    way: str
    cells: dict[str, str] = field(default_factory=dict)
    cost: str = "-"
    recording: str = "-"

    def __str__(self) -> str:
        cells = [f"{rung} {self.cells.get(rung, '-'):14}" for rung in RUNGS]
        head = f"sound alone, {self.way:10} (delay / plays after, ms)"
        return " | ".join([head, *cells, f"recording {self.recording}", self.cost])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With qualities, of which a room of sound alone has none."""
    folder = tmp_path_factory.mktemp("sound") / "var"
    with running(folder, BRIDGE_MAX_TRANSCODES="1", HLS_LADDER="360p,audio") as started:
        yield started


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_sound_alone_comes_out_everywhere(
    site: Site,
    browser: Browser,
    person: Callable[..., Visitor],
    way: Way,
    show: Callable[[str], None],
) -> None:
    row, guest = Row(way.name), person(at=site)
    room_id = site.create_room(f"Sound: {way.name}", record=True, stream_type="audio")
    try:
        with way.begin(site, room_id, browser) as sending:
            if isinstance(sending, SoundStudio):
                assert sending.page.locator("#share-screen").is_hidden()
            listen(site, room_id, guest, sending, row)
            job = wait_for("its figures", lambda: bridge(site, room_id, way.kind), 30)
            row.cost = f"{way.kind} {job['mode']}: {job['cpu_percent']} % CPU, {job['rss_mb']} MB"
            assert job["mode"] == "pass"
            assert "ladder" not in outs.jobs(site, room_id)
            late_ms = sending.late_ms
            outs.end(site, room_id)
        url = outs.recording(site, room_id)
        kept = scale.hear(url, beeps=10_000)
        row.recording = f"{kept.secs:.0f} s, {len(kept.beeps)} beeps"
        assert scale.faults(kept.beeps, EXACT_MS + late_ms) == []
        assert len(kept.beeps) >= kept.secs - 2
        assert set(ffprobe(url)) == {"audio"}
        replay(site, room_id, guest)
        assert guest.problems == []
    finally:
        show(str(row))


def listen(site: Site, room_id: str, guest: Visitor, sending: SoundSending, row: Row) -> None:
    opened = [open_page(guest, site, room_id, rung) for rung in RUNGS]
    with ThreadPoolExecutor(len(RUNGS)) as pool:
        reading = read_outside(pool, site, room_id)
        for page, rung, _ in opened:
            script = "a => { window.__heard = __probe.hear(...a); }"
            page.evaluate(script, [HEARD[rung], LISTEN_MS])
        for page, rung, plays_ms in opened:
            heard = scale.by_page(page.evaluate("window.__heard"))
            assert len(heard) >= LEAST_BEEPS, f"{rung}: {heard}"
            assert scale.faults(heard) == [], rung
            delay_ms = scale.delay_ms(heard, sending.zero_ms)
            row.cells[rung] = f"{delay_ms:5.0f} /{plays_ms:6.0f}"
            looks_like_sound(page)
        for rung, each in reading.items():
            beeps = each.result().beeps
            assert scale.faults(beeps, EXACT_MS + sending.late_ms) == [], rung


def open_page(guest: Visitor, site: Site, room_id: str, rung: str) -> tuple[Page, str, float]:
    """A page pinned to a rung that plays, sound on; and how long that took."""
    wait_for(f"{rung} is offered", lambda: obs.rungs(site, room_id)[rung]["available"], 60, 0.2)
    opened = browse.now_ms()
    page = browse.watch(guest, room_id, f"?rung={rung}")
    browse.wait_for_state(page, "#player", "live")
    plays_ms = browse.now_ms() - opened
    assert page.locator("#player").get_attribute("data-rung") == rung
    page.locator("#player").click(position={"x": 20, "y": 120})
    browse.unmute(page)
    return page, rung, plays_ms


def looks_like_sound(page: Page) -> None:
    """A face and a name, and nothing that only pictures need."""
    player = page.locator("#player")
    assert player.get_attribute("data-state") == "live"
    assert player.locator("[data-face-name]").inner_text() == "Demo"
    assert player.locator('[data-do="pip"]').is_hidden()


def read_outside(pool: ThreadPoolExecutor, site: Site, room_id: str) -> dict[str, Future[Ear]]:
    rungs = obs.rungs(site, room_id)
    whep = f"{site.base_url}/whep/{room_id}"
    return {
        "webrtc": pool.submit(scale.hear_by_whep, whep, LEAST_BEEPS),
        "flv": pool.submit(scale.hear, rungs["flv"]["url"], LEAST_BEEPS),
        "hls": pool.submit(scale.hear, rungs["hls"]["url"], LEAST_BEEPS),
    }


def bridge(site: Site, room_id: str, kind: str) -> dict[str, Any] | None:
    job = outs.jobs(site, room_id).get(kind, {})
    return job if job.get("state") == "running" and job.get("cpu_percent") else None


def replay(site: Site, room_id: str, guest: Visitor) -> None:
    """The page of the recording plays it."""
    items = site.call("GET", f"/api/v1/live/{room_id}/recordings", token=site.token())[1]
    page = guest.open(items["data"]["items"][0]["page_url"])
    page.locator("video").first.evaluate("video => video.play().catch(() => {})")
    wait_for(
        "the replay plays",
        lambda: page.locator("video").first.evaluate("v => v.currentTime > 1 && !v.error"),
        20,
    )
    assert page.locator('[data-do="pip"]').is_hidden()
