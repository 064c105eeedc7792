"""RTP time to one clock for sound and picture of a session, by sender reports. Pure.

Sender reports tie RTP time to the sender's own clock; how far that is from ours is taken from the
packet that came fastest (the least delay of the last 20 s), the same for all streams of a session:
so lips stay in step whatever the paths of sound and picture. Until its first report a stream is
placed by its own fastest packet. When a report comes, it glides to where it belongs, 40 ms in each
second; only what is off by more than 300 ms jumps (a burst at the start, a clock that was set).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

GLIDE: Final = 0.04  # of the time passed
JUMP_SECS: Final = 0.3
WINDOW_SECS: Final = 10.0
FAR_OFF_SECS: Final = 2.0  # more delay than the fastest packet's: the sender's clock was set


@dataclass(slots=True)
class Delay:
    """The least (arrival − sender's time) over two windows, which follows drift of clocks."""

    _least: float | None = None
    _least_before: float | None = None
    _since: float = 0.0

    def saw(self, sent: float, arrived: float) -> float:
        """The least delay, with this one's."""
        delay = arrived - sent
        least = self.least
        if least is None or delay - least > FAR_OFF_SECS:
            self._least, self._least_before, self._since = delay, None, arrived
        elif arrived - self._since > WINDOW_SECS:
            self._least_before, self._least, self._since = self._least, delay, arrived
        elif self._least is None or delay < self._least:
            self._least = delay
        return self.least or 0.0

    @property
    def least(self) -> float | None:
        if self._least is None or self._least_before is None:
            return self._least
        return min(self._least, self._least_before)


@dataclass(slots=True)
class StreamClock:
    """One stream's; `session` is shared by all of one sender."""

    rate: int
    session: Delay = field(default_factory=Delay)
    _own: Delay = field(default_factory=Delay)
    _report: tuple[float, int] | None = None  # the sender's seconds, extended RTP time
    _highest: int | None = None
    _bias: float | None = None
    _last: float = 0.0

    @property
    def is_tied(self) -> bool:
        """A sender report has come."""
        return self._report is not None

    def got_report(self, ntp: int, timestamp: int) -> None:
        if self._highest is not None and ntp:
            self._report = ntp / (1 << 32), self._extend(timestamp)

    def place(self, timestamp: int, arrived: float) -> float:
        """When this was taken, on the clock of `arrived`; never later than it."""
        number = self._extend(timestamp)
        self._highest = number if self._highest is None else max(self._highest, number)
        own = number / self.rate
        wanted = self._own.saw(own, arrived)
        if self._report is not None:
            sent = self._report[0] + (number - self._report[1]) / self.rate
            tied = sent + self.session.saw(sent, arrived) - own
            if abs(own + tied - arrived) < FAR_OFF_SECS:
                wanted = tied
        if self._bias is None or abs(wanted - self._bias) > JUMP_SECS:
            self._bias = wanted
        else:
            most = GLIDE * max(0.0, own - self._last)
            self._bias += max(-most, min(most, wanted - self._bias))
        self._last = own
        return min(own + self._bias, arrived)

    def _extend(self, timestamp: int) -> int:
        if self._highest is None:
            return timestamp
        ahead = (timestamp - self._highest) & 0xFFFFFFFF
        return self._highest + (ahead if ahead < 0x80000000 else ahead - 0x100000000)
