"""A publisher's offers, pure: one is with the SFU, one may wait behind it, no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sfu_relay.guard import GuardedOffer, Rejected, guard_offer
from sfu_relay.messages import Published


class PublisherOffers:
    def __init__(self, video_codecs: Collection[str]) -> None:
        self._video_codecs = video_codecs
        self._outstanding: tuple[GuardedOffer, Mapping[str, str]] | None = None
        self._queued: tuple[GuardedOffer, Mapping[str, str]] | None = None

    @property
    def outstanding(self) -> bool:
        return self._outstanding is not None

    def got_offer(self, sdp: str, sources: Mapping[str, str]) -> GuardedOffer | None:
        """The offer, to be sent now; None: it waits for its turn. Raises Rejected."""
        if self._queued is not None:
            raise Rejected("busy", "Two offers of this session are unanswered.")
        offer = guard_offer(sdp, self._video_codecs)
        if self._outstanding is not None:
            self._queued = (offer, sources)
            return None
        self._outstanding = (offer, sources)
        return offer

    def published(self) -> list[Published]:
        """What the outstanding offer brings, now that it is answered."""
        if self._outstanding is None:
            return []
        offer, sources = self._outstanding
        return [Published(offer.tracks, sources)]

    def settle(self) -> GuardedOffer | None:
        """The outstanding offer was answered or refused: the next one, to be sent now."""
        self._outstanding, self._queued = self._queued, None
        return self._outstanding[0] if self._outstanding is not None else None
