"""`python -m bench.bridge`: see bench/README.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from bench.bridge import mix, to_rtmp, to_webrtc
from bench.bridge.rig import Bench, Outcome, running

Run = Callable[[Bench, str, float], Awaitable[Outcome]]
SIDES: dict[str, tuple[Run, Run]] = {
    "to_webrtc": (to_webrtc.ours, to_webrtc.by_ffmpeg),
    "to_rtmp": (to_rtmp.ours, to_rtmp.by_ffmpeg),
}
GOALS = {  # percent of a core
    "to_webrtc-pass": 9,
    "to_webrtc-transcode": 60,
    "to_rtmp-pass": 9,
    "to_rtmp-transcode": 60,
    "to_rtmp-mix": 90,
}
MIX = "mix"  # the mixer alone, by stage
BUSY = 0.5


@dataclass(frozen=True)
class Result:
    case: str
    ours: Outcome
    ffmpeg: Outcome
    ratio: float  # of CPU


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bridge", description=__doc__)
    parser.add_argument("--cases", default=",".join((*GOALS, MIX)), help="comma-separated")
    parser.add_argument("--secs", type=float, default=10.0, help="measured time of each run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side, in turns")
    parser.add_argument("--settle", type=float, default=4.0, help="before measuring, in seconds")
    parser.add_argument("--json", help="write the results to this file too")
    options = parser.parse_args()
    cases = options.cases.split(",")
    if unknown := set(cases) - {*GOALS, MIX}:
        there = ", ".join((*GOALS, MIX))
        parser.error(f"no such cases: {', '.join(sorted(unknown))}; there are {there}")
    load = os.getloadavg()[0]
    print(f"{sys.version.split()[0]}, {os.cpu_count()} cores, load average before: {load:.1f}")
    if load > BUSY:
        print("The machine is busy: compare the two sides, and read delays as upper bounds.")
    bridges = [case for case in cases if case != MIX]
    results, mixed = [], None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if bridges:
            to_webrtc.prepare()
            to_rtmp.prepare()
            results = asyncio.run(
                _all(folder, bridges, options.secs, options.rounds, options.settle)
            )
        if MIX in cases:
            mixed = asyncio.run(mix.run(folder, options.secs, options.rounds, options.settle))
    if results:
        _print(results)
    if mixed is not None:
        mix.report(mixed)
    if options.json:
        found = [asdict(each) for each in (*results, mixed) if each is not None]
        Path(options.json).write_text(json.dumps(found, indent=1))


async def _all(
    folder: Path, cases: list[str], secs: float, rounds: int, settle: float
) -> list[Result]:
    async with running(folder, settle) as bench:
        return [await _case(bench, case, secs, rounds) for case in cases]


async def _case(bench: Bench, case: str, secs: float, rounds: int) -> Result:
    kind, _, mode = case.partition("-")
    outcomes: tuple[list[Outcome], list[Outcome]] = ([], [])
    for _ in range(rounds):
        for run, found in zip(SIDES[kind], outcomes, strict=True):
            found.append(await run(bench, mode, secs))
            side = "ours" if found is outcomes[0] else "ffmpeg"
            print(f"{case}, {side}: {asdict(found[-1])}", flush=True)
    ours, ffmpeg = (_median(found) for found in outcomes)
    ratio = ours.cpu_percent / max(0.1, ffmpeg.cpu_percent)
    return Result(case, ours, ffmpeg, round(ratio, 2))


def _median(found: list[Outcome]) -> Outcome:
    rows = [astuple(each) for each in found]
    return Outcome(*(statistics.median(column) for column in zip(*rows, strict=True)))


def _print(results: list[Result]) -> None:
    print(
        "\n| bridge | CPU % | of ffmpeg | ratio | MB | of ffmpeg | delay ms | of ffmpeg"
        " | pictures/s | of ffmpeg |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for each in results:
        ours, other = each.ours, each.ffmpeg
        print(
            f"| {each.case.replace('-', ', ')} | {ours.cpu_percent} | {other.cpu_percent}"
            f" | {each.ratio} | {ours.rss_mb} | {other.rss_mb} | {ours.delay_ms}"
            f" | {other.delay_ms} | {ours.fps} | {other.fps} |"
        )
    for each in results:
        goal, cpu = GOALS[each.case], each.ours.cpu_percent
        print(f"{each.case}: {cpu} %, goal {goal}: {'met' if cpu <= goal else 'NOT MET'}")


if __name__ == "__main__":
    main()
