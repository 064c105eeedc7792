"""Sound of a piece encoded anew as AAC, where the file has another rate or other channels.

Times in ms of the file. Gaps are filled with silence, so that players keep sound and picture
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

FRAME: Final = 1024  # samples of AAC
BIT_RATE: Final = 128_000
SLACK_MS: Final = 60  # of jitter; more is a gap
LONGEST_GAP_MS: Final = 20_000
MS: Final = Fraction(1, 1000)


class Encoder:
    """As the file's sound is: `rate` Hz, `layout` such as "stereo". `begin_ms`: of the piece."""

    def __init__(self, rate: int, layout: str, begin_ms: int) -> None:
        self._rate = rate
        self._layout = layout
        self._begin_ms = begin_ms
        self._encoder: Any = av.CodecContext.create("aac", "w")
        self._encoder.sample_rate = rate
        self._encoder.layout = layout
        self._encoder.format = "fltp"
        self._encoder.bit_rate = BIT_RATE
        self._encoder.time_base = Fraction(1, rate)
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=rate)
        self._fifo = av.AudioFifo()
        self._written = 0  # samples into the fifo
        self._read = 0

    def sound(self, packet: Any, at_ms: int) -> Iterator[Any]:
        """Packets of the file, for one of the piece that is heard at `at_ms` of the piece."""
        try:
            frames = packet.decode()
        except (FFmpegError, ValueError):
            return
        for frame in frames:
            yield from self.silence(at_ms, SLACK_MS)
            frame.pts = None
            for resampled in self._resampler.resample(frame):
                self._write(resampled)
            at_ms += frame.samples * 1000 // max(1, frame.sample_rate)
        yield from self._encoded()

    def silence(self, until_ms: int, slack_ms: int = 0) -> Iterator[Any]:
        """Up to there, where nothing is yet."""
        missing_ms = until_ms - self._written * 1000 // self._rate
        if missing_ms <= slack_ms:
            return
        left = min(missing_ms, LONGEST_GAP_MS) * self._rate // 1000
        while left > 0:
            frame = AudioFrame(format="fltp", layout=self._layout, samples=min(left, FRAME))
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate = self._rate
            left -= frame.samples
            self._write(frame)
        yield from self._encoded()

    def end(self) -> Iterator[Any]:
        yield from self._encoded(partial=True)
        yield from map(self._in_ms, self._encoder.encode(None))

    def _write(self, frame: AudioFrame) -> None:
        frame.pts = None
        self._fifo.write(frame)
        self._written += frame.samples

    def _encoded(self, partial: bool = False) -> Iterator[Any]:
        while (frame := self._fifo.read(FRAME, partial=partial)) is not None:
            frame.pts, frame.time_base = self._read, Fraction(1, self._rate)
            self._read += frame.samples
            yield from map(self._in_ms, self._encoder.encode(frame))

    def _in_ms(self, packet: Any) -> Any:
        at_ms = self._begin_ms + round(packet.pts * 1000 / self._rate)
        packet.time_base = MS
        packet.pts = packet.dts = at_ms
        packet.duration = round(FRAME * 1000 / self._rate)
        return packet
