"""`python -m bench.flv`: see bench/README.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.flv.servers import NAME, Server, servers
from bench.flv.stream import publish
from bench.flv.viewers import Viewers

BEGIN_WITHIN_SECS = 60.0
SETTLE_SECS = 1.0
GOAL_PERCENT_PER_100 = 7.5


@dataclass(frozen=True, slots=True)
class Result:
    viewers: int
    kind: str
    cpu_percent: float
    cpu_percent_per_100: float
    viewers_per_core: int
    mbit_per_viewer: float
    resident_mb: float
    delay_p50_ms: float
    delay_p99_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.flv", description=__doc__)
    parser.add_argument("--viewers", default="100,300", help="steps, comma-separated")
    parser.add_argument("--secs", type=float, default=8.0, help="measured time of each step")
    parser.add_argument("--json", help="write the results to this file too")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{sys.version.split()[0]}, {os.cpu_count()} cores, load average before: {load:.1f}")
    if load > 0.5:
        print("The machine is busy: take the ratios, and delays as worth nothing.")
    results = asyncio.run(_run([int(each) for each in options.viewers.split(",")], options.secs))
    _print(results)
    if options.json:
        content = json.dumps([asdict(result) for result in results], indent=1)
        Path(options.json).write_text(content, encoding="utf-8")


async def _run(steps: list[int], secs: float) -> list[Result]:
    results = []
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as (nginx, playback):
        publishing = asyncio.create_task(publish(nginx.port, NAME))
        try:
            await asyncio.sleep(2)  # nginx refuses to play what is not there yet
            for count in steps:
                for kind, server in (("flv", playback), ("rtmp", nginx)):
                    results.append(await _step(kind, server, count, secs))
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
    return results


async def _step(kind: str, server: Server, count: int, secs: float) -> Result:
    """What `count` viewers cost, over what the process uses without any."""
    idle_percent = await _cpu_percent(server, secs / 2) if kind == "rtmp" else 0.0
    with Viewers(kind, count, server.port, NAME) as viewers:
        deadline = time.monotonic() + BEGIN_WITHIN_SECS
        while viewers.began < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {viewers.began} of {count} {kind} viewers began")
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_SECS)
        viewers.start_counting()
        started = time.monotonic()
        cpu_percent = await _cpu_percent(server, secs) - idle_percent
        mbit = viewers.received_bytes * 8 / 1e6 / (time.monotonic() - started) / count
        delays = sorted(viewers.delays_ms)
        resident_mb = server.resident_mb()
    per_viewer = max(cpu_percent, 0.001) / count
    return Result(
        viewers=count,
        kind=kind,
        cpu_percent=round(cpu_percent, 1),
        cpu_percent_per_100=round(per_viewer * 100, 2),
        viewers_per_core=int(100 / per_viewer),
        mbit_per_viewer=round(mbit, 2),
        resident_mb=round(resident_mb, 1),
        delay_p50_ms=_percentile(delays, 0.5),
        delay_p99_ms=_percentile(delays, 0.99),
    )


async def _cpu_percent(server: Server, secs: float) -> float:
    cpu, started = server.cpu_secs(), time.monotonic()
    await asyncio.sleep(secs)
    return 100 * (server.cpu_secs() - cpu) / (time.monotonic() - started)


def _percentile(ordered: list[float], part: float) -> float:
    return round(ordered[int(part * (len(ordered) - 1))], 1) if ordered else -1.0


def _pairs(results: list[Result]) -> Iterator[tuple[Result, Result]]:
    yield from zip(results[::2], results[1::2], strict=True)


def _print(results: list[Result]) -> None:
    print(
        "\n| viewers | FLV: CPU % per 100 | RTMP of nginx | ratio | FLV viewers per core"
        " | of nginx | FLV MB | FLV delay p50 / p99 ms | RTMP p50 / p99 ms |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    for flv, rtmp in _pairs(results):
        ratio = flv.cpu_percent_per_100 / max(rtmp.cpu_percent_per_100, 0.01)
        print(
            f"| {flv.viewers} | {flv.cpu_percent_per_100} | {rtmp.cpu_percent_per_100}"
            f" | {ratio:.2f} | {flv.viewers_per_core} | {rtmp.viewers_per_core}"
            f" | {flv.resident_mb} | {flv.delay_p50_ms} / {flv.delay_p99_ms}"
            f" | {rtmp.delay_p50_ms} / {rtmp.delay_p99_ms} |"
        )
    last = results[-2]
    met = last.cpu_percent_per_100 <= GOAL_PERCENT_PER_100
    print(
        f"CPU % per 100 FLV viewers: {last.cpu_percent_per_100}, goal {GOAL_PERCENT_PER_100}:"
        f" {'met' if met else 'NOT MET'}"
    )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
