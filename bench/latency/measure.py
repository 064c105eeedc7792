"""Measures one way to watch: when the first frame comes, how late frames are, how often none do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Entry, Visitor
from tests.e2e.harness.camera import FPS, FRAMES
from tests.e2e.harness.site import Site, wait_for

Seen = Sequence[tuple[float, int]]  # (ms since 1970, frame number)
SETTLE_SECS = 12.0  # a player that has just begun is still catching up
STILL_MS = 300.0  # a picture that stands for longer is one that stopped


@dataclass(frozen=True)
class Result:
    way: str
    first_frame_ms: float
    delay_ms: float
    delay_p95_ms: float
    stops: int
    stopped_ms: float


def measure(
    way: str,
    browser: Browser,
    site: Site,
    address: tuple[str, str],
    behind: Callable[[Page, float], list[float]],
    tries: int,
    secs: float,
) -> Result:
    """`address`: room and rung. `behind`: delays in ms of what a page shows during so many ms."""
    room_id, rung = address
    firsts = []
    guest = Visitor(browser, site)
    page: Page | None = None
    for _ in range(tries):
        if page is not None:
            page.close()
        opened = browse.now_ms()
        page = browse.watch(guest, room_id, f"?rung={rung}")
        firsts.append(browse.first_frame_ms(page) - opened)
    assert page is not None
    browse.wait_for_rung(page, rung)
    settled = time.monotonic() + SETTLE_SECS
    wait_for("the player has caught up", lambda: time.monotonic() > settled, 60)
    browse.keep_diary(page)
    delays = sorted(behind(page, secs * 1000))
    stops = stops_ms(browse.diary(page))
    guest.close()
    return Result(
        way=way,
        first_frame_ms=round(statistics.median(firsts)),
        delay_ms=round(statistics.median(delays)),
        delay_p95_ms=round(delays[len(delays) * 95 // 100]),
        stops=len(stops),
        stopped_ms=round(sum(stops)),
    )


def stops_ms(entries: Sequence[Entry]) -> list[float]:
    """How long the picture stood still, each time that it did."""
    found = []
    since, shown = entries[0].at, entries[0].number
    for entry in entries:
        if entry.number is None or entry.number == shown:
            continue
        if entry.at - since > STILL_MS:
            found.append(entry.at - since)
        since, shown = entry.at, entry.number
    return found


def behind_preview(studio: Page) -> Callable[[Page, float], list[float]]:
    """Behind what the studio's own preview shows, which is a frame or two behind the camera."""

    def look(page: Page, ms: float) -> list[float]:
        browse.start_watching(studio, browse.PREVIEW, int(ms))
        seen = browse.frames_seen(page, ms=int(ms))
        shown = browse.watched(studio)
        return [_behind(at, number, shown) for at, number in seen]

    return look


def _behind(at: float, number: int, shown: Seen) -> float:
    """By the nearest number that was noted: the preview is read eleven times a second."""
    gaps = [((number - other + FRAMES // 2) % FRAMES - FRAMES // 2, then) for then, other in shown]
    frames, then = min(gaps, key=lambda gap: abs(gap[0]))
    return at - then - frames * 1000 / FPS
