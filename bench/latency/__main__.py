"""`python -m bench.latency`: see bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.latency.measure import Result, behind_preview, measure
from tests.e2e.harness import browse, obs
from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.chromium import find_chromium, launched
from tests.e2e.harness.encoder import LOW_DELAY, OBS_DEFAULTS, Encoder, Style
from tests.e2e.harness.site import Site

GOALS = {  # first frame, delay; ms
    "WebRTC": (None, 500),
    "HTTP-FLV": (1000, 1000),
    "HLS": (3000, 4000),
}
HEAD = "| way | first frame ms | delay ms, median | p95 | stops | stopped ms |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--secs", type=float, default=20.0, help="measured time of each way")
    parser.add_argument("--tries", type=int, default=5, help="pages opened for the first frame")
    parser.add_argument("--json", help="write the results to this file too")
    options = parser.parse_args()
    program = find_chromium()
    if program is None:
        raise SystemExit("No Chromium: install it, or set CHROMIUM to the program.")
    load = os.getloadavg()[0]
    print(f"{sys.version.split()[0]}, {os.cpu_count()} cores, load average before: {load:.1f}")
    if load > 0.5:
        print("The machine is busy: what it paints late counts as delay.")
    with tempfile.TemporaryDirectory() as folder, launched(program) as browser:
        # Chromium's own workers may not go into a folder of root's.
        Path(folder).chmod(0o755)
        with sites.running(Path(folder) / "var") as site:
            results = list(_run(browser, site, options.tries, options.secs))
    _print(results)
    if options.json:
        Path(options.json).write_text(json.dumps([asdict(each) for each in results], indent=1))


def _run(browser: Browser, site: Site, tries: int, secs: float) -> Iterator[Result]:
    """One way after the other, each with no other stream beside it."""
    room_id = site.create_room("Latency: browser to browser")
    demo = Visitor(browser, site, "demo")
    studio = browse.open_studio(demo, room_id)
    browse.go_live(studio)
    preview = behind_preview(studio)
    yield _said(measure("WebRTC", browser, site, (room_id, "webrtc"), preview, tries, secs))
    demo.close()
    for style, note in ((LOW_DELAY, ""), (OBS_DEFAULTS, ", OBS's own settings")):
        yield from _by_rtmp(browser, site, style, note, tries, secs)


def _by_rtmp(
    browser: Browser, site: Site, style: Style, note: str, tries: int, secs: float
) -> Iterator[Result]:
    room_id = site.create_room(f"Latency: {style.name}")
    with obs.on_air(site, room_id, style) as encoder:
        for way, rung in (("HTTP-FLV", "flv"), ("HLS", "hls")):
            obs.play_url(site, room_id, rung)  # there by now
            behind = _behind_sent(encoder)
            yield _said(measure(way + note, browser, site, (room_id, rung), behind, tries, secs))


def _behind_sent(encoder: Encoder):
    def look(page: Page, ms: float) -> list[float]:
        return encoder.behind_ms(browse.frames_seen(page, ms=int(ms)))

    return look


def _said(result: Result) -> Result:
    print("  ".join(f"{name} {value}" for name, value in asdict(result).items()), flush=True)
    return result


def _print(results: list[Result]) -> None:
    print(f"\n{HEAD}\n|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.way} | {each.first_frame_ms} | {each.delay_ms} | {each.delay_p95_ms}"
            f" | {each.stops} | {each.stopped_ms} |"
        )
    print()
    for each in results:
        for name, value, goal in zip(
            ("first frame", "delay"),
            (each.first_frame_ms, each.delay_ms),
            GOALS.get(each.way, (None, None)),
            strict=True,
        ):
            if goal is not None:
                met = "met" if value <= goal else "NOT MET"
                print(f"{each.way}, {name}: {value} ms, goal {goal}: {met}")


if __name__ == "__main__":
    main()
