"""One sound of many: Opus packets with their place in time in, AAC in FLV bodies out.

Runs by the clock, a little behind it: what is missing is silence, so that there is sound always,
also where nobody sends any (players wait for a sound that was promised, and can't add one later).
"""

from __future__ import annotations

from collections.abc import Hashable, Set
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bridge.aac import FRAME_SAMPLES, RATE, AacEncoder, OpusDecoder, Samples

DELAY_SECS: Final = 0.12  # longer than the reorder buffer of sound waits
MOST_DELAY_SECS: Final = 0.5
RING: Final = 4 * RATE
FAR_SAMPLES: Final = RATE * 40 // 1000  # further off than 40 ms: it goes where it belongs, at once
NEAR_SAMPLES: Final = RATE * 2 // 1000
STRETCH: Final = 4  # samples in 960: 0.4 %, which nobody hears
LOUD_DECAY: Final = 0.9  # per packet of 20 ms
KNEE: Final = 0.8
MOST_SOURCES: Final = 64


@dataclass(slots=True)
class _Source:
    decoder: OpusDecoder = field(default_factory=OpusDecoder)
    next: int | None = None
    loudness: float = 0.0
    muted: bool = False
    ring: Samples = field(default_factory=lambda: np.zeros((RING, 2), np.float32))
    filled_to: int = 0


class Sound:
    """Times are seconds on the clock whose zero is the stream's beginning."""

    def __init__(self) -> None:
        self._sources: dict[Hashable, _Source] = {}
        self._encoder: AacEncoder | None = None
        self._next = 0
        self._delay_secs = DELAY_SECS
        self.late_samples = 0

    @property
    def header(self) -> bytes:
        """The FLV body before all others."""
        if self._encoder is None:
            self._encoder = AacEncoder(0)
        return self._encoder.header

    @property
    def delay_secs(self) -> float:
        return self._delay_secs

    def loudness(self, key: Hashable) -> float:
        """0 to 1, of the last 200 ms; 0 of who is muted."""
        source = self._sources.get(key)
        return source.loudness if source is not None and not source.muted else 0.0

    def keep(self, keys: Set[Hashable], muted: Set[Hashable]) -> None:
        """Of others nothing is taken any more."""
        self._sources = {key: one for key, one in self._sources.items() if key in keys}
        for key, source in self._sources.items():
            source.muted = key in muted

    def put(self, key: Hashable, at_secs: float, opus: bytes, *, muted: bool = False) -> None:
        source = self._sources.get(key)
        if source is None:
            if len(self._sources) >= MOST_SOURCES:
                return
            source = self._sources[key] = _Source()
        source.muted = muted
        samples = source.decoder.decode(opus)
        if samples is None or not len(samples):
            return
        power = float(np.sqrt(np.mean(np.square(samples))))
        source.loudness = max(power, source.loudness * LOUD_DECAY)
        if muted:
            source.next = None
            return
        self._write(source, round(at_secs * RATE), samples)

    def take(self, now_secs: float) -> list[tuple[int, bytes]]:
        """(milliseconds, FLV body) of all that is due."""
        if self._encoder is None:
            self._encoder = AacEncoder(0)
        due = int((now_secs - self._delay_secs) * RATE)
        if due - self._next > RING // 2:  # the process stood still
            self._skip(due - FRAME_SAMPLES)
        found: list[tuple[int, bytes]] = []
        while self._next + FRAME_SAMPLES <= due:
            mixed = self._mix(self._next)
            for number, body in self._encoder.encode(mixed):
                if number >= 0:
                    found.append((round(number * 1000 / RATE), body))
            self._next += FRAME_SAMPLES
        return found

    def start_at(self, now_secs: float) -> None:
        """Nothing of before this is sent."""
        self._skip(int((now_secs - self._delay_secs) * RATE))

    # --- inside ---------------------------------------------------------------------------------

    def _skip(self, number: int) -> None:
        self._next = max(0, number)
        self._encoder = AacEncoder(self._next)
        for source in self._sources.values():
            source.ring[:] = 0
            source.next = None

    def _write(self, source: _Source, wanted: int, samples: Samples) -> None:
        at = source.next
        if at is None or abs(wanted - at) > FAR_SAMPLES:
            at = wanted
        elif abs(wanted - at) > NEAR_SAMPLES:
            more = STRETCH * len(samples) // 960 * (1 if wanted > at else -1)
            samples = _stretched(samples, len(samples) + more)
        source.next = at + len(samples)
        if at < self._next:
            late = self._next - at
            self.late_samples += min(late, len(samples))
            if late < RATE:  # who is a second late is not waited for
                self._delay_secs = min(MOST_DELAY_SECS, self._delay_secs + late / RATE + 0.01)
            samples, at = samples[late:], self._next
        if not len(samples) or at + len(samples) > self._next + RING:
            return
        start = at % RING
        first = min(len(samples), RING - start)
        source.ring[start : start + first] = samples[:first]
        source.ring[: len(samples) - first] = samples[first:]
        source.filled_to = max(source.filled_to, at + len(samples))

    def _mix(self, number: int) -> Samples:
        total = np.zeros((FRAME_SAMPLES, 2), np.float32)
        start = number % RING
        first = min(FRAME_SAMPLES, RING - start)
        voices = 0
        for source in self._sources.values():
            if source.filled_to <= number:
                source.loudness *= LOUD_DECAY
                continue
            voices += 1
            for here, there in (
                (slice(0, first), slice(start, start + first)),
                (slice(first, FRAME_SAMPLES), slice(0, FRAME_SAMPLES - first)),
            ):
                if not source.muted:
                    total[here] += source.ring[there]
                source.ring[there] = 0
        return limited(total) if voices > 1 else np.clip(total, -1.0, 1.0)


def limited(samples: Samples) -> Samples:
    """Loud sums bend towards 1 instead of being cut: soft above 0.8."""
    size = np.abs(samples)
    if float(size.max(initial=0.0)) <= KNEE:
        return samples
    bent = KNEE + (1 - KNEE) * np.tanh((size - KNEE) / (1 - KNEE))
    return np.where(size > KNEE, np.sign(samples) * bent, samples).astype(np.float32)


def _stretched(samples: Samples, count: int) -> Samples:
    at = np.linspace(0, len(samples) - 1, count)
    before = np.arange(len(samples))
    sides = [np.interp(at, before, samples[:, side]) for side in (0, 1)]
    return np.stack(sides, axis=1).astype(np.float32)
