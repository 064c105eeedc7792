"""What a person does in a browser, and what they would see and hear."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.harness.camera import FPS, FRAMES
from tests.e2e.harness.site import PASSWORD, Site, wait_for

PROBE = Path(__file__).with_name("probe.js")
PREVIEW = "#studio video"
MAIN = "#player video[data-main]"
LOOP_MS = FRAMES * 1000 / FPS


class Visitor:
    """A browser profile of one person at one site; closes with all its pages."""

    def __init__(self, browser: Browser, site: Site, username: str | None = None) -> None:
        self.site = site
        self.context: BrowserContext = browser.new_context(
            base_url=site.base_url,
            permissions=["camera", "microphone"],
            viewport={"width": 1000, "height": 700},
            locale="en-GB",
            storage_state=site.signed_in.get(username or ""),
        )
        self.context.set_default_timeout(20_000)
        self.context.add_init_script(path=PROBE)
        self.problems: list[str] = []
        self.context.on("weberror", lambda error: self.problems.append(str(error.error)))
        if username and username not in site.signed_in:
            self.sign_in(username)
            site.signed_in[username] = self.context.storage_state()

    def sign_in(self, username: str) -> None:
        page = self.context.new_page()
        page.goto("/sign-in")
        page.locator("input[name=username]").fill(username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.close()

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.goto(path, wait_until="domcontentloaded")
        return page

    def close(self) -> None:
        self.context.close()


@contextlib.contextmanager
def visitor(browser: Browser, site: Site, username: str | None = None) -> Iterator[Visitor]:
    someone = Visitor(browser, site, username)
    try:
        yield someone
    finally:
        someone.close()


def wait_for_state(page: Page, selector: str, state: str, within_secs: float = 40.0) -> None:
    """`data-state` of #studio or #player becomes `state`; says what it was if it does not."""
    seen: list[str] = []

    def look() -> bool:
        now = page.locator(selector).first.get_attribute("data-state")
        if now and (not seen or seen[-1] != now):
            seen.append(now)
        return now == state

    try:
        wait_for(f"{selector} becomes {state}", look, within_secs)
    except AssertionError as error:
        raise AssertionError(f"{error}; it went {' → '.join(seen)}") from None


def open_studio(someone: Visitor, room_id: str, query: str = "") -> Page:
    page = someone.open(f"/studio/{room_id}{query}")
    wait_for_state(page, "#studio", "ready")
    return page


def go_live(page: Page) -> None:
    page.locator("#go-live").click()
    wait_for_state(page, "#studio", "live")


def resume_live(page: Page) -> None:
    """A studio that was live before a reload goes on by itself, or after one tap."""
    button = page.locator("#go-live")
    deadline = time.monotonic() + 5

    def look() -> bool:
        if page.locator("#studio").get_attribute("data-state") == "live":
            return True
        if time.monotonic() > deadline and button.is_visible() and button.is_enabled():
            button.click()
        return False

    wait_for("the studio is live again", look, 40)


def end_live(page: Page) -> None:
    page.locator("#end-live").click()
    confirm = page.locator("dialog[open] [value=confirm], dialog[open] [data-confirm]")
    if confirm.count():
        confirm.first.click()


def unmute(page: Page) -> None:
    """Tap the sound prompt where the browser blocked sound."""
    prompt = page.locator("[data-unmute]")
    if prompt.is_visible():
        prompt.click()


def watch(someone: Visitor, room_id: str, query: str = "") -> Page:
    return someone.open(f"/live/{room_id}{query}")


def first_frame_ms(page: Page, after: float | None = None, within_secs: float = 40.0) -> float:
    """When this page first showed a readable frame, in ms since 1970 (at or after `after`)."""

    def look() -> float | None:
        times = page.evaluate("__probe.firstFrames")
        return next((t for t in times if after is None or t >= after), None)

    return wait_for("the first frame is shown", look, within_secs)


def frames_seen(page: Page, selector: str = MAIN, ms: int = 1200) -> list[tuple[float, int]]:
    """(ms since 1970, frame number) of what the page shows during `ms`."""
    return [(at, int(n)) for at, n in page.evaluate("a => __probe.watch(...a)", [selector, ms])]


def start_watching(page: Page, selector: str = MAIN, ms: int = 1200) -> None:
    """`frames_seen` in the background; `watched` has what it saw."""
    page.evaluate("a => { window.__watched = __probe.watch(...a); }", [selector, ms])


def watched(page: Page) -> list[tuple[float, int]]:
    return [(at, int(n)) for at, n in page.evaluate("window.__watched")]


def is_advancing(seen: Sequence[tuple[float, int]]) -> bool:
    return len({number for _, number in seen}) >= 3


def wait_until_advancing(page: Page, selector: str = MAIN, within_secs: float = 40.0) -> None:
    """The frame number goes on: the picture is neither black nor frozen."""
    wait_for(
        f"the frame number in {selector} advances",
        lambda: is_advancing(frames_seen(page, selector, 1000)),
        within_secs,
    )


