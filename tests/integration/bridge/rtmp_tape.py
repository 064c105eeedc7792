"""Records a stream of nginx's `out` as a player gets it, and reads counter, flashes and tones."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from bridge.h264 import build_annex_b, parse_config, split_avcc
from playback.flv import AUDIO, VIDEO, Part, parse_audio, parse_video
from playback.rtmp.player import Media
from playback.rtmp.pull import pull

FPS = 30


@dataclass(frozen=True)
class Seen:
    """A decoded picture."""

    at_ms: int
    arrived: float
    keyframe: bool
    frame: av.VideoFrame

    @property
    def luma(self) -> Any:
        return self.frame.to_ndarray(format="yuv420p")[: self.frame.height]


class Tape:
    def __init__(self, port: int, play_id: str) -> None:
        self._port, self._play_id = port, play_id
        self.tags: list[tuple[float, Media]] = []
        self.drops = 0  # ends of streams that had media
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            before = len(self.tags)
            with contextlib.suppress(OSError, TimeoutError):
                async for events in pull("127.0.0.1", self._port, "out", self._play_id):
                    now = time.monotonic()
                    self.tags += [(now, one) for one in events if isinstance(one, Media)]
            self.drops += len(self.tags) > before
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def of(self, kind: int) -> list[tuple[float, Media]]:
        return [(at, one) for at, one in self.tags if one.kind == kind]

    def frames(self) -> int:
        return sum(parse_video(one.body).part is not Part.HEADER for _, one in self.of(VIDEO))

    def headers(self) -> list[bytes]:
        """Those that differ from the one before."""
        found: list[bytes] = []
        for _, one in self.of(VIDEO):
            is_header = parse_video(one.body).part is Part.HEADER
            if is_header and (not found or found[-1] != one.body):
                found.append(one.body)
        return found

    def times(self, kind: int) -> list[int]:
        return [one.timestamp_ms for _, one in self.of(kind) if one.body[1] == 1]

    def keyframe_times(self) -> list[int]:
        return [
            one.timestamp_ms
            for _, one in self.of(VIDEO)
            if parse_video(one.body).part is Part.KEYFRAME
        ]

    def pictures(self, last: int | None = None) -> list[Seen]:
        """Decoded; of the `last` tags only, and those back to a keyframe."""
        found: list[Seen] = []
        codec, sets = None, b""
        tags = self.of(VIDEO)
        header = [one for _, one in tags if parse_video(one.body).part is Part.HEADER]
        if last is not None and len(tags) > last:
            start = len(tags) - last
            while start and parse_video(tags[start][1].body).part is not Part.KEYFRAME:
                start -= 1
            tags = [(0.0, header[-1]), *tags[start:]]
        for arrived, one in tags:
            part = parse_video(one.body).part
            if part is Part.HEADER:
                config = parse_config(one.body[5:])
                sets = build_annex_b([*config.sps, *config.pps])
                codec = av.CodecContext.create("h264", "r")
                codec.flags |= 1 << 19
                continue
            assert codec is not None, "a picture before its header"
            data = build_annex_b(split_avcc(one.body[5:]))
            if part is Part.KEYFRAME:
                data = sets + data
            for frame in codec.decode(av.Packet(data)):
                found.append(Seen(one.timestamp_ms, arrived, part is Part.KEYFRAME, frame))
        return found

    def sound(self) -> tuple[int, Any]:
        """(ms of the first sample, mono samples at 48 kHz); gaps are silence."""
        codec, first_ms = None, 0
        total = np.zeros(0, np.float32)
        for _, one in self.of(AUDIO):
            if parse_audio(one.body).part is Part.HEADER:
                if codec is None:
                    codec = av.CodecContext.create("aac", "r")
                    codec.extradata = one.body[2:]
                continue
            assert codec is not None, "sound before its header"
            for frame in codec.decode(av.Packet(one.body[2:])):
                samples = frame.to_ndarray()[0]
                if not len(total):
                    first_ms = one.timestamp_ms
                at = (one.timestamp_ms - first_ms) * 48
                if at > len(total) + 480:
                    total = np.concatenate([total, np.zeros(at - len(total), np.float32)])
                total = np.concatenate([total, samples])
        return first_ms, total


def onsets_ms(first_ms: int, samples: Any) -> list[float]:
    """When beeps begin."""
    count = len(samples) // 96  # 2 ms
    power = np.sqrt(np.mean(samples[: count * 96].reshape(-1, 96) ** 2, axis=1))
    loud = power > 0.06
    return [
        first_ms + index * 2.0
        for index in range(25, count)
        if loud[index] and not loud[index - 25 : index].any()
    ]


def lips_ms(counted: list[tuple[int, int]], onsets: list[float]) -> tuple[float, float]:
    """(median, spread) of picture minus sound; pictures as (ms, number), beeps at full seconds."""
    places = [at - number * 1000 / FPS for at, number in counted]
    zero = float(np.median(places))
    off = [(zero - onset + 500) % 1000 - 500 for onset in onsets]
    return float(np.median(off)), float(max(off) - min(off)) if off else 0.0


def tones(samples: Any, wanted: list[float]) -> list[float]:
    """How strong each frequency is, against the median of all."""
    size = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    step = 48_000 / len(samples)
    noise = float(np.median(size)) + 1e-9
    return [
        float(size[int(tone / step) - 3 : int(tone / step) + 4].max() / noise) for tone in wanted
    ]
