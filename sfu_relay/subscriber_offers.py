"""The SFU's offers to a viewer, pure: numbered, the newest is answered once, early ones wait."""

from __future__ import annotations

from sfu_relay.events import Offered
from sfu_relay.guard import Rejected, guard_answer, read_offer
from sfu_relay.messages import SendAnswer


class OddOffer(Exception):
    """The SFU's own offer can't be read: nothing will come of this session."""


class SubscriberOffers:
    def __init__(self) -> None:
        self.answered_once = False
        self._offer_id = 0
        self.waiting: str | None = None  # unanswered
        self._early: str | None = None  # ahead of the join reply

    def keep_early(self, sdp: str) -> None:
        self._early = sdp

    def take_early(self) -> str | None:
        early, self._early = self._early, None
        return early

    def got_offer(self, sdp: str) -> Offered:
        self._offer_id += 1
        self.waiting = sdp
        return Offered(self._offer_id, sdp)

    def got_answer(self, sdp: str, offer_id: int | None) -> SendAnswer:
        """Raises Rejected (the offer stays open) or OddOffer."""
        waiting = self.waiting
        if waiting is None or (offer_id is not None and offer_id != self._offer_id):
            raise Rejected("wrong_order", "No such offer is waiting for an answer.")
        try:
            offer = read_offer(waiting)
        except Rejected as error:
            raise OddOffer(error.detail) from error
        answer = guard_answer(sdp, offer)
        self.waiting = None
        self.answered_once = True
        return SendAnswer(answer)
