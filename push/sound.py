"""Opus as it comes → AAC on one clock without holes: what is missing is silence.

For the child process: it decodes what strangers sent.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bridge.aac import FRAME_SAMPLES, RATE, AacEncoder, OpusDecoder, Samples

# Times of sound that goes on without a gap differ from the count of its samples by less.
TOLERANCE: Final = RATE // 50
MAX_GAP: Final = RATE * 20


class Sound:
    """Positions are samples since the origin; what comes out is [(position, FLV body)]."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder()
        self._encoder = AacEncoder(0)
        self._waiting = _silence(0)
        self._first: int | None = None  # of what waits

    @property
    def header(self) -> bytes:
        """The FLV body before all others."""
        return self._encoder.header

    @property
    def bad_packets(self) -> int:
        return self._decoder.errors

    @property
    def end(self) -> int | None:
        """Up to here there is sound or silence; None: it has not begun."""
        return None if self._first is None else self._first + len(self._waiting)

    def put(self, position: int, packet: bytes) -> list[tuple[int, bytes]]:
        """One Opus packet. Rubbish is counted and left out."""
        samples = self._decoder.decode(packet)
        if samples is None:
            return []
        end = self._begin(position)
        ahead = position - end
        if ahead > TOLERANCE:
            self._add(_silence(min(ahead, MAX_GAP)))
        elif ahead < -TOLERANCE:
            samples = samples[-ahead:]  # silence stands there already
        self._add(samples)
        return self._encode()

    def pad(self, position: int) -> list[tuple[int, bytes]]:
        """Silence up to there, where nothing came."""
        missing = position - self._begin(position)
        if 0 < missing <= MAX_GAP:
            self._add(_silence(missing))
        return self._encode()

    def _begin(self, position: int) -> int:
        """Where the next sample stands: there, if it is the first."""
        if self._first is None:
            self._first = position
            self._encoder = AacEncoder(position)
        return self._first + len(self._waiting)

    def _add(self, samples: Samples) -> None:
        self._waiting = np.concatenate((self._waiting, samples))

    def _encode(self) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        whole = len(self._waiting) // FRAME_SAMPLES * FRAME_SAMPLES
        for start in range(0, whole, FRAME_SAMPLES):
            samples = self._waiting[start : start + FRAME_SAMPLES]
            found += [one for one in self._encoder.encode(samples) if one[0] >= 0]
        self._waiting = self._waiting[whole:]
        if self._first is not None:
            self._first += whole
        return found


def _silence(samples: int) -> Samples:
    return np.zeros((samples, 2), np.float32)
