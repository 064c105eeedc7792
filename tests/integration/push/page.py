"""A page without a browser: what WebCodecs would give, by PyAV, and the WebSocket for it."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import threading
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bridge.h264 import build_avcc, build_config, has_idr, kind_of, split_annex_b, without
from push.frames import AUDIO, CONFIG, VIDEO, build_frame

WIDTH, HEIGHT, FPS = 320, 180, 15
SECS = 8
FLASH_EVERY = FPS * 2  # frames: white for two of them, with a tone
BITS = 10
FILLER = build_avcc([b"\x0c" + b"\xff" * 20_000 + b"\x80"])  # with it pictures need 2.4 Mbit/s
TONE_SAMPLES = 48_000 * 2 // FPS


@dataclass(frozen=True)
class Material:
    record: bytes
    pictures: tuple[tuple[int, bytes, bool], ...]  # µs, AVCC, keyframe
    sounds: tuple[tuple[int, bytes], ...]


def frame_of(number: int) -> av.VideoFrame:
    """Its number as bars in the upper half; the lower half flashes."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    bar = WIDTH // BITS
    bits = b"".join(bytes((235 if number >> bit & 1 else 16,)) * bar for bit in range(BITS))
    lower = bytes((235 if number % FLASH_EVERY < 2 else 16,)) * WIDTH
    stride = frame.planes[0].line_size
    row = bits.ljust(stride, b"\x10") * (HEIGHT // 2)
    frame.planes[0].update(row + lower.ljust(stride, b"\x10") * (HEIGHT - HEIGHT // 2))
    for plane in frame.planes[1:]:
        plane.update(b"\x80" * plane.buffer_size)
    return frame


def number_in(frame: av.VideoFrame) -> int:
    stride, data = frame.planes[0].line_size, bytes(frame.planes[0])
    at = stride * (HEIGHT // 4)
    bar = WIDTH // BITS
    return sum((data[at + bar * bit + bar // 2] > 128) << bit for bit in range(BITS))


def is_flash(frame: av.VideoFrame) -> bool:
    stride, data = frame.planes[0].line_size, bytes(frame.planes[0])
    return data[stride * (HEIGHT * 3 // 4) + WIDTH // 2] > 128


def make_material(*, keyframe_every: int = FPS) -> Material:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate = FPS
    encoder.time_base = Fraction(1, FPS)
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": f"keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0",
    }
    packets = []
    for number in range(FPS * SECS):
        frame = frame_of(number)
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    sets: list[bytes] = []
    pictures = []
    for packet in packets:
        nals = split_annex_b(bytes(packet))
        sets = sets or [nal for nal in nals if kind_of(nal) in (7, 8)]
        body = build_avcc(without(nals, (6, 7, 8, 9)))
        assert packet.pts is not None
        pictures.append((packet.pts * 1_000_000 // FPS, body, has_idr(nals)))
    record = build_config(
        [nal for nal in sets if kind_of(nal) == 7], [nal for nal in sets if kind_of(nal) == 8]
    )
    return Material(record, tuple(pictures), tuple(_opus()))


def _opus() -> Iterator[tuple[int, bytes]]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    every = FLASH_EVERY * 48_000 // FPS
    for number in range(SECS * 50):
        first = number * 960
        samples = array(
            "h",
            (
                int(12_000 * math.sin(2 * math.pi * 1000 * at / 48_000))
                if at % every < TONE_SAMPLES
                else 0
                for at in range(first, first + 960)
            ),
        )
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate, frame.pts = 48_000, first
        for packet in encoder.encode(frame):
            assert packet.pts is not None
            # WebCodecs counts from the sample that goes in, the container from the one before it.
            yield (packet.pts + 312) * 1_000_000 // 48_000, bytes(packet)


def config_of(material: Material, *, video: bool = True, audio: bool = True) -> bytes:
    said = {
        "video": {
            "codec": "avc1.42E01F",
            "width": WIDTH,
            "height": HEIGHT,
            "description": base64.b64encode(material.record).decode(),
        }
        if video
        else None,
        "audio": {"codec": "opus", "sample_rate": 48_000, "channels": 1} if audio else None,
    }
    return build_frame(CONFIG, 0, json.dumps(said).encode())


class Page:
    """Sends in real time from a thread, with time that begins somewhere odd."""

    def __init__(self, url: str, material: Material, *, heavy: bool = False, **wants: bool) -> None:
        self._more = FILLER if heavy else b""
        self.ws: ClientConnection = connect(url, max_size=2**20, compression=None)
        self._material = material
        self._wants = {"video": True, "audio": True, **wants}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.said: list[dict[str, object]] = []
        self.close_code: int | None = None
        self.sent_until_us = 0
        self.began = time.monotonic()
        self._listen()

    def _listen(self) -> None:
        def listen() -> None:
            with contextlib.suppress(ConnectionClosed):
                for text in self.ws:
                    self.said.append(json.loads(text))
            self.close_code = self.ws.close_code

        self._start(listen)

    def start(self, *, from_us: int = 7_000_000_000) -> None:
        self._start(lambda: self._send(from_us))

    @property
    def states(self) -> list[object]:
        return [said["state"] for said in self.said]

    @property
    def queue_ms(self) -> int:
        return max((int(str(said["queue_ms"])) for said in self.said), default=0)

    def stop(self) -> None:
        """Stops sending; the connection stays."""
        self._stopping.set()

    def close(self) -> None:
        self.stop()
        self.ws.close()
        for thread in self._threads:
            thread.join(10)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, work) -> None:  # type: ignore[no-untyped-def]
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _send(self, from_us: int) -> None:
        with contextlib.suppress(ConnectionClosed):
            self.ws.send(config_of(self._material, **self._wants))
            for time_us, kind, body, is_key in self._forever():
                wait = self.began + time_us / 1e6 - time.monotonic()
                if self._stopping.wait(max(0.0, wait)):
                    return
                self.ws.send(build_frame(kind, from_us + time_us, body, keyframe=is_key))
                self.sent_until_us = time_us

    def _forever(self) -> Iterator[tuple[int, int, bytes, bool]]:
        self.began = time.monotonic()
        turn = 0
        while True:
            found = []
            if self._wants["video"]:
                pictures = self._material.pictures
                found += [(at, VIDEO, body + self._more, key) for at, body, key in pictures]
            if self._wants["audio"]:
                found += [(at, AUDIO, body, False) for at, body in self._material.sounds]
            for at, kind, body, key in sorted(found, key=lambda one: one[0]):
                yield at + turn * SECS * 1_000_000, kind, body, key
            turn += 1
