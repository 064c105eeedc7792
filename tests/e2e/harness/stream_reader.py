"""Reads a play URL as a player outside the browser does: which numbers and beeps it carries, when.

PyAV decodes; the numbers are read from the pixels as probe.js does it. `ffprobe` looks as well.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.e2e.harness.camera import CELLS, FPS, FRAMES, bits_of

LOUD = 0.05  # of full scale; a beep has 0.6
QUIET_SECS = 0.3  # so long it is quiet before a beep


@dataclass
class Heard:
    """What was read: times are the stream's own (seconds), `at` is ms since 1970."""

    frames: list[tuple[float, int, float]] = field(default_factory=list)  # (pts, number, at)
    beeps: list[float] = field(default_factory=list)  # pts of their beginnings
    unreadable: int = 0

    @property
    def numbers(self) -> list[int]:
        return [number for _, number, _ in self.frames]

    @property
    def arrivals(self) -> list[tuple[float, int]]:
        """(ms since 1970, number), as `browse.frames_seen` gives them."""
        return [(at, number) for _, number, at in self.frames]

    @property
    def av_offset_ms(self) -> float:
        """How much later the sound is than its picture, by the time stamps: median of all beeps."""
        pictures = [pts for pts, number, _ in self.frames if number % FPS == 0]
        offsets = [
            (beep - min(pictures, key=lambda pts: abs(pts - beep))) * 1000
            for beep in self.beeps
            if pictures and min(pictures) - 0.4 <= beep <= max(pictures) + 0.4
        ]
        assert offsets, f"no beep beside a picture: {self.beeps} and {pictures}"
        return statistics.median(offsets)


def read_number(grey: np.ndarray) -> int | None:
    """The number in a picture of any size (height, width); None where there is none."""
    cell = grey.shape[1] / CELLS
    columns = [int((index + 0.5) * cell) for index in range(CELLS)]
    upper, lower = int(cell / 2), int(cell * 1.5)
    if lower >= grey.shape[0]:
        return None
    difference = grey[upper, columns].astype(int) - grey[lower, columns].astype(int)
    if np.abs(difference).min() < 60:
        return None
    word = 0
    for each in difference:
        word = word * 2 + int(each > 0)
    number = word >> 4
    is_whole = number < FRAMES and bits_of(number)[-4:] == [word >> k & 1 for k in (3, 2, 1, 0)]
    return number if is_whole else None


def read(
    url: str | Path, secs: float, within_secs: float = 30.0, least: tuple[int, int] = (0, 0)
) -> Heard:
    """What `secs` of the stream carry, from wherever it begins; a file is read to its end.

    `least`: so many different pictures, and beeps, however long that takes.
    """
    heard = Heard()
    deadline = time.monotonic() + within_secs
    with av.open(str(url), timeout=within_secs) as container:
        video = container.streams.video[0]
        sound = container.streams.audio[0] if container.streams.audio else None
        resampler = av.AudioResampler("flt", "mono", 48_000)
        quiet_since: float | None = None
        first: float | None = None
        for packet in container.demux([video, sound] if sound else [video]):
            at = time.time() * 1000
            for frame in packet.decode():
                if frame.time is None:
                    continue
                first = frame.time if first is None else first
                if isinstance(frame, av.VideoFrame):
                    number = read_number(frame.to_ndarray(format="gray"))
                    if number is None:
                        heard.unreadable += 1
                    else:
                        heard.frames.append((frame.time, number, at))
                elif isinstance(frame, av.AudioFrame):
                    for flat in resampler.resample(frame):
                        quiet_since = _listen(flat, frame.time, quiet_since, heard.beeps)
            seen = heard.frames[-1][0] if heard.frames else None
            has_lasted = seen is not None and first is not None and seen - first >= secs
            if has_lasted and len(set(heard.numbers)) >= least[0] and len(heard.beeps) >= least[1]:
                break
            assert time.monotonic() < deadline, f"{url}: only {len(heard.frames)} pictures came"
    return heard


def _listen(
    flat: av.AudioFrame, start_secs: float, quiet_since: float | None, beeps: list[float]
) -> float | None:
    """Adds a beep that begins in this piece of sound; returns since when it has been quiet."""
    samples = np.abs(flat.to_ndarray().ravel())
    for index in range(0, len(samples), 96):  # 2 ms
        now = start_secs + index / 48_000
        if samples[index : index + 96].max() < LOUD:
            quiet_since = now if quiet_since is None else quiet_since
        else:
            if quiet_since is not None and now - quiet_since > QUIET_SECS:
                beeps.append(now)
            quiet_since = None
    return quiet_since


def is_running_on(numbers: Sequence[int], least: int = 10) -> bool:
    """Each number is the one after the last (it starts over after FRAMES)."""
    steps = {(b - a) % FRAMES for a, b in itertools.pairwise(numbers)}
    return len(numbers) >= least and steps == {1}


def ffprobe(url: str | Path, within_secs: float = 30.0) -> dict[str, dict[str, Any]]:
    """`{"video": …, "audio": …}` as ffprobe describes the streams."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-print_format", "json", "-show_streams", str(url)],
        capture_output=True,
        text=True,
        timeout=within_secs,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {each["codec_type"]: each for each in json.loads(done.stdout)["streams"]}
