"""How much one page may send: bytes and frames a second, as two buckets. Pure."""

from __future__ import annotations

from typing import Final

MAX_BITS_PER_SEC: Final = 20_000_000
MAX_FRAMES_PER_SEC: Final = 300  # 60 pictures, 50 pieces of sound, and what a tunnel delivers late
BURST_SECS: Final = 3.0  # what a mobile network holds back and then gives at once


class Meter:
    """`takes` is false once somebody sends more than a browser ever would."""

    def __init__(self, now: float) -> None:
        self._at = now
        self._bits = MAX_BITS_PER_SEC * BURST_SECS
        self._frames = MAX_FRAMES_PER_SEC * BURST_SECS

    def takes(self, size: int, now: float) -> bool:
        passed = max(0.0, now - self._at)
        self._at = now
        most = MAX_BITS_PER_SEC * BURST_SECS
        self._bits = min(most, self._bits + passed * MAX_BITS_PER_SEC) - size * 8
        most = MAX_FRAMES_PER_SEC * BURST_SECS
        self._frames = min(most, self._frames + passed * MAX_FRAMES_PER_SEC) - 1
        return self._bits >= 0 and self._frames >= 0
