"""Any way in, any way out: each of six ways into a hybrid room is seen, heard and recorded.

Measured and printed: delay (counter now sent − counter shown), first frame since the page was
opened, sound against picture, what the children cost. Asserted: it comes, moves, and is in step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.harness import outs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.outs import LEAST_FRAMES, RUNGS, Viewed
from tests.e2e.harness.site import Site, running, wait_for
from tests.e2e.harness.stream_reader import Heard, read
from tests.e2e.harness.ways import WAYS, Sending, Studio, Way

pytestmark = [pytest.mark.media, pytest.mark.timeout(420)]

IN_STEP_MS = 100
MOST_HOLE_SECS = 0.5
HEAD = (
    "way in → way out: delay / first frame / sound by page, as Chromium says (by stamps), ms; "
    "goals: delay WebRTC < 500, FLV < 1500, HLS < 5000, sound < 100"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One transcoding slot, and nobody but the bridges to take it."""
    folder = tmp_path_factory.mktemp("ways") / "var"
    with running(folder, BRIDGE_MAX_TRANSCODES="1", HLS_LADDER="") as started:
        yield started


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@dataclass
class Row:
    """One line of the table: what is known when the test ends, well or not."""

    way: str
    viewed: dict[str, Viewed] = field(default_factory=dict)
    offsets: dict[str, float] = field(default_factory=dict)
    cost: str = ""
    recording: str = ""

    def __str__(self) -> str:
        cells = [f"{self.way:13}"]
        for rung in RUNGS:
            cell = f"{rung} -"
            if seen := self.viewed.get(rung):
                by_page = "?" if seen.offset_ms is None else f"{seen.offset_ms:+.0f}"
                if seen.reckoned_ms is not None:
                    by_page += f", {seen.reckoned_ms:+.0f}"
                outside = self.offsets.get(rung)
                stamped = "?" if outside is None else f"{outside:+.0f}"
                cell = f"{rung} {seen.delay_ms:5.0f} /{seen.first_ms:6.0f} / {by_page} ({stamped})"
            cells.append(f"{cell:33}")
        return " | ".join([*cells, f"recording {self.recording or '-':24}", self.cost or "-"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
def test_it_comes_out_everywhere(
    site: Site,
    browser: Browser,
    person: Callable[..., Visitor],
    way: Way,
    told: list[str],
    show: Callable[[str], None],
) -> None:
    if not told:
        show(HEAD)
    row = Row(way.name)
    try:
        whole(site, browser, person(at=site), way, row)
    finally:
        told.append(str(row))
        show(str(row))


def whole(site: Site, browser: Browser, guest: Visitor, way: Way, row: Row) -> None:
    room_id = site.create_room(f"Any way: {way.name}", record=True)
    with way.begin(site, room_id, browser) as sending:
        watch(site, room_id, guest, sending, row)
        job = wait_for("its figures", lambda: bridge(site, room_id, way), 40)
        row.cost = f"{way.kind} {job['mode']}: {job['cpu_percent']} % CPU, {job['rss_mb']} MB"
        assert job["mode"] == way.mode
        assert not sending.errors, sending.errors  # an encoder breaks when it is dropped at the end
        source_gap = sending.longest_gap_secs if isinstance(sending, Studio) else 0.0
        source_late = sending.late_beep_ms if isinstance(sending, Studio) else 0.0
        outs.end(site, room_id)
    assert guest.problems == []
    recorded = read(outs.recording(site, room_id), secs=10_000, within_secs=120)
    hole, length = outs.longest_hole_secs(recorded), recorded.frames[-1][0] - recorded.frames[0][0]
    row.recording = f"{length:.0f} s, hole {hole:.2f} s"
    lips = outs.lips_of(recorded)
    row.recording += f", {lips:+.0f}"
    assert len(set(recorded.numbers)) >= LEAST_FRAMES
    assert recorded.unreadable <= len(recorded.frames) * 0.02
    # What the page with the camera itself left out is no fault of what comes after it.
    assert hole <= MOST_HOLE_SECS + source_gap
    assert abs(lips) < IN_STEP_MS + source_late


def watch(site: Site, room_id: str, guest: Visitor, sending: Sending, row: Row) -> None:
    viewers = [outs.open_viewer(guest, site, room_id, rung) for rung in RUNGS]
    with ThreadPoolExecutor(len(RUNGS)) as pool:
        reading = outs.read_outside(pool, site, room_id)
        for viewer in viewers:
            outs.start_listening(viewer)
        for viewer in viewers:
            row.viewed[viewer.rung] = outs.listened(viewer, sending.behind_ms)
        heard: dict[str, Heard] = {}
        for rung, each in reading.items():
            heard[rung] = each.result()
            row.offsets[rung] = outs.lips_of(heard[rung])
    for viewer in viewers:
        outs.see_more(viewer, row.viewed[viewer.rung], LEAST_FRAMES)
        # It is what is sent now, not an old or another stream: nothing is a quarter loop late.
        assert -200 < row.viewed[viewer.rung].delay_ms < 12_000, row
    for rung, one in heard.items():
        assert len(set(one.numbers)) >= LEAST_FRAMES, rung
    # What the page with the camera itself beeped too late is no fault of what comes after it.
    source_late = sending.late_beep_ms if isinstance(sending, Studio) else 0.0
    late = {rung: ms for rung, ms in row.offsets.items() if abs(ms) >= IN_STEP_MS + source_late}
    assert not late, late


def bridge(site: Site, room_id: str, way: Way) -> dict[str, Any] | None:
    job = outs.jobs(site, room_id).get(way.kind, {})
    return job if job.get("state") == "running" and job.get("fps") else None
