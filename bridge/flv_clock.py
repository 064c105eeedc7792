"""An encoder's time: FLV's timestamps as one clock that goes on over jumps and reconnects. Pure."""

from __future__ import annotations

from typing import Final

_WRAP: Final = 1 << 32
BACK_MS: Final = 1_000
"""Sound and picture come interleaved: small steps back are usual, larger ones a new clock."""
AHEAD_MS: Final = 5_000
"""A step so much longer than the time that passed is a new clock and not a pause."""
LOST_SOUND_MS: Final = 120
"""Timestamps of sound are rounded and jitter by a frame (21 ms); more than five are a hole."""
SMOOTHING: Final = 1 / 32
"""Of a difference, a frame of sound: settled within two seconds."""


class MediaClock:
    """Milliseconds since the first tag, as the encoder counts them."""

    def __init__(self) -> None:
        self._raw: int | None = None
        self._at_ms = self._latest_ms = 0
        self._heard_ms = 0.0
        self.jumps = 0

    def at(self, timestamp_ms: int, now_ms: float) -> int:
        """`now_ms`: of any clock that never goes back."""
        waited_ms = max(0, int(now_ms - self._heard_ms)) if self._latest_ms else 0
        if self._raw is None:
            self._at_ms = self._latest_ms + waited_ms
        else:
            step_ms = (timestamp_ms - self._raw + _WRAP // 2) % _WRAP - _WRAP // 2
            if -BACK_MS <= step_ms <= waited_ms + AHEAD_MS:
                self._at_ms = max(0, self._at_ms + step_ms)
            else:
                self.jumps += 1
                self._at_ms = self._latest_ms + waited_ms
        self._raw = timestamp_ms
        self._heard_ms = now_ms
        self._latest_ms = max(self._latest_ms, self._at_ms)
        return self._at_ms

    def restart(self) -> None:
        """The next tag is of another connection: it comes as much later as time has passed."""
        self._raw = None


class SampleClock:
    """Samples counted without a break, and which moment of the encoder's clock each is of.

    RTP wants sound in even steps; FLV says its time in rounded milliseconds. So samples are
    counted, and the difference to FLV, which is the truth, is followed slowly and told apart.
    """

    def __init__(self, rate: int) -> None:
        self._per_ms = rate / 1000
        self._next = 0  # position of the next sample
        self._ahead_ms: float | None = None  # of FLV's time over the samples'

    def push(self, samples: int, at_ms: float) -> int:
        """`samples` more that FLV says to be of `at_ms`: how many are missing before them."""
        missing = 0
        if self._ahead_ms is None:
            self._ahead_ms = 0.0
            self._next = round(at_ms * self._per_ms)
        else:
            off_ms = at_ms - self._next / self._per_ms - self._ahead_ms
            if off_ms > LOST_SOUND_MS:
                missing = round(off_ms * self._per_ms)
            elif off_ms < -LOST_SOUND_MS:
                self._ahead_ms += off_ms  # sound that comes twice: positions never go back
            else:
                self._ahead_ms += off_ms * SMOOTHING
        self._next += missing + samples
        return missing

    @property
    def position(self) -> int:
        """Of the next sample."""
        return self._next

    def at_ms(self, position: int) -> float:
        return position / self._per_ms + (self._ahead_ms or 0.0)
