"""Counts the players outside our pages that fetch HLS, from nginx's datagrams. Pure, bounded."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

# <190>Nov 21 15:58:37 hls: 1795276717.755 play_abc 1f…(32) 192.0.2.7
LINE: Final = re.compile(
    rb"<[0-9]{1,3}>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} hls: [0-9]{1,12}\.[0-9]{3} "
    rb"(play_[0-9a-z]{1,40}) ([0-9a-f]{32}) ([0-9a-f.:]{2,45})\n?"
)
SEEN_WITHIN_SECS: Final = 12.0  # players ask again after one segment, seldom after two
MOST_VIEWERS: Final = 20_000
MOST_BY_ADDRESS: Final = 50  # and stream: ids cost nothing, addresses do


class HlsViewers:
    def __init__(self) -> None:
        # (play id, viewer) → when seen last, address; oldest first
        self._seen: dict[tuple[bytes, bytes], tuple[float, bytes]] = {}
        self._at_address: Counter[tuple[bytes, bytes]] = Counter()

    def got_datagram(self, raw: bytes, at: float) -> bool:
        """`at`: monotonic seconds. False: not a line of ours, or one too many."""
        found = LINE.fullmatch(raw)
        if found is None:
            return False
        play_id, viewer, address = found.groups()
        who = (play_id, viewer)
        known = self._seen.pop(who, None)
        if known is not None:
            address = known[1]
        elif not self._has_place(play_id, address, at):
            return False
        else:
            self._at_address[play_id, address] += 1
        self._seen[who] = (at, address)
        return True

    def counts(self, at: float) -> dict[str, int]:
        """By play id."""
        self._forget_before(at - SEEN_WITHIN_SECS)
        return {
            play_id.decode(): count
            for play_id, count in Counter(play_id for play_id, _ in self._seen).items()
        }

    def _has_place(self, play_id: bytes, address: bytes, at: float) -> bool:
        if self._at_address[play_id, address] < MOST_BY_ADDRESS and len(self._seen) < MOST_VIEWERS:
            return True
        self._forget_before(at - SEEN_WITHIN_SECS)
        return (
            self._at_address[play_id, address] < MOST_BY_ADDRESS and len(self._seen) < MOST_VIEWERS
        )

    def _forget_before(self, before: float) -> None:
        while self._seen:
            who = next(iter(self._seen))
            at, address = self._seen[who]
            if at >= before:
                break
            del self._seen[who]
            self._at_address[who[0], address] -= 1
            if self._at_address[who[0], address] <= 0:
                del self._at_address[who[0], address]
