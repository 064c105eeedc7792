"""What a viewer's path can carry, read from its REMB and its loss. Pure.

A receiver's REMB starts at what it happened to receive in its fifth second, grows 8 % a second and
never goes above 1.5 times what it receives. So a REMB below the rate sent means congestion only
when it fell, or when it has stopped growing.
"""

from __future__ import annotations

from dataclasses import dataclass

# Chromium sends REMB each second while media flows; without one there is no estimate.
VALID_MS = 6_000
STALLED_MS = 2_500
GROWTH = 1.03
BELOW = 0.9
FAR_BELOW = 0.6
HEADROOM = 1.15
LOSSY = 0.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """`budget`: bit/s that the path carries, None while nothing limits it."""

    budget: int | None
    headroom: bool


@dataclass(slots=True)
class Downlink:
    estimate: int | None = None
    loss: float = 0.0
    _estimate_ms: int = 0
    _mark: int = 0
    _mark_ms: int = 0

    def got_estimate(self, bitrate: int, at_ms: int) -> None:
        """A REMB arrived."""
        if self.estimate is None or bitrate >= self._mark * GROWTH:
            self._mark, self._mark_ms = bitrate, at_ms
        self.estimate, self._estimate_ms = bitrate, at_ms

    def got_loss(self, fraction: float) -> None:
        """A receiver report of a video stream arrived."""
        self.loss = (self.loss + fraction) / 2

    def restart(self, at_ms: int) -> None:
        """Another rate is sent from now on: growth counts anew."""
        if self.estimate is not None:
            self._mark, self._mark_ms = self.estimate, at_ms

    def judge(self, sent: int, at_ms: int) -> Verdict:
        """What `sent` bit/s mean for this path."""
        if self.loss > LOSSY:
            return Verdict(int(sent * (1 - self.loss) * BELOW), False)
        estimate = self.estimate
        if estimate is None or at_ms - self._estimate_ms > VALID_MS:
            return Verdict(None, True)
        fell = estimate < sent * FAR_BELOW and estimate < self._mark * BELOW
        stalled = estimate < sent * BELOW and at_ms - self._mark_ms >= STALLED_MS
        if fell or stalled:
            return Verdict(estimate, False)
        return Verdict(None, estimate >= sent * HEADROOM)
