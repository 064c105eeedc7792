"""Opus as it comes → AAC (48 kHz, stereo) on one clock without holes: what is missing is silence.

For the child process: it decodes what strangers sent.
"""

from __future__ import annotations

from typing import Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

RATE: Final = 48_000
BIT_RATE: Final = 128_000
AAC_SAMPLES: Final = 1024
BYTES_A_SAMPLE: Final = 4  # 16 bits, stereo
# Times of sound that goes on without a gap differ from the count of its samples by less.
TOLERANCE: Final = RATE // 50
MAX_GAP: Final = RATE * 20


class Sound:
    """Positions are samples since the origin; what comes out is [(position, AAC frame)]."""

    def __init__(self) -> None:
        self._decoder: AudioCodecContext = av.CodecContext.create("opus", "r")
        self._to_pcm = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        self._to_float = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
        encoder: AudioCodecContext = av.CodecContext.create("aac", "w")
        encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "fltp"
        encoder.bit_rate = BIT_RATE
        encoder.open()
        self._encoder = encoder
        self._pcm = bytearray()
        self._first: int | None = None  # of what `_pcm` holds
        self.bad_packets = 0

    @property
    def header(self) -> bytes:
        """AudioSpecificConfig."""
        return bytes(self._encoder.extradata or b"")

    @property
    def end(self) -> int | None:
        """Up to here there is sound or silence; None: it has not begun."""
        if self._first is None:
            return None
        return self._first + len(self._pcm) // BYTES_A_SAMPLE

    def put(self, position: int, packet: bytes) -> list[tuple[int, bytes]]:
        """One Opus packet. Rubbish is counted and left out."""
        try:
            frames = self._decoder.decode(av.Packet(packet))
        except av.error.FFmpegError:
            self.bad_packets += 1
            return []
        pcm = b"".join(_bytes_of(each) for frame in frames for each in self._to_pcm.resample(frame))
        self._place(position, pcm)
        return self._encode()

    def pad(self, position: int) -> list[tuple[int, bytes]]:
        """Silence up to there, where nothing came."""
        if self.end is None:
            self._first = position
        elif 0 < position - self.end <= MAX_GAP:
            self._pcm += bytes((position - self.end) * BYTES_A_SAMPLE)
        return self._encode()

    def _place(self, position: int, pcm: bytes) -> None:
        end = self.end
        if end is None:
            self._first = end = position
        ahead = position - end
        if ahead > TOLERANCE:
            self._pcm += bytes(min(ahead, MAX_GAP) * BYTES_A_SAMPLE)
        elif ahead < -TOLERANCE:
            pcm = pcm[-ahead * BYTES_A_SAMPLE :]  # silence stands there already
        self._pcm += pcm

    def _encode(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        size = AAC_SAMPLES * BYTES_A_SAMPLE
        while len(self._pcm) >= size and self._first is not None:
            frame = AudioFrame(format="s16", layout="stereo", samples=AAC_SAMPLES)
            frame.planes[0].update(bytes(self._pcm[:size]))
            frame.sample_rate, frame.pts = RATE, self._first
            del self._pcm[:size]
            self._first += AAC_SAMPLES
            for each in self._to_float.resample(frame):
                found += [
                    (packet.pts, bytes(packet))
                    for packet in self._encoder.encode(each)
                    if packet.pts is not None and packet.pts >= 0
                ]
        return found


def _bytes_of(frame: AudioFrame) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * BYTES_A_SAMPLE]
