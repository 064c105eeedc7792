"""`python -m bench.fanout`: see bench/README.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain

import grpc.aio

from bench.fanout.publisher import Publisher
from bench.fanout.stream import PACKETS_PER_SEC
from bench.fanout.viewer import Viewer
from bench.fanout.watcher import EpollWatcher
from embedded_sfu.transport.certificate import make_identity
from embedded_sfu.transport.dtls import make_context
from sfu_relay.proto import stats_pb2, stats_pb2_grpc

SFU_CORE, LOAD_CORE = 0, 1
JOINS_AT_ONCE = 8
SETTLE_SECS = 3.0
STARTED_WITHIN_SECS = 20.0
GOAL_RATIO, GOAL_KB, GOAL_DELAY_MS = 2.0, 150, 30


@dataclass(frozen=True, slots=True)
class Result:
    viewers: int
    us_per_packet: float
    bare_us_per_packet: float
    ratio: float
    viewers_per_core: int
    bare_viewers_per_core: int
    kb_per_viewer: float
    sfu_cpu_percent: float
    load_cpu_percent: float
    loss_percent: float
    delay_p50_ms: float
    delay_p99_ms: float
    rejected: int
    join_ms: float
    publisher_behind_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.add_argument("--viewers", default="50,150,300", help="steps, comma-separated")
    parser.add_argument("--secs", type=float, default=10.0, help="measured time of each step")
    parser.add_argument("--json", help="write the results to this file too")
    parser.add_argument("--profile", help="run the SFU under cProfile, into this file")
    options = parser.parse_args()
    steps = [int(each) for each in options.viewers.split(",")]
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})
    load = os.getloadavg()[0]
    print(f"{sys.version.split()[0]}, {os.cpu_count()} cores, load average before: {load:.1f}")
    if load > 0.5:
        print("The machine is busy: read CPU figures as upper bounds, delays as worth nothing.")
    results = asyncio.run(_run(steps, options.secs, options.profile))
    _print(results)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([asdict(result) for result in results], file, indent=1)


async def _run(steps: list[int], secs: float, profile: str | None) -> list[Result]:
    results = []
    for viewers in steps:
        with _sfu(profile) as port:
            results.append(await _step(viewers, secs, port))
        print(_line(results[-1]), flush=True)
    return results


async def _step(viewers: int, secs: float, grpc_port: int) -> Result:
    """One publisher and so many viewers in a fresh SFU; then the bare loop on the same core."""
    watcher = EpollWatcher()
    identity = make_identity()
    context = make_context(identity)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        await asyncio.wait_for(channel.channel_ready(), 20)
        stats = stats_pb2_grpc.StatsStub(channel)
        publisher = Publisher(watcher)
        await publisher.join(channel, "bench")
        await asyncio.sleep(1.0)  # what is loaded at the first packets is not the viewers'
        empty = await _node(stats)
        everybody = [Viewer(index, watcher, identity, context) for index in range(viewers)]
        joining_started = time.monotonic()
        for start in range(0, viewers, JOINS_AT_ONCE):
            await asyncio.gather(
                *(each.join(channel, "bench") for each in everybody[start:][:JOINS_AT_ONCE])
            )
        join_ms = (time.monotonic() - joining_started) * 1000 / viewers
        await _until_all_receive(everybody)
        await asyncio.sleep(min(SETTLE_SECS, secs))
        gc.collect()
        gc.freeze()  # the collector's pauses here would be measured as the SFU's delay
        for each in everybody:
            each.start_counting()
        publisher.behind_ms = 0.0
        before, load_before, started = await _node(stats), time.process_time(), time.monotonic()
        await asyncio.sleep(secs)
        after, load_after, ended = await _node(stats), time.process_time(), time.monotonic()
        delays = sorted(chain.from_iterable(each.delays_us for each in everybody))
        received = sum(each.received for each in everybody)
        lost = sum(each.lost for each in everybody)
        rejected = sum(each.peer.counters.srtp_rejected for each in everybody)
        behind_ms = publisher.behind_ms
        gone = sum(each.peer.ended.is_set() for each in everybody)
        if gone:
            print(f"{gone} viewers lost their connection", file=sys.stderr)
        for each in everybody:
            await each.leave()
        await publisher.leave()
    bare_us = await _bare(viewers, min(secs, 6.0), watcher)
    watcher.close()
    sent = after.packets_out - before.packets_out
    if not delays or not sent:
        raise SystemExit("Nothing arrived: nothing was measured.")
    cpu_secs = after.cpu_seconds - before.cpu_seconds
    us = cpu_secs * 1e6 / sent
    return Result(
        viewers=viewers,
        us_per_packet=round(us, 2),
        bare_us_per_packet=round(bare_us, 2),
        ratio=round(us / bare_us, 2),
        viewers_per_core=round(1e6 / (us * PACKETS_PER_SEC)),
        bare_viewers_per_core=round(1e6 / (bare_us * PACKETS_PER_SEC)),
        kb_per_viewer=round((after.rss_bytes - empty.rss_bytes) / 1024 / viewers, 1),
        sfu_cpu_percent=round(100 * cpu_secs / (ended - started), 1),
        load_cpu_percent=round(100 * (load_after - load_before) / (ended - started), 1),
        loss_percent=round(100 * lost / max(1, received + lost), 3),
        delay_p50_ms=round(statistics.median(delays) / 1000, 1),
        delay_p99_ms=round(delays[len(delays) * 99 // 100] / 1000, 1),
        rejected=rejected,
        join_ms=round(join_ms, 1),
        publisher_behind_ms=round(behind_ms, 1),
    )


async def _until_all_receive(everybody: list[Viewer]) -> None:
    """They start at a keyframe, and this publisher makes one each 3 s, whoever asks."""
    deadline = time.monotonic() + STARTED_WITHIN_SECS
    while silent := [each for each in everybody if not each.received]:
        if time.monotonic() > deadline:
            raise SystemExit(
                f"{len(silent)} viewers got nothing within {STARTED_WITHIN_SECS} s: "
                + ", ".join(each.problems for each in silent[:5])
            )
        await asyncio.sleep(0.1)


async def _node(stats: stats_pb2_grpc.StatsStub) -> stats_pb2.NodeStats:
    return (await stats.Get(stats_pb2.StatsRequest())).node


@contextlib.contextmanager
def _sfu(profile: str | None) -> Iterator[int]:
    """The real thing, `python -m embedded_sfu`, on its own core."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    how = ["-m", "cProfile", "-o", profile] if profile else []
    arguments = ["--grpc-port", str(port), "--udp-port", "0", "--public-ips", "127.0.0.1"]
    process = subprocess.Popen([sys.executable, *how, "-m", "embedded_sfu", *arguments])
    _to_sfu_core(process.pid)
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _bare(viewers: int, secs: float, watcher: EpollWatcher) -> float:
    """CPU microseconds per packet of the bare loop, its receivers being drained here."""
    buffer = bytearray(2048)
    receivers = []
    for _ in range(viewers):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.bind(("127.0.0.1", 0))
        watcher.watch(one, lambda one=one: one.recv_into(buffer))  # type: ignore[misc]
        receivers.append(one)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.fanout.bare",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    _to_sfu_core(process.pid)
    order = {"ports": [one.getsockname()[1] for one in receivers], "secs": secs}
    output, _ = await process.communicate(json.dumps(order).encode())
    for one in receivers:
        watcher.unwatch(one)
        one.close()
    answer = json.loads(output)
    return float(answer["cpu_us"]) / float(answer["packets"])


def _to_sfu_core(pid: int) -> None:
    """Before the process has made threads: they inherit it."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {SFU_CORE})


def _line(result: Result) -> str:
    return "  ".join(f"{name} {value}" for name, value in asdict(result).items())


def _print(results: list[Result]) -> None:
    print(
        "\n| viewers | CPU µs/packet | bare loop | ratio | viewers per core | of the bare loop"
        " | KB/viewer | loss % | delay p50 | p99 ms |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for each in results:
        print(
            f"| {each.viewers} | {each.us_per_packet} | {each.bare_us_per_packet} | {each.ratio}"
            f" | {each.viewers_per_core} | {each.bare_viewers_per_core} | {each.kb_per_viewer}"
            f" | {each.loss_percent} | {each.delay_p50_ms} | {each.delay_p99_ms} |"
        )
    last = results[-1]
    for name, value, goal in (
        ("CPU beside the bare loop", last.ratio, GOAL_RATIO),
        ("KB per viewer", last.kb_per_viewer, GOAL_KB),
        ("delay p99 in ms", last.delay_p99_ms, GOAL_DELAY_MS),
    ):
        print(f"{name}: {value}, goal {goal}: {'met' if value <= goal else 'NOT MET'}")


if __name__ == "__main__":
    main()
