"""Transport-wide feedback to a publisher: when each of its packets came. Pure.

With it the publisher's own estimator sees the queue on its uplink grow before packets are lost.
The format is draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

# 100 ms of a 30 Mbit/s publisher; more waits for the next feedback.
MAX_STATUSES = 400
MAX_PENDING = 2_000
_TICK_US = 250
_REFERENCE_TICKS = 256  # 64 ms
_RECEIVED_SMALL, _RECEIVED_LARGE = 1, 2
_head = struct.Struct("!IIHH")


@dataclass(slots=True)
class ArrivalLog:
    """The arrivals that were not told yet."""

    arrivals: dict[int, int] = field(default_factory=dict)  # extended number -> us
    highest: int = -1
    feedback_count: int = 0

    def note(self, number: int, at_us: int) -> None:
        """One packet with transport-wide sequence number `number` arrived."""
        if self.highest < 0:
            extended = number + 0x10000
        else:
            ahead = (number - self.highest) & 0xFFFF
            extended = self.highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
        self.highest = max(self.highest, extended)
        if len(self.arrivals) < MAX_PENDING:
            self.arrivals.setdefault(extended, at_us)

    def take_feedback(self, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """The next feedback packet, None when there is nothing to tell."""
        if not self.arrivals:
            return None
        numbers = sorted(self.arrivals)
        base = numbers[0]
        told = [number for number in numbers if number - base < MAX_STATUSES]
        reference = self.arrivals[base] // _TICK_US // _REFERENCE_TICKS
        clock = reference * _REFERENCE_TICKS
        symbols = [0] * (told[-1] - base + 1)
        deltas = bytearray()
        for number in told:
            ticks = self.arrivals.pop(number) // _TICK_US
            delta = max(-0x8000, min(ticks - clock, 0x7FFF))
            clock += delta
            if 0 <= delta <= 0xFF:
                symbols[number - base] = _RECEIVED_SMALL
                deltas.append(delta)
            else:
                symbols[number - base] = _RECEIVED_LARGE
                deltas += delta.to_bytes(2, "big", signed=True)
        body = (
            _head.pack(sender_ssrc, media_ssrc, base & 0xFFFF, len(symbols))
            + ((reference & 0xFFFFFF) << 8 | self.feedback_count & 0xFF).to_bytes(4, "big")
            + _chunks(symbols)
            + deltas
        )
        self.feedback_count += 1
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        first = 0x80 | (0x20 if padding else 0) | 15
        return struct.pack("!BBH", first, 205, len(body) // 4) + body


def _chunks(symbols: list[int]) -> bytes:
    """Run lengths where seven or more are alike, vectors of seven two-bit symbols elsewhere."""
    out = bytearray()
    at = 0
    while at < len(symbols):
        run = at
        while run < len(symbols) and symbols[run] == symbols[at] and run - at < 0x1FFF:
            run += 1
        if run - at >= 7 or run == len(symbols):
            out += (symbols[at] << 13 | (run - at)).to_bytes(2, "big")
            at = run
            continue
        vector = 0xC000
        for index, symbol in enumerate(symbols[at : at + 7]):
            vector |= symbol << (12 - 2 * index)
        out += vector.to_bytes(2, "big")
        at += 7
    return bytes(out)
