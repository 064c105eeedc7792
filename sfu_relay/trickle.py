"""A browser's candidates, pure: checked, counted, and held until the SFU has let the peer join."""

from __future__ import annotations

from collections import deque

from sfu_relay.events import Target
from sfu_relay.guard import BadCandidate, Rejected, guard_candidate
from sfu_relay.messages import SendCandidate

MAX_HELD_CANDIDATES = 32
MAX_CANDIDATES = 256  # of one peer over its life; a busy laptop with three networks sends about 30


class Trickle:
    def __init__(self, *, mdns: bool) -> None:
        self._mdns = mdns
        self._held: deque[SendCandidate] = deque()
        self._seen = 0

    def got_candidate(
        self, candidate: object, target: Target, *, joined: bool
    ) -> list[SendCandidate]:
        """What may go to the SFU now. Raises Rejected."""
        self._seen += 1
        if self._seen > MAX_CANDIDATES:
            raise Rejected("bad_candidate", "Too many candidates.")
        try:
            checked = guard_candidate(candidate, mdns=self._mdns)
        except BadCandidate as error:
            raise Rejected("bad_candidate", str(error)) from error
        if checked is None:
            return []
        effect = SendCandidate(target, checked)
        if joined:
            return [effect]
        if len(self._held) >= MAX_HELD_CANDIDATES:
            raise Rejected("bad_candidate", "Too many candidates before the answer.")
        self._held.append(effect)
        return []

    def release(self) -> list[SendCandidate]:
        held = list(self._held)
        self._held.clear()
        return held
