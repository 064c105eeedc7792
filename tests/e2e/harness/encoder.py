"""ffmpeg as OBS: pushes the counter picture by RTMP, and knows when each number was sent.

The picture is encoded once per machine into an FLV file, which is then sent over and over as it
is: an encoder that costs a test next to nothing. ffmpeg writes each packet a second time into a
pipe, so that the moment of sending is read from the encoder itself and not from a viewer.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
import time
import wave
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tests.e2e.harness.camera import FPS, FRAMES, camera_file, made_once

VERSION = 1  # goes into the file's name, as in camera.py
LOOP_SECS = FRAMES / FPS
BEEP_EVERY, BEEP_SECS = FPS, 0.1  # a beep starts with each frame whose number divides by this
RECONNECT_SECS = 2.0  # as OBS does
VIDEO_TAG = 9


@dataclass(frozen=True)
class Style:
    """How the encoder is set."""

    name: str
    video: tuple[str, ...]
    audio: bool = True
    size: tuple[int, int] = (1280, 720)


# What our dashboard recommends: a keyframe each second, no B-frames.
LOW_DELAY = Style(
    "low-delay",
    ("-preset", "veryfast", "-profile:v", "baseline", "-tune", "zerolatency", "-g", "30"),
)
# What OBS sends when nobody set anything: High, 2 B-frames, keyframes 250 frames apart.
OBS_DEFAULTS = Style("obs-defaults", ("-preset", "veryfast", "-profile:v", "high", "-bf", "2"))
SILENT = Style("silent", LOW_DELAY.video, audio=False)
# Small and cheap, for tests that look at anything but the picture's quality.
SMALL = Style("small", LOW_DELAY.video, size=(640, 360))


def stream_file(style: Style) -> Path:
    """30 s of FLV, made once per machine."""
    return made_once(f"stream-{style.name}-{VERSION}.flv", lambda path: _encode(style, path))


def _encode(style: Style, path: Path) -> None:
    width, height = style.size
    sound = made_once(f"beeps-{VERSION}.wav", _write_beeps)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    command += ["-f", "mjpeg", "-framerate", str(FPS), "-i", str(camera_file()), "-i", str(sound)]
    command += ["-map", "0:v", "-vf", f"scale={width}:{height}:out_range=tv,format=yuv420p"]
    command += ["-c:v", "libx264", *style.video, "-sc_threshold", "0"]
    command += ["-b:v", "2000k", "-maxrate", "2000k", "-bufsize", "2000k"]
    if style.audio:
        command += ["-map", "1:a", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"]
    subprocess.run([*command, "-f", "flv", str(path)], check=True, timeout=300)


def _write_beeps(path: Path) -> None:
    rate = 48_000
    t = np.arange(int(rate * LOOP_SECS)) / rate
    beeps = np.where(t % (BEEP_EVERY / FPS) < BEEP_SECS, np.sin(2 * np.pi * 1000 * t), 0.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((beeps * 20_000).astype("<i2").tobytes())


class Encoder:
    """One ffmpeg that sends to `url`; with `reconnects` it is started again when it was dropped."""

    def __init__(self, url: str, style: Style = LOW_DELAY, reconnects: bool = False) -> None:
        self.url = url
        self.style = style
        self.starts: list[float] = []  # ms since 1970
        self.ends: list[float] = []
        self.errors: list[str] = []
        self.reconnect_secs = RECONNECT_SECS
        self._reconnects = reconnects
        # (ms since 1970, number) of what was sent lately: two loops, so that none is ambiguous.
        self._sent: deque[tuple[float, int]] = deque(maxlen=2 * FRAMES)
        self._order = _order_of_sending(stream_file(style))
        self._frames = 0
        self.first_frame_at = 0.0  # of the newest start, ms since 1970
        self._stopping = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._mind, daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1"]
        command += ["-i", str(stream_file(self.style)), "-c", "copy"]
        # No -map for the pipe's sound: what is timed is the picture.
        command += ["-f", "flv", "-flvflags", "no_duration_filesize", self.url]
        command += ["-map", "0:v", "-c", "copy", "-f", "flv", "-flush_packets", "1"]
        command += ["-flvflags", "no_duration_filesize", "pipe:1"]
        self.starts.append(time.time() * 1000)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def _mind(self) -> None:
        while True:
            process = self._process
            assert process.stdout is not None and process.stderr is not None
            for index, (at, _) in enumerate(_video_tags(process.stdout)):
                self._sent.append((at, self._order[index % FRAMES]))
                self._frames += 1
                if index == 0:
                    self.first_frame_at = at
            self.errors += process.stderr.read().decode(errors="replace").splitlines()
            process.stdout.close()
            process.stderr.close()
            process.wait()
            self.ends.append(time.time() * 1000)
            if not self._reconnects or self._stopping.wait(self.reconnect_secs):
                return
            self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def frames_sent(self) -> int:
        return self._frames

    @property
    def newest_number(self) -> int:
        return self._sent[-1][1]

    def sent_at(self, number: int, before: float) -> float:
        """When `number` was sent last before `before`, in ms since 1970."""
        # The pipe is written after the network: a fast reader sees a picture before we note it.
        for at, sent in reversed(list(self._sent)):
            if sent == number and at <= before + 1000:
                return at
        raise AssertionError(f"frame {number} was never sent")

    def behind_ms(self, seen: list[tuple[float, int]]) -> list[float]:
        """How long after its sending each frame was seen; [(ms since 1970, number), …]."""
        return [at - self.sent_at(number, at) for at, number in seen]

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """As the Stop button does."""
        self._stopping.set()
        if self.is_running:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(10)


def _order_of_sending(path: Path) -> list[int]:
    """The pictures' numbers in the order in which they are sent: B-frames come late."""
    with path.open("rb") as file:
        stamps = [stamp for _, stamp in _video_tags(file)]
    number = {stamp: number for number, stamp in enumerate(sorted(stamps))}
    assert len(number) == FRAMES, f"{path} is damaged: delete it"
    return [number[stamp] for stamp in stamps]


def _video_tags(pipe: BinaryIO) -> Iterator[tuple[float, int]]:
    """(ms since 1970, presentation time stamp in ms) of each picture in an FLV stream."""
    if len(pipe.read(13)) < 13:
        return
    while len(head := pipe.read(11)) == 11:
        body = pipe.read(int.from_bytes(head[1:4], "big") + 4)
        at = time.time() * 1000
        if head[0] == VIDEO_TAG and len(body) > 9 and body[1] == 1:  # 1: pictures, not headers
            stamp = int.from_bytes(head[4:7], "big") | head[7] << 24
            yield at, stamp + int.from_bytes(body[2:5], "big", signed=True)


@contextlib.contextmanager
def pushing(url: str, style: Style = LOW_DELAY, reconnects: bool = False) -> Iterator[Encoder]:
    encoder = Encoder(url, style, reconnects)
    try:
        yield encoder
    finally:
        encoder.stop()
