"""How much later than usual a page's media come: what waits somewhere between it and nginx. Pure.

The page's clock is unknown, so the fastest of the last half minute counts as no delay.
"""

from __future__ import annotations

from collections import deque
from typing import Final

STEP_SECS: Final = 5.0
STEPS: Final = 6


class Delay:
    def __init__(self) -> None:
        self._fastest: deque[tuple[float, float]] = deque(maxlen=STEPS)  # (step began, least lag)
        self._lag_ms = 0.0
        self._got_at: float | None = None
        self._first_lag_ms: float | None = None

    def got(self, time_us: int, now: float) -> None:
        """A frame of that time was read just now."""
        self._got_at = now
        self._lag_ms = now * 1000 - time_us / 1000
        if self._first_lag_ms is None:
            self._first_lag_ms = self._lag_ms
        if not self._fastest or now - self._fastest[-1][0] >= STEP_SECS:
            self._fastest.append((now, self._lag_ms))
        elif self._lag_ms < self._fastest[-1][1]:
            self._fastest[-1] = (self._fastest[-1][0], self._lag_ms)

    @property
    def ahead_ms(self) -> float:
        """How much more time the media have passed than the clock. A page that was late at first
        catches up; nobody's hour lasts half of one."""
        first = self._first_lag_ms
        return 0.0 if first is None else max(0.0, first - self._lag_ms)

    def ms(self, now: float, *, is_paused: bool) -> int:
        """`is_paused`: nothing is read at the moment, so what waits grows older unseen."""
        if self._got_at is None:
            return 0
        late = self._lag_ms - min(lag for _, lag in self._fastest)
        return int(late + ((now - self._got_at) * 1000 if is_paused else 0.0))
