"""How much one connection may send: buckets and an error count, time passed in. No I/O here."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

IDLE_SECS: Final = 60.0  # nothing heard, not even a ping (sent every 20 s)
ERRORS: Final = 20  # within ERROR_WINDOW_SECS close the connection
ERROR_WINDOW_SECS: Final = 10.0
SESSIONS_PER_CONNECTION: Final = 4  # camera + watching, each twice during a rejoin
CONNECTIONS_PER_PROCESS: Final = 5000
QUEUED_MESSAGES: Final = 512  # waiting for a slow client


@dataclass(slots=True)
class TokenBucket:
    """`burst` at once, `per_sec` over time."""

    per_sec: float
    burst: float
    tokens: float = -1.0
    filled_at: float = 0.0

    def take(self, now: float, amount: float = 1.0) -> float:
        """0 when `amount` may pass, else the seconds until it could (nothing is taken then)."""
        if self.tokens < 0:
            self.tokens, self.filled_at = self.burst, now
        elapsed = max(0.0, now - self.filled_at)
        self.tokens = min(self.burst, self.tokens + elapsed * self.per_sec)
        self.filled_at = now
        if amount <= self.tokens:
            self.tokens -= amount
            return 0.0
        return (amount - self.tokens) / self.per_sec


class Verdict(Enum):
    PASS = auto()
    DROP = auto()  # too many: not read
    DROP_AND_TELL = auto()  # the same, and it is time to say so (once a second)
    CLOSE = auto()  # far over the rate


@dataclass(slots=True)
class FrameGate:
    """All frames of a connection: 30 a second, 120 at once; 300 over that close it."""

    soft: TokenBucket = field(default_factory=lambda: TokenBucket(30, 120))
    hard: TokenBucket = field(default_factory=lambda: TokenBucket(5, 300))
    told_at: float = float("-inf")

    def got_frame(self, now: float) -> Verdict:
        if self.soft.take(now) == 0:
            return Verdict.PASS
        if self.hard.take(now) > 0:
            return Verdict.CLOSE
        if now - self.told_at < 1.0:
            return Verdict.DROP
        self.told_at = now
        return Verdict.DROP_AND_TELL


@dataclass(slots=True)
class ErrorWindow:
    """Errors of the last 10 s."""

    at: deque[float] = field(default_factory=deque)

    def got_error(self, now: float) -> bool:
        """Whether this one is too many."""
        self.at.append(now)
        while self.at and now - self.at[0] > ERROR_WINDOW_SECS:
            self.at.popleft()
        return len(self.at) >= ERRORS


@dataclass(slots=True)
class ConnectionLimits:
    """Everything counted for one connection."""

    frames: FrameGate = field(default_factory=FrameGate)
    errors: ErrorWindow = field(default_factory=ErrorWindow)
    chat: TokenBucket = field(default_factory=lambda: TokenBucket(1, 5))
    likes: TokenBucket = field(default_factory=lambda: TokenBucket(10, 40))  # hearts
    gifts: TokenBucket = field(default_factory=lambda: TokenBucket(2, 10))
    sessions: TokenBucket = field(default_factory=lambda: TokenBucket(0.5, 10))  # joins
