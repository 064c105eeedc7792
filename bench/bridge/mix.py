"""The mix by itself: four cameras from files, no WebRTC, no browser; ffmpeg's xstack beside it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame

from bench.bridge.processes import Running, started
from bridge.compose import Composer, Scene, Slot, Taken
from bridge.video import Scaler, kbps_for, x264_encoder

FPS, SIZE = 30, (1280, 720)
SIZES = ("640x360", "640x360", "1280x720", "1280x720")
KEYS = tuple(("sess", "stream", str(index)) for index in range(len(SIZES)))
SCENE = Scene(tuple(Slot(key, name=f"Person {key[2]}") for key in KEYS), "grid")
FILE_SECS = 10
STAGE_PICTURES = 150
KBPS = kbps_for(*SIZE, FPS)
STACK = (
    "[2:v]scale=640:360[c];[3:v]scale=640:360[d];"
    "[0:v][1:v][c][d]xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v]"
)
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-crf", "23", "-g", "60")
MOST = ("-maxrate", f"{KBPS}k", "-bufsize", f"{2 * KBPS}k")


@dataclass(frozen=True)
class Mixed:
    cpu_percent: float  # of one core, the whole process
    fps: float
    cpu_ms: float  # of one picture, all in all
    rss_mb: float


@dataclass(frozen=True)
class MixResult:
    ours: Mixed
    ffmpeg: Mixed
    stages: dict[str, float]  # CPU ms of one mixed picture


async def run(folder: Path, secs: float, rounds: int, settle_secs: float) -> MixResult:
    files = [camera(folder, size) for size in SIZES]
    alone = [sys.executable, "-m", "bench.bridge.mix_alone"]
    found: tuple[list[Mixed], list[Mixed]] = ([], [])
    for _ in range(rounds):
        progress = folder / "mix.progress"
        commands = [*alone, str(progress), *map(str, files)], by_ffmpeg(files, progress)
        for side, command, results in zip(("ours", "ffmpeg"), commands, found, strict=True):
            progress.write_text("")
            async with started(command, folder / "mix.log") as process:
                results.append(await _measured(process, progress, secs, settle_secs))
            print(f"mix, {side}: {asdict(results[-1])}", flush=True)
    ours, ffmpeg = (_median(each) for each in found)
    return MixResult(ours, ffmpeg, stages(files))


def camera(folder: Path, size: str) -> Path:
    """Ten seconds of H.264 as a browser sends it, with the noise of a camera."""
    path = folder / f"{size}.mp4"
    kbps = "2000k" if size == "1280x720" else "800k"
    picture = f"testsrc2=size={size}:rate={FPS},noise=alls=8:allf=t"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-t", str(FILE_SECS)]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "60"]
    command += ["-profile:v", "baseline", "-pix_fmt", "yuv420p", "-b:v", kbps, str(path)]
    if not path.exists():
        subprocess.run(command, check=True)
    return path


def by_ffmpeg(files: Sequence[Path], progress: Path) -> list[str]:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-progress", str(progress)]
    command += ["-stats_period", "0.5"]
    for file in files:
        command += ["-re", "-stream_loop", "-1", "-i", str(file)]
    return [*command, "-filter_complex", STACK, "-map", "[v]", *X264, *MOST, "-f", "null", "-"]


async def _measured(process: Running, progress: Path, secs: float, settle_secs: float) -> Mixed:
    await process.cost(settle_secs + 1)
    before, began = _pictures(progress), time.monotonic()
    cost = await process.cost(secs)
    pictures = max(1, _pictures(progress) - before)
    took = time.monotonic() - began
    cpu_ms = cost.cpu_percent / 100 * took / pictures * 1000
    percent, fps = round(cost.cpu_percent, 1), round(pictures / took, 1)
    return Mixed(percent, fps, round(cpu_ms, 2), round(cost.rss_mb))


def _pictures(progress: Path) -> int:
    """The last "frame=…", as ffmpeg writes it."""
    lines = [line for line in progress.read_text().splitlines() if line.startswith("frame=")]
    return int(lines[-1].removeprefix("frame=")) if lines else 0


def _median(found: list[Mixed]) -> Mixed:
    rows = [list(asdict(each).values()) for each in found]
    return Mixed(*(round(statistics.median(column), 2) for column in zip(*rows, strict=True)))


# --- one stage after the other, by the process's CPU time ----------------------------------------


def stages(files: Sequence[Path]) -> dict[str, float]:
    found: dict[str, float] = {}
    frames: dict[Path, list[VideoFrame]] = {}
    decode_ms = {}
    for file in dict.fromkeys(files):
        frames[file], decode_ms[file] = _decoded(file)
    found["decode"] = sum(decode_ms[file] for file in files)

    def scale() -> None:
        scalers = [Scaler() for _ in files]
        for number in range(STAGE_PICTURES):
            for scaler, file in zip(scalers, files, strict=True):
                scaler.scaled(frames[file][number], 640, 360)

    def compose() -> None:
        composer = Composer(*SIZE)
        for number in range(STAGE_PICTURES):
            shown = [Taken(0.0, frames[file][number]) for file in files]
            composer.frame(SCENE, dict(zip(KEYS, shown, strict=True)), 0.0)

    compose()  # names are drawn once
    found["scale"] = _cpu_ms(scale)
    found["lay out"] = max(0.0, _cpu_ms(compose) - found["scale"])
    found["encode"] = _encoding_ms(files, frames)
    return {name: round(ms, 2) for name, ms in found.items()}


def _encoding_ms(files: Sequence[Path], frames: dict[Path, list[VideoFrame]]) -> float:
    composer, encoder = Composer(*SIZE), x264_encoder(*SIZE, FPS, KBPS)
    spent = 0.0
    for number in range(STAGE_PICTURES):
        shown = [Taken(0.0, frames[file][number]) for file in files]
        frame = composer.frame(SCENE, dict(zip(KEYS, shown, strict=True)), 0.0)
        frame.pts, frame.time_base = number * 1000 // FPS, encoder.time_base
        began = time.process_time()
        encoder.encode(frame)
        spent += time.process_time() - began
    return spent * 1000 / STAGE_PICTURES


def _decoded(file: Path) -> tuple[list[VideoFrame], float]:
    with av.open(str(file)) as container:
        codec: Any = container.streams.video[0].codec_context
        codec.thread_count = 1
        packets = [packet for packet in container.demux(video=0) if packet.size]
        frames: list[VideoFrame] = []

        def decode() -> None:
            for packet in packets[:STAGE_PICTURES]:
                frames.extend(codec.decode(packet))

        return frames, _cpu_ms(decode)


def _cpu_ms(work: Callable[[], None]) -> float:
    """Of one picture; all threads of this process."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000 / STAGE_PICTURES


def report(result: MixResult) -> None:
    print("\n| mix of four | CPU % | pictures/s | CPU ms a picture | MB |\n|---|---|---|---|---|")
    for name, side in (("ours", result.ours), ("ffmpeg, xstack", result.ffmpeg)):
        print(f"| {name} | {side.cpu_percent} | {side.fps} | {side.cpu_ms} | {side.rss_mb} |")
    parts = ", ".join(f"{name} {ms}" for name, ms in result.stages.items())
    whole = round(sum(result.stages.values()), 2)
    print(f"CPU ms of one picture of ours by stage: {parts}; {whole} in all")
