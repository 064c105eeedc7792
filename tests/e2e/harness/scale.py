"""Rooms of sound alone: a beep each second, whose note says which second it is; heard everywhere.

Eight notes, then they begin anew: whoever hears one knows how late it is, up to eight seconds, and
whether one is missing. A studio sends them (clapper.js), or ffmpeg as OBS would without a camera.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import statistics
import subprocess
import threading
import time
import wave
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import av
import numpy as np
from playwright.sync_api import Browser

from tests.e2e.harness import browse, obs
from tests.e2e.harness.camera import made_once
from tests.e2e.harness.site import Site
from tests.e2e.harness.stream_reader import LOUD, QUIET_SECS
from tests.e2e.harness.ways import CLAPPER
from tests.e2e.harness.whep_reader import WhepPlayer
from tests.integration.bridge.webrtc_viewer import ReportClock

# Far apart: while a player catches up it plays 10 % faster, and Chromium's notes are higher then.
LOWEST_HZ, RATIO, NOTES = 500, 1.3, 8
BEEP_SECS, LOOP_SECS, RATE = 0.1, 32, 48_000  # the loop is whole frames of AAC and whole scales
AUDIO_TAG = 8
STEADY_MS = 250  # two beeps are a second apart, as a busy page tells it
SCALE = json.dumps({"lowestHz": LOWEST_HZ, "ratio": RATIO, "notes": NOTES})


@dataclass(frozen=True)
class Beep:
    at: float  # by page: ms since 1970; of a stream: its own time in ms
    note: int


def note_of(hz: float) -> int:
    steps = math.log(hz / LOWEST_HZ, RATIO) if hz > 0 else -1.0
    note = round(steps)
    assert 0 <= note < NOTES and abs(steps - note) < 0.45, f"{hz:.0f} Hz"
    return note


def faults(beeps: Sequence[Beep], steady_ms: float = STEADY_MS) -> list[str]:
    """Where the rhythm of one a second, or the scale, breaks."""
    return [
        f"note {before.note}, {after.at - before.at:.0f} ms later note {after.note}"
        for before, after in itertools.pairwise(beeps)
        if abs(after.at - before.at - 1000) > steady_ms or (after.note - before.note) % NOTES != 1
    ]


# --- Who sends ------------------------------------------------------------------------------------
class SoundSending(Protocol):
    @property
    def zero_ms(self) -> float:
        """When the scale began, modulo its length; ms since 1970."""
        ...

    @property
    def late_ms(self) -> float:
        """How much later its own beeps came than they were to: the worst of all."""
        ...


class SoundStudio:
    """A studio live with a microphone alone; note n begins with each n-th second of its clock."""

    def __init__(self, someone: browse.Visitor, room_id: str) -> None:
        someone.context.add_init_script(f"window.__scale = {SCALE}")
        someone.context.add_init_script(path=CLAPPER)
        self.page = browse.open_studio(someone, room_id)
        browse.go_live(self.page)
        self._zero_ms: float = self.page.evaluate("performance.timeOrigin")

    @property
    def zero_ms(self) -> float:
        return self._zero_ms

    @property
    def late_ms(self) -> float:
        return float(self.page.evaluate("Math.max(0, ...__clapper.lateMs)"))


@contextlib.contextmanager
def studio(site: Site, room_id: str, browser: Browser) -> Iterator[SoundStudio]:
    with browse.visitor(browser, site, "demo") as demo:
        yield SoundStudio(demo, room_id)
        assert demo.problems == []


class SoundEncoder:
    """ffmpeg sends sound alone by RTMP, and once more into a pipe, which tells when."""

    late_ms = 0.0

    def __init__(self, url: str) -> None:
        command = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1"]
        command += ["-i", str(made_once("scale-2.flv", _encode))]
        flv = ["-c", "copy", "-f", "flv", "-flvflags", "no_duration_filesize"]
        command += [*flv, url, *flv, "-flush_packets", "1", "pipe:1"]
        self._began: deque[float] = deque(maxlen=50)  # ms since 1970, of time stamp 0
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._mind, daemon=True)
        self._thread.start()

    def _mind(self) -> None:
        assert self._process.stdout is not None
        for at, stamp_ms in _audio_tags(self._process.stdout):
            self._began.append(at - stamp_ms)

    @property
    def zero_ms(self) -> float:
        return min(self._began)  # a busy machine reads the pipe late

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def _audio_tags(pipe: BinaryIO) -> Iterator[tuple[float, int]]:
    """(ms since 1970, time stamp in ms) of each piece of sound in an FLV stream."""
    pipe.read(13)
    while len(head := pipe.read(11)) == 11:
        body = pipe.read(int.from_bytes(head[1:4], "big") + 4)
        at = time.time() * 1000
        if head[0] == AUDIO_TAG and len(body) > 6 and body[1] == 1:  # 1: sound, not its header
            yield at, int.from_bytes(head[4:7], "big") | head[7] << 24


def _encode(path: Path) -> None:
    sound = made_once("scale-2.wav", _write_scale)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(sound)]
    command += ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "flv", str(path)]
    subprocess.run(command, check=True, timeout=60)


def _write_scale(path: Path) -> None:
    t = np.arange(RATE * LOOP_SECS) / RATE
    hz = LOWEST_HZ * RATIO ** (np.floor(t) % NOTES)
    beeps = np.where(t % 1 < BEEP_SECS, np.sin(2 * np.pi * hz * t), 0.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((beeps * 20_000).astype("<i2").tobytes())


@contextlib.contextmanager
def rtmp(site: Site, room_id: str, browser: Browser) -> Iterator[SoundEncoder]:
    encoder = SoundEncoder(site.rtmp_url(site.stream_key(room_id)))
    try:
        obs.wait_until_live(site, room_id)
        yield encoder
    finally:
        encoder.stop()


# --- Who hears ------------------------------------------------------------------------------------
@dataclass
class Ear:
    """Beeps in pieces of sound: mono, 48 kHz."""

    beeps: list[Beep] = field(default_factory=list)
    secs: float = 0.0  # heard so far
    _quiet_secs: float = 0.0
    _since: float | None = None  # a beep began then; its samples are gathered
    _gathered: list[np.ndarray] = field(default_factory=list)

    def put(self, flat: av.AudioFrame, start_secs: float) -> None:
        samples = flat.to_ndarray().ravel()
        self.secs += len(samples) / RATE
        for index in range(0, len(samples), 96):  # 2 ms
            piece = samples[index : index + 96]
            loud = np.abs(piece).max() >= LOUD
            if loud and self._quiet_secs > QUIET_SECS:
                self._since, self._gathered = start_secs + index / RATE, []
            self._quiet_secs = 0.0 if loud else self._quiet_secs + len(piece) / RATE
            if self._since is not None:
                self._gathered.append(piece)
                if sum(map(len, self._gathered)) > 0.08 * RATE:
                    self._name(self._since, np.concatenate(self._gathered)[960:])
                    self._since = None

    def _name(self, since: float, samples: np.ndarray) -> None:
        loudest = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax()
        self.beeps.append(Beep(since * 1000, note_of(float(loudest) * RATE / len(samples))))


def hear(url: str | Path, beeps: int, within_secs: float = 60.0) -> Ear:
    """A player outside the browser, up to so many beeps; a file is heard to its end."""
    ear, deadline = Ear(), time.monotonic() + within_secs
    with av.open(str(url), timeout=within_secs) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        # nginx's segments announce a picture in any case: none may come.
        for packet in container.demux():
            assert packet.stream.type == "audio" or not packet.size, "there is a picture"
            for frame in packet.decode() if packet.stream.type == "audio" else ():
                for flat in resampler.resample(frame):
                    ear.put(flat, frame.time or 0.0)
            if len(ear.beeps) >= beeps:
                break
            assert time.monotonic() < deadline, f"{url}: only {len(ear.beeps)} beeps came"
    return ear


def delay_ms(heard: Sequence[Beep], zero_ms: float) -> float:
    """How much later a page heard them than they were sent; up to the scale's length."""
    lates = [(each.at - zero_ms - each.note * 1000) % (NOTES * 1000) for each in heard]
    return statistics.median(each - 8000 if each > 7800 else each for each in lates)


def by_page(found: Sequence[Sequence[float]]) -> list[Beep]:
    """Of `__probe.hear`."""
    return [Beep(at, note_of(hz)) for at, hz in found]


def hear_by_whep(url: str, beeps: int, within_secs: float = 60.0) -> Ear:
    """As `hear` does, by a player that asks for picture and sound, as such players do."""
    player = _Listener(url)
    asyncio.run(player.play(0, within_secs, (0, beeps)))
    return player.ear


class _Listener(WhepPlayer):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.ear = Ear()

    def _lasted(self, secs: float, least: tuple[int, int]) -> bool:
        return len(self.ear.beeps) >= least[1]

    async def _listen(self, track: Any, clock: ReportClock) -> None:
        resampler = av.AudioResampler("flt", "mono", RATE)
        while True:
            frame = await track.recv()
            for flat in resampler.resample(frame):
                self.ear.put(flat, frame.pts / RATE)
