"""From WebRTC to RTMP: the child with publishers in the SFU; ffmpeg from the same RTP, plain."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from bench.bridge.plain_rtp import GREY, PlainSender
from bench.bridge.processes import Running, started
from bench.bridge.rig import Bench, Outcome
from tests.integration.bridge.rtmp_tape import Tape
from tests.integration.bridge.webrtc_media import FPS, LOOP, pictures, read_counter

SIZE = (1280, 720)
AAC = ("-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2")
X264 = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-tune",
    "zerolatency",
    *("-crf", "23", "-g", "60"),
)
PIP = "[1:v]scale=282:158[small];[0:v][small]overlay=W-w-26:H-h-14[v];[0:a][1:a]amix=2[a]"
MOST_DECODED = 90  # pictures whose counter is read


@dataclass(frozen=True)
class Setup:
    codec: str
    mode: str
    tones: tuple[float, ...]  # one for each who sends
    video: tuple[str, ...]


SETUPS = {
    "pass": Setup("H264", "pass", (1000.0,), ("-map", "0:v", "-map", "0:a", "-c:v", "copy")),
    "transcode": Setup("VP8", "transcode", (1000.0,), ("-map", "0:v", "-map", "0:a", *X264)),
    "mix": Setup(
        *("H264", "mix", (1000.0, 1500.0)),
        ("-filter_complex", PIP, "-map", "[v]", "-map", "[a]", *X264),
    ),
}


async def ours(bench: Bench, mode: str, secs: float) -> Outcome:
    setup, name = SETUPS[mode], bench.new_name()
    async with contextlib.AsyncExitStack() as stack:
        senders = []
        for tone in setup.tones:
            sender = await bench.publish(codec=setup.codec, size=SIZE, tone=tone)
            stack.push_async_callback(sender.close)
            senders.append(sender)
        tiles = [
            {"session_id": one.session_id, "user_id": index + 1, "name": str(index)}
            for index, one in enumerate(senders)
        ]
        spec = bench.spec("to_rtmp", name, setup.mode, tiles=tiles, layout="pip")
        child = await stack.enter_async_context(bench.child(spec))
        return await _measured(bench, child, name, secs)


async def by_ffmpeg(bench: Bench, mode: str, secs: float) -> Outcome:
    setup, name = SETUPS[mode], bench.new_name()
    command = ["ffmpeg", "-v", "error", "-nostdin"]
    async with contextlib.AsyncExitStack() as stack:
        for index, tone in enumerate(setup.tones):
            sender = PlainSender(bench.zero, setup.codec, SIZE, tone)
            path = bench.folder / f"{name}-{index}.sdp"
            path.write_text(sender.sdp)
            command += ["-protocol_whitelist", "file,udp,rtp", "-fflags", "nobuffer"]
            command += ["-thread_queue_size", "512", "-i", str(path)]
            await stack.enter_async_context(sender.sending())
        url = bench.rtmp_url("out", name)
        whole = [*command, *setup.video, *AAC, "-f", "flv", url]
        process = await stack.enter_async_context(started(whole, bench.log))
        return await _measured(bench, process, name, secs)


async def _measured(bench: Bench, process: Running, name: str, secs: float) -> Outcome:
    async with _taping(bench, name) as tape:
        await bench.until("pictures by RTMP", lambda: tape.frames() > FPS, process)
        await asyncio.sleep(bench.settle_secs)
        before = tape.frames()
        cost = await process.cost(secs)
        fps = (tape.frames() - before) / secs
        return Outcome.of(cost, await asyncio.to_thread(_delay, tape, bench.zero), fps)


@contextlib.asynccontextmanager
async def _taping(bench: Bench, name: str) -> AsyncIterator[Tape]:
    tape = Tape(bench.rtmp_port, name)
    try:
        yield tape
    finally:
        await tape.stop()


def _delay(tape: Tape, zero: float) -> float:
    """From when a picture was due until it was here: median of the last ones."""
    delays = []
    for one in tape.pictures(MOST_DECODED)[-MOST_DECODED:]:
        number = read_counter(one.luma)
        delays.append((one.arrived - zero - number / FPS) * 1000 % (LOOP * 1000 / FPS))
    return float(np.median(delays))


def prepare() -> float:
    """Encodes what is sent; returns how many seconds that took."""
    began = time.monotonic()
    for setup in SETUPS.values():
        pictures(setup.codec, *SIZE, GREY)
    return time.monotonic() - began
