"""How well one stream arrives: the figures of a receiver report (RFC 3550, 6.4.1 and A.8). Pure."""

from __future__ import annotations

from .wire.rtcp import ReportBlock


class Reception:
    """Counts one SSRC of a publisher."""

    __slots__ = (
        "_expected_before",
        "_first",
        "_highest",
        "_received_before",
        "_report_at_ms",
        "_short_ntp",
        "_transit",
        "clock_rate",
        "fraction_lost",
        "jitter",
        "received",
        "ssrc",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.received = 0
        self.jitter = 0.0  # in units of the RTP clock
        self.fraction_lost = 0.0
        self._first = self._highest = -1
        self._transit: int | None = None
        self._expected_before = self._received_before = 0
        self._short_ntp = 0
        self._report_at_ms = 0

    def got_packet(self, sequence_number: int, timestamp: int, arrival_ms: int) -> None:
        if self._highest < 0:
            self._first = self._highest = sequence_number
        else:
            ahead = (sequence_number - self._highest) & 0xFFFF
            if ahead < 0x8000:
                self._highest += ahead
        self.received += 1
        transit = arrival_ms * self.clock_rate // 1000 - timestamp
        if self._transit is not None:
            change = (transit - self._transit) & 0xFFFFFFFF
            change = min(change, 0x100000000 - change)
            # A source that jumps in time is no jitter.
            if change < self.clock_rate:
                self.jitter += (change - self.jitter) / 16
        self._transit = transit

    def got_report(self, ntp: int, at_ms: int) -> None:
        self._short_ntp = (ntp >> 16) & 0xFFFFFFFF
        self._report_at_ms = at_ms

    @property
    def jitter_ms(self) -> float:
        return self.jitter * 1000 / self.clock_rate

    def block(self, at_ms: int) -> ReportBlock:
        """The report block since the last one."""
        expected = self._highest - self._first + 1 if self._highest >= 0 else 0
        new = expected - self._expected_before
        lost = new - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        self.fraction_lost = max(0.0, lost / new) if new > 0 else 0.0
        delay = (at_ms - self._report_at_ms) * 65536 // 1000 if self._short_ntp else 0
        return ReportBlock(
            self.ssrc,
            min(255, int(self.fraction_lost * 256)),
            max(-0x800000, min(expected - self.received, 0x7FFFFF)),
            max(0, self._highest),
            int(self.jitter),
            self._short_ntp,
            max(0, delay),
        )