def wait_for_height(page: Page, height: int) -> None:
    wait_for(
        f"the picture is {height} lines high",
        lambda: page.locator(MAIN).evaluate("video => video.videoHeight") == height,
    )


def av_offset_ms(page: Page, ms: int = 6000) -> float:
    """How much later the page gives a beep than it shows its frame: median. Needs sound on."""
    heard = page.evaluate("a => __probe.listen(...a)", [MAIN, ms])
    marks = [at for at, number in heard["shown"] if number % FPS == 0]
    assert marks and heard["beeps"], f"{len(marks)} marks, {heard['beeps']}, {heard['state']}"
    nearest = [min(marks, key=lambda at: abs(at - beep)) for beep in heard["beeps"]]
    offsets = [beep - at for beep, at in zip(heard["beeps"], nearest, strict=True)]
    return statistics.median(each for each in offsets if abs(each) < 500)


@dataclass(frozen=True)
class Entry:
    """What a page showed at one moment."""

    at: float  # ms since 1970
    number: int | None
    rung: str
    state: str


def keep_diary(page: Page) -> None:
    """Note from now on what the player shows, ten times a second, whatever its video element."""
    page.evaluate("selector => __probe.keepDiary(selector)", MAIN)


def diary(page: Page) -> list[Entry]:
    return [Entry(*row) for row in page.evaluate("__probe.diary")]


def longest_gap_ms(entries: Sequence[Entry]) -> float:
    """The longest time without a new number."""
    longest, since, shown = 0.0, entries[0].at, None
    for entry in entries:
        if entry.number is not None and entry.number != shown:
            longest, since, shown = max(longest, entry.at - since), entry.at, entry.number
    return max(longest, entries[-1].at - since)


def wait_for_rung(page: Page, rung: str, within_secs: float = 40.0) -> float:
    """The picture comes by `rung` and moves; returns when that was first so, in ms since 1970."""
    seen: list[str] = []

    def look() -> float | None:
        now = page.locator("#player").get_attribute("data-rung") or "none"
        if not seen or seen[-1] != now:
            seen.append(now)
        frames = frames_seen(page, ms=500) if now == rung else []
        return frames[0][0] if is_advancing(frames) else None

    try:
        return wait_for(f"the picture comes by {rung}", look, within_secs)
    except AssertionError as error:
        state = page.locator("#player").get_attribute("data-state")
        raise AssertionError(f"{error}; rungs: {' → '.join(seen)}, state {state}") from None


def offset_ms(seen: Sequence[tuple[float, int]]) -> float:
    """Where the recording began, modulo its length: equal for two pages that show it at once."""
    assert seen, "no frame number could be read"
    starts = [(at - number * 1000 / FPS) % LOOP_MS for at, number in seen]
    pivot = starts[0]  # values around the wrap belong together
    centred = [(start - pivot + LOOP_MS / 2) % LOOP_MS - LOOP_MS / 2 for start in starts]
    return (pivot + statistics.median(centred)) % LOOP_MS


def lag_ms(studio: Page, viewers: Sequence[Page]) -> list[float]:
    """How much later each viewer shows a frame than the studio's own preview does."""
    base = offset_ms(frames_seen(studio, PREVIEW))
    lags = []
    for page in viewers:
        behind = (offset_ms(frames_seen(page)) - base) % LOOP_MS
        lags.append(behind if behind < LOOP_MS / 2 else behind - LOOP_MS)
    return lags


def stats(page: Page, kind: str, media: str) -> list[dict[str, Any]]:
    """RTP reports of the page: kind `inbound-rtp` or `outbound-rtp`, media `audio` or `video`."""
    found = page.evaluate("__probe.stats()")
    return [s for s in found if s["type"] == kind and s.get("kind") == media]


def codecs(page: Page, kind: str, media: str = "video") -> set[str]:
    """MIME types in use, in lower case, as in {"video/h264"}."""
    found = page.evaluate("__probe.stats()")
    names = {s["id"]: s["mimeType"].lower() for s in found if s["type"] == "codec"}
    reports = [s for s in found if s["type"] == kind and s.get("kind") == media]
    return {names[s["codecId"]] for s in reports if s.get("codecId") in names}


def wait_until_heard(page: Page, within_secs: float = 20.0) -> float:
    """The loudest level (0–1) of the sound that arrives, once there is some."""
    loudest = 0.0

    def look() -> bool:
        nonlocal loudest
        levels = [s.get("audioLevel", 0.0) for s in stats(page, "inbound-rtp", "audio")]
        loudest = max([loudest, *levels])
        return loudest > 0.005

    wait_for("sound arrives", look, within_secs)
    return loudest


def crash(page: Page) -> None:
    """Kill the page's renderer, as the kernel does when memory runs out."""
    session = page.context.new_cdp_session(page)
    with contextlib.suppress(Exception):
        # The answer never comes: whoever should give it is dead.
        session.send("Page.crash", timeout=1000)


def now_ms() -> float:
    return time.time() * 1000
