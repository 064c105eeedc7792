"""The subscribing half of a peer: tracks go into offers, answers let them flow, wishes pick layers.

One offer is outstanding at a time; changes meanwhile go into the next one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from sfu_relay.proto import rtc_pb2

from .forward import Layer
from .incoming import PublishedTrack
from .local_side import LocalSide
from .outgoing import Delivery, SubscriberTransport, Wish
from .refusals import CONFLICT, FULL, GONE, TIMEOUT, Refusal
from .room import track_event, track_info
from .sdp import Description
from .subscriber_offer import OutgoingTrack, SubscriberSections
from .transport.endpoint import EndpointFull

ANSWER_TIMEOUT_SECS = 10.0
# Tracks of one publisher come together; several publishers may come at once after a restart.
DEBOUNCE_SECS = 0.12


class Subscribing:
    """`tell` queues a reply; `give_up` ends the peer, with a code and a reason."""

    def __init__(
        self,
        local: LocalSide,
        *,
        tell: Callable[[rtc_pb2.Reply], None],
        give_up: Callable[[int, str], None],
    ) -> None:
        self.transport: SubscriberTransport | None = None
        self.sections = SubscriberSections()
        self._local = local
        self._tell = tell
        self._give_up = give_up
        self._wishes: dict[str, Wish] = {}  # by track id
        self._offer_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._answered = False
        self._closed = False

    # -- tracks -----------------------------------------------------------------------------------

    def add(self, track: PublishedTrack) -> None:
        """Offer the track, with its next offer."""
        if self._closed or (self.transport and track.key in self.transport.deliveries):
            return
        if self.transport is None:
            transport = SubscriberTransport(
                got_lost=self._got_lost, got_layer=self._got_forwarded_layer
            )
            try:
                transport.association = self._local.endpoint.associate(transport)
            except EndpointFull as error:
                self._give_up(FULL, str(error))
                return
            self.transport = transport
        video = track.info.kind == "video"
        ssrc = random.randrange(1, 0xFFFFFFFE)
        outgoing = OutgoingTrack(
            key=track.key,
            kind=track.info.kind,
            stream_id=track.info.stream_id,
            track_id=track.info.track_id,
            codec=track.info.codec,
            ssrc=ssrc,
            rtx_ssrc=ssrc + 1 if video else None,
        )
        if self.sections.add(outgoing):
            wish = self._wishes.get(track.info.track_id, Wish())
            self.transport.add(track, outgoing, wish)
            self._offer_soon()

    def remove(self, track: PublishedTrack) -> None:
        """The track is gone from the room."""
        self._wishes.pop(track.info.track_id, None)
        self.sections.remove(track.key)
        if self.transport is not None:
            self.transport.remove(track.key)
            self._offer_soon()

    def got_layer(self, track: PublishedTrack) -> None:
        if self.transport is not None:
            self.transport.got_layer(track)

    def got_wish(self, track: PublishedTrack, wish: Wish, *, wanted: bool) -> None:
        """`wanted`: a track that is not being sent is added."""
        self._wishes[track.info.track_id] = wish
        if self.transport is not None and track.key in self.transport.deliveries:
            self.transport.wish(track.key, wish)
        elif wanted:
            self.add(track)

    # -- offers -----------------------------------------------------------------------------------

    def _offer_soon(self) -> None:
        if self._closed or self._offer_timer is not None or self.sections.outstanding:
            return
        delay = DEBOUNCE_SECS if self._local.offers else 0.0
        self._offer_timer = asyncio.get_running_loop().call_later(delay, self._offer)

    def _offer(self) -> None:
        self._offer_timer = None
        transport = self.transport
        if self._closed or transport is None or not self.sections.dirty:
            return
        sections = self.sections.make_offer()
        self._local.offers += 1
        self._tell(
            rtc_pb2.Reply(
                description=rtc_pb2.SessionDescription(
                    target=rtc_pb2.SUBSCRIBER,
                    type="offer",
                    sdp=self._local.text(sections, transport.association, "actpass"),
                )
            )
        )
        if self._local.offers == 1:
            for reply in self._local.candidates(rtc_pb2.SUBSCRIBER, transport.association):
                self._tell(reply)
        self._answer_timer = asyncio.get_running_loop().call_later(
            ANSWER_TIMEOUT_SECS, self._give_up, TIMEOUT, "The answer did not come in time."
        )

    def got_answer(self, answer: Description) -> None:
        """Raises Refusal, or SdpError for no answer to this offer, which stays open."""
        transport = self.transport
        if transport is None or transport.association is None:
            raise Refusal(CONFLICT, "No offer is waiting for an answer.")
        verdicts = self.sections.got_answer(answer)
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
        remote = answer.transport
        if remote.complete and not self._answered:
            self._answered = True
            transport.association.set_remote(
                ufrag=remote.ufrag,
                pwd=remote.pwd,
                fingerprints=remote.fingerprints,
                dtls_role="client" if remote.setup == "passive" else "server",
            )
        for verdict in verdicts:
            transport.accept(verdict.key, accepted=verdict.accepted, rtx=verdict.rtx)
        if self.sections.dirty:
            self._offer_soon()

    # -- what the transport tells -----------------------------------------------------------------

    def _got_forwarded_layer(self, delivery: Delivery, layer: Layer | None) -> None:
        """Tells this subscriber, alone, which layer it gets: our one word beyond Ion's."""
        if delivery.track.simulcast:
            info = track_info(delivery.track, layer.rid if layer else "", muted=layer is None)
            self._tell(track_event(rtc_pb2.TrackEvent.UPDATE, delivery.track.uid, (info,)))

    def _got_lost(self, reason: str) -> None:
        if self.transport is not None:
            self._close_transport()
            self._give_up(GONE, f"The subscriber transport is gone: {reason}.")

    # -- the end ----------------------------------------------------------------------------------

    def _close_transport(self) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.close()

    def close(self) -> None:
        self._closed = True
        for timer in (self._offer_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        self._close_transport()
