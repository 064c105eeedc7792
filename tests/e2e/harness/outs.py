"""The ways out of a room, measured: pages on each rung, players outside, the recording."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import MAIN, Visitor
from tests.e2e.harness.camera import FPS, FRAMES
from tests.e2e.harness.site import Site, descendants_of, wait_for
from tests.e2e.harness.stream_reader import Heard, read
from tests.e2e.harness.whep_reader import read_by_whep

RUNGS = ("webrtc", "flv", "hls")
LISTEN_MS = 6_000
OUTSIDE_SECS = 5.0
LEAST_FRAMES, LEAST_BEEPS = 60, 3  # a busy machine needs longer for them
LOOP_SECS = FRAMES / FPS


def lips_ms(frames: Sequence[tuple[float, int]], beeps: Sequence[float]) -> float:
    """How much later the sound is than its picture: median. Frames as (secs, number)."""
    offsets = []
    for beep in beeps:
        # Of all pictures around it: the one it belongs to may be missing.
        zeros = [at - number / FPS for at, number in frames if abs(at - beep) < 0.5]
        if zeros:
            offsets.append((beep - _middle(zeros) + 0.5) % 1 - 0.5)
    assert offsets, f"no beep beside a picture: {len(beeps)} beeps, {len(frames)} pictures"
    return statistics.median(offsets) * 1000


def _middle(zeros: Sequence[float]) -> float:
    """Their median, though the counter may have begun anew amid them."""
    pivot = zeros[0]
    around = [(each - pivot + LOOP_SECS / 2) % LOOP_SECS - LOOP_SECS / 2 for each in zeros]
    return pivot + statistics.median(around)


def lips_of(heard: Heard) -> float:
    return lips_ms([(pts, number) for pts, number, _ in heard.frames], heard.beeps)


@dataclass
class Viewed:
    """What a page showed."""

    first_ms: float
    numbers: set[int]
    delay_ms: float = 0.0
    offset_ms: float | None = None  # None: it heard no beep
    reckoned_ms: float | None = None  # the same as Chromium says, over WebRTC


@dataclass
class Viewer:
    """A page pinned to a rung."""

    rung: str
    page: Page
    first_ms: float


def open_viewer(guest: Visitor, site: Site, room_id: str, rung: str) -> Viewer:
    wait_for(f"{rung} is offered", lambda: obs.rungs(site, room_id)[rung]["available"], 60, 0.2)
    opened = browse.now_ms()
    page = browse.watch(guest, room_id, f"?rung={rung}")
    first_ms = browse.first_frame_ms(page, within_secs=60) - opened
    browse.wait_for_rung(page, rung, 60)
    browse.unmute(page)
    return Viewer(rung, page, first_ms)


def start_listening(viewer: Viewer) -> None:
    script = "a => { window.__heard = __probe.listen(...a); }"
    viewer.page.evaluate(script, [MAIN, LISTEN_MS])


Behind = Callable[[list[tuple[float, int]]], list[float]]


def listened(viewer: Viewer, behind_ms: Behind) -> Viewed:
    heard = viewer.page.evaluate("window.__heard")
    zero = viewer.page.evaluate("performance.timeOrigin")
    shown = [(zero + at, int(number)) for at, number in heard["shown"]]
    assert shown, f"{viewer.rung}: no picture in {LISTEN_MS} ms"
    delay_ms = statistics.median(behind_ms(shown))
    offset = None
    if heard["beeps"]:
        frames = [(at / 1000, int(number)) for at, number in heard["shown"]]
        offset = lips_ms(frames, [at / 1000 for at in heard["beeps"]])
    known = [each for each in heard["reckoned"] if each is not None]
    reckoned = statistics.median(known) if known else None
    return Viewed(viewer.first_ms, {number for _, number in shown}, delay_ms, offset, reckoned)


def see_more(viewer: Viewer, viewed: Viewed, least: int) -> None:
    """A busy machine shows few pictures a second: until there are `least`."""

    def look() -> bool:
        if len(viewed.numbers) >= least:
            return True
        viewed.numbers |= {number for _, number in browse.frames_seen(viewer.page, ms=2000)}
        return len(viewed.numbers) >= least

    wait_for(f"{least} pictures by {viewer.rung}", look, 60)


def read_outside(pool: ThreadPoolExecutor, site: Site, room_id: str) -> dict[str, Future[Heard]]:
    """Players that are no pages, one a rung, at work."""
    rungs = obs.rungs(site, room_id)
    whep = f"{site.base_url}/whep/{room_id}"
    least = LEAST_FRAMES, LEAST_BEEPS
    return {
        "webrtc": pool.submit(read_by_whep, whep, OUTSIDE_SECS, 90, least),
        "flv": pool.submit(read, rungs["flv"]["url"], OUTSIDE_SECS, 90, least),
        "hls": pool.submit(read, rungs["hls"]["url"], OUTSIDE_SECS, 90, least),
    }


def end(site: Site, room_id: str) -> None:
    status, answer = site.call("POST", f"/api/v1/live/{room_id}/end", {}, site.token())
    assert status == 200, answer


def recording(site: Site, room_id: str) -> str:
    """The address of the one recording of a broadcast that has ended, once it plays."""

    def look() -> dict[str, Any] | None:
        path = f"/api/v1/live/{room_id}/recordings"
        items = site.call("GET", path, token=site.token())[1]["data"]["items"]
        assert all(each["state"] != "failed" for each in items), items
        assert len(items) <= 1, items
        return items[0] if items and items[0]["state"] == "ready" else None

    return str(wait_for("the recording is ready", look, 90, 0.3)["url"])


def longest_hole_secs(heard: Heard) -> float:
    """By time stamps, or by what the counter leaves out: whichever is longer."""
    longest = 0.0
    for (before, old, _), (after, new, _) in itertools.pairwise(heard.frames):
        left_out = ((new - old) % FRAMES) / FPS
        longest = max(longest, after - before, left_out if left_out < LOOP_SECS / 2 else 0.0)
    return longest


def jobs(site: Site, room_id: str) -> dict[str, dict[str, Any]]:
    """By kind: state, mode, starts and figures."""
    rows = site.rows(
        "select j.kind, j.state, j.reason, j.mode, j.starts, j.figures from live_bridgejob j "
        f"join live_room r on r.id = j.room_id where r.room_id = '{room_id}'"
    )
    names = ("state", "reason", "mode", "starts")
    return {
        kind: {**dict(zip(names, rest[:-1], strict=True)), **json.loads(rest[-1] or "{}")}
        for kind, *rest in rows
    }


def push_children(site: Site) -> list[int]:
    """Of the gateway of broadcasts by WebSocket."""
    found = descendants_of(site.process.pid).items()
    return [pid for pid, command in found if "push.child" in command]
