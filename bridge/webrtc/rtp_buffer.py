"""One RTP stream put into order: waits a while for what is missing, then goes on. Pure.

Bounded by time, and by packets as a second line: aiortc's own of 512 does not hold a keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.webrtc.rtp_packet import RtpPacket

MAX_PACKETS: Final = 4_096  # 5 MB; 200 ms at 200 Mbit/s
RESET_JUMP: Final = 3_000  # sequence numbers: another source, not a loss
NACK_AGAIN_SECS: Final = 0.04
MAX_NACKS: Final = 400  # at once: more is worth a keyframe


@dataclass(frozen=True, slots=True)
class Ordered:
    packet: RtpPacket
    arrived: float
    after_gap: bool
    """Packets before this one are lost for good."""


class ReorderBuffer:
    """`wait_secs`: how long a packet waits for those before it. All times: one monotonic clock."""

    def __init__(self, wait_secs: float) -> None:
        self._wait_secs = wait_secs
        self._waiting: dict[int, tuple[RtpPacket, float]] = {}  # by extended sequence number
        self._next = -1
        self._gap = False
        self._asked: dict[int, float] = {}  # missing → when it may be asked for (again)
        self.highest = -1
        self.base = -1
        self.received = 0
        self.lost = 0

    def put(self, packet: RtpPacket, now: float) -> bool:
        """False: a duplicate, or too late."""
        if self.highest < 0:
            number = packet.sequence + 0x10000
            self._next = self.base = number
        else:
            ahead = (packet.sequence - self.highest) & 0xFFFF
            number = self.highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
            if abs(number - self.highest) > RESET_JUMP:
                number = self._restart(packet)
        if number < self._next or number in self._waiting:
            return False
        for missing in range(max(self.highest + 1, self._next), number):
            self._asked[missing] = now
        self.highest = max(self.highest, number)
        self._asked.pop(number, None)
        self._waiting[number] = packet, now
        self.received += 1
        return True

    def take(self, now: float) -> list[Ordered]:
        """What is in order, or has waited long enough."""
        found: list[Ordered] = []
        while self._waiting:
            item = self._waiting.pop(self._next, None)
            if item is None:
                first = min(self._waiting)
                late = now - self._waiting[first][1] >= self._wait_secs
                if not late and len(self._waiting) < MAX_PACKETS:
                    break
                self._skip_to(first)
                continue
            found.append(Ordered(*item, self._gap))
            self._gap = False
            self._next += 1
        return found

    def due_secs(self) -> float | None:
        """When `take` has something though nothing comes; None: never."""
        if not self._waiting:
            return None
        return self._waiting[min(self._waiting)][1] + self._wait_secs

    def missing(self, now: float) -> list[int]:
        """Sequence numbers to ask for now, as they stand in packets."""
        due = [number for number, at in self._asked.items() if at <= now]
        if len(self._asked) > MAX_NACKS:
            return []
        for number in due:
            self._asked[number] = now + NACK_AGAIN_SECS
        return [number & 0xFFFF for number in due]

    def _restart(self, packet: RtpPacket) -> int:
        self._waiting.clear()
        self._asked.clear()
        self._gap = True
        self._next = (self.highest & ~0xFFFF) + 0x20000 + packet.sequence
        self.base += self._next - self.highest - 1
        return self._next

    def _skip_to(self, number: int) -> None:
        self.lost += number - self._next
        for missing in range(self._next, number):
            self._asked.pop(missing, None)
        self._next = number
        self._gap = True
