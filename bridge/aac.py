"""Opus to samples, and samples to AAC-LC as FLV has it: 48 kHz, stereo, 128 kbit/s (PyAV)."""

from __future__ import annotations

from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

RATE: Final = 48_000
FRAME_SAMPLES: Final = 1_024  # of AAC
BIT_RATE: Final = 128_000
MAX_OPUS_SAMPLES: Final = 5_760  # 120 ms, the longest packet that Opus knows
MAX_OPUS_BYTES: Final = 8_000

Samples = npt.NDArray[np.float32]  # (count, 2), -1 to 1


class OpusDecoder:
    """One stream's. What it can't decode is silence."""

    def __init__(self) -> None:
        self._codec = self._make()
        self.errors = 0

    @staticmethod
    def _make() -> AudioCodecContext:
        # libopus conceals and is exact; FFmpeg's own does too, where the library is not built in.
        name = "libopus" if "libopus" in av.codecs_available else "opus"
        codec = av.CodecContext.create(name, "r")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate = RATE
        codec.layout = "stereo"
        return codec

    def decode(self, packet: bytes) -> Samples | None:
        if not packet or len(packet) > MAX_OPUS_BYTES:
            return None
        try:
            frames = self._codec.decode(av.Packet(packet))
            parts = [_samples_of(frame) for frame in frames]
        except (av.FFmpegError, ValueError):
            self.errors += 1
            self._codec = self._make()
            return None
        return np.concatenate(parts)[:MAX_OPUS_SAMPLES] if parts else None


def _samples_of(frame: AudioFrame) -> Samples:
    data: npt.NDArray[Any] = frame.to_ndarray()
    if data.dtype == np.int16:
        data = data.astype(np.float32) / 32768
    rows = data.T if frame.format.is_planar else data.reshape(-1, frame.layout.nb_channels)
    if rows.shape[1] == 1:
        rows = np.repeat(rows, 2, axis=1)
    return np.ascontiguousarray(rows[:, :2], dtype=np.float32)


class AacEncoder:
    """FLV bodies out; times are sample numbers of whoever feeds it, without gaps."""

    def __init__(self, first_sample: int) -> None:
        codec = av.CodecContext.create("aac", "w")
        assert isinstance(codec, AudioCodecContext)
        codec.sample_rate = RATE
        codec.layout = "stereo"
        codec.format = "fltp"
        codec.bit_rate = BIT_RATE
        codec.open()
        self._codec = codec
        self._next = first_sample

    @property
    def header(self) -> bytes:
        return b"\xaf\0" + (self._codec.extradata or b"")

    def encode(self, samples: Samples) -> list[tuple[int, bytes]]:
        """FRAME_SAMPLES in; (sample number, FLV body) out, the encoder's own delay taken off."""
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
        frame.sample_rate = RATE
        frame.pts = self._next
        self._next += len(samples)
        return [
            (packet.pts or 0, b"\xaf\1" + bytes(packet)) for packet in self._codec.encode(frame)
        ]
