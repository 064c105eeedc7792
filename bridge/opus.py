"""An encoder's sound (AAC, MP3) to Opus as WebRTC wants it: 48 kHz stereo, frames of 20 ms.

Frames of exactly 960 samples are cut here: aiortc's own encoder sends what a resampler happens to
give out, and two packets with one timestamp among it. Discontinuous transmission stays off: music
would be cut, and players take its silence for loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from bridge.flv_clock import SampleClock

RATE: Final = 48_000
FRAME_SAMPLES: Final = 960
BITS_PER_SEC: Final = 128_000
LOOKAHEAD_SAMPLES: Final = 312  # an Opus packet decodes to sound that much older than its place
DECODERS: Final = {"AAC": "aac", "MP3": "mp3float"}
_BYTES_PER_SAMPLE: Final = 4  # s16, stereo
_FRAME_BYTES: Final = FRAME_SAMPLES * _BYTES_PER_SAMPLE
_EVERY: Final = 16  # samples that are looked at for the level, of both channels


@dataclass(frozen=True, slots=True)
class OpusPacket:
    data: bytes
    position: int
    """Of its first sample, counted at 48 kHz without a break: RTP's timestamp."""
    at_ms: float
    """Of the encoder's clock, when the sound in it was recorded."""
    level: int
    """0 (loudest) to 127 (silence), as RFC 6464 has it."""


class ToOpus:
    """One stream of sound; another header needs another one, with the same clock."""

    def __init__(self, codec: str, header: bytes, clock: SampleClock | None = None) -> None:
        """`header`: AAC's AudioSpecificConfig. KeyError: a codec that is not known here."""
        self.clock = clock or SampleClock(RATE)
        self.broken_frames = 0
        decoder = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(decoder, av.AudioCodecContext)
        self._decoder = decoder
        if header:
            self._decoder.extradata = header
        self._resampler: AudioResampler | None = None
        self._form: tuple[str, str, int] | None = None
        self._waiting = bytearray()
        self._position: int | None = None  # of the first sample that waits
        self._encoder = _open_encoder()

    def push(self, frame: bytes, at_ms: float) -> list[OpusPacket]:
        """One coded frame. What can't be decoded is counted and left out."""
        try:
            samples = b"".join(self._resampled(each) for each in self._decode(frame))
        except (av.FFmpegError, ValueError):
            self.broken_frames += 1
            self._resampler = None
            return []
        if not samples:
            return []
        packets = []
        missing = self.clock.push(len(samples) // _BYTES_PER_SAMPLE, at_ms)
        if missing and self._waiting:  # what stands before a hole ends in silence
            self._waiting += bytes(_FRAME_BYTES - len(self._waiting))
            packets = self._encoded()
        if missing or self._position is None:
            self._position = self.clock.position - len(samples) // _BYTES_PER_SAMPLE
        self._waiting += samples
        return packets + self._encoded()

    def _decode(self, frame: bytes) -> list[AudioFrame]:
        return list(self._decoder.decode(av.Packet(frame)))

    def _resampled(self, frame: AudioFrame) -> bytes:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            self._form = form
            self._resampler = AudioResampler(format="s16", layout="stereo", rate=RATE)
        frame.pts = None
        return b"".join(
            bytes(each.planes[0])[: each.samples * _BYTES_PER_SAMPLE]
            for each in self._resampler.resample(frame)
        )

    def _encoded(self) -> list[OpusPacket]:
        packets = []
        while len(self._waiting) >= _FRAME_BYTES and self._position is not None:
            samples = bytes(self._waiting[:_FRAME_BYTES])
            del self._waiting[:_FRAME_BYTES]
            at_ms = self.clock.at_ms(self._position - LOOKAHEAD_SAMPLES)
            level = level_of(samples)
            for data in self._encode(samples):
                packets.append(OpusPacket(data, self._position, at_ms, level))
            self._position += FRAME_SAMPLES
        return packets

    def _encode(self, samples: bytes) -> list[bytes]:
        frame = AudioFrame(format="s16", layout="stereo", samples=FRAME_SAMPLES)
        frame.planes[0].update(samples)
        frame.sample_rate = RATE
        return [bytes(packet) for packet in self._encoder.encode(frame)]


def _open_encoder() -> av.AudioCodecContext:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.format = "s16"
    encoder.layout = "stereo"
    encoder.sample_rate = RATE
    encoder.time_base = Fraction(1, RATE)
    encoder.bit_rate = BITS_PER_SEC
    encoder.options = {"application": "audio", "frame_duration": "20", "compression_level": "5"}
    return encoder


def level_of(samples: bytes) -> int:
    """Of 16-bit samples, in decibels under full scale; every 16th is enough for a meter."""
    seen = memoryview(samples).cast("h")[::_EVERY].tolist()
    power = sum(each * each for each in seen) / (len(seen) * 32_767**2)
    return min(127, round(-10 * math.log10(power))) if power > 1e-12 else 127
