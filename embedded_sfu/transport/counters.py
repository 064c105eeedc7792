"""What the transport dropped or let through, and a log line about it at most once a second."""

from __future__ import annotations

import logging
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """Running totals of one process; cheap enough to count each datagram."""

    datagrams_in: int = 0
    rtp_in: int = 0
    rtcp_in: int = 0
    stun_in: int = 0
    dtls_in: int = 0
    unknown_source: int = 0
    """Datagrams of nobody we know: no reply, no work."""
    malformed: int = 0
    stun_refused: int = 0
    """Unknown ufrag or wrong MESSAGE-INTEGRITY."""
    too_early: int = 0
    """Media or DTLS before its keys or its description."""
    srtp_rejected: int = 0
    """Failed authentication, replayed, or too many SSRCs."""
    send_full: int = 0
    """Dropped because the socket buffer was full; NACK repairs."""
    send_errors: int = 0
    connected: int = 0
    roamed: int = 0
    closed_consent: int = 0
    closed_dtls: int = 0
    internal_errors: int = 0
    """Exceptions stopped at the receive loop: each is a bug."""


_NOISY = ("malformed", "stun_refused", "srtp_rejected", "send_errors", "internal_errors")


class NoisyLog:
    """Says once a second at most which of the bad counters grew; told the time by its caller."""

    __slots__ = ("_counters", "_seen")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._seen: dict[str, int] = dict.fromkeys(_NOISY, 0)

    def tick(self) -> None:
        grown = []
        for name, before in self._seen.items():
            now = getattr(self._counters, name)
            if now != before:
                self._seen[name] = now
                grown.append(f"{name} +{now - before}")
        if grown:
            log.warning("dropped in the last second: %s", ", ".join(grown))
