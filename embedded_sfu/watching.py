"""The subscribing half of a peer that came with an offer of its own (WHEP): answered once.

It gets one picture and one sound at a time. Which ones may change without a new offer: what goes
on under the same SSRC is another track of the room, from its next keyframe on.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sfu_relay.proto import rtc_pb2

from .incoming import PublishedTrack
from .local_side import LocalSide, answering_setup
from .outgoing import SubscriberTransport, Wish
from .refusals import CONFLICT, GONE, NO_CODEC, NOT_FOUND, Refusal
from .row import Send
from .sdp import Description
from .sdp_parse import parse
from .subscriber_offer import OutgoingTrack
from .viewer_offer import STREAM_ID, Place, ViewerPlan, answer_viewer, plan_viewer
from .wire import rtp


@dataclass(slots=True)
class _Seat:
    """What one section is being sent; `key` of its last track even when that is gone."""

    place: Place
    ssrcs: tuple[int, int]
    track: PublishedTrack | None
    key: int


class Watching:
    """Has the methods of `Subscribing`. `give_up` ends the peer, with a code and a reason."""

    def __init__(self, local: LocalSide, *, give_up: Callable[[int, str], None]) -> None:
        self.transport: SubscriberTransport | None = None
        self._local = local
        self._give_up = give_up
        self._seats: dict[str, _Seat] = {}  # by kind
        self._others: list[PublishedTrack] = []  # that could be sent instead, oldest first

    # -- the offer --------------------------------------------------------------------------------

    def plan(self, description: rtc_pb2.SessionDescription) -> ViewerPlan:
        """Raises Refusal or SdpError."""
        plan = plan_viewer(parse(description.sdp))
        if description.type != "offer" or not plan.places:
            raise Refusal(NO_CODEC, "The offer asks for nothing that could be sent.")
        return plan

    def answer(
        self, plan: ViewerPlan, tracks: Iterable[PublishedTrack]
    ) -> rtc_pb2.SessionDescription:
        """With the room's newest track of each kind. Raises Refusal or EndpointFull."""
        tracks = list(tracks)
        if not tracks:
            raise Refusal(NOT_FOUND, "Nobody sends anything here.")
        # Nobody hears of layers over WHEP.
        transport = SubscriberTransport(
            got_lost=self._got_lost, got_layer=lambda _one, _layer: None
        )
        for kind, place in plan.places.items():
            fitting = [track for track in tracks if _fits(track, place)]
            self._others += fitting
            if fitting:
                ssrc = random.randrange(1, 0xFFFFFFFE)
                track = fitting[-1]
                self._seats[kind] = _Seat(place, (ssrc, ssrc + 1), track, track.key)
        if not self._seats:
            raise Refusal(NO_CODEC, "Nothing that is sent here is in a format of the offer.")
        remote = plan.remote
        association = self._local.endpoint.associate(transport)
        transport.association = association
        association.set_remote(
            ufrag=remote.ufrag,
            pwd=remote.pwd,
            fingerprints=remote.fingerprints,
            dtls_role="client" if remote.setup == "passive" else "server",
        )
        self.transport = transport
        for seat in self._seats.values():
            if seat.track is not None:
                transport.add(
                    seat.track, _outgoing(seat, seat.track), Wish(), _translate(seat.place)
                )
                rtx = seat.track.info.codec in seat.place.repairs
                transport.accept(seat.key, accepted=True, rtx=rtx)
        sections = answer_viewer(
            plan,
            {kind: one.track.info.codec for kind, one in self._seats.items() if one.track},
            {kind: seat.ssrcs for kind, seat in self._seats.items()},
        )
        return rtc_pb2.SessionDescription(
            target=rtc_pb2.SUBSCRIBER,
            type="answer",
            sdp=self._local.text(sections, association, answering_setup(remote.setup)),
        )

    def got_answer(self, answer: Description) -> None:
        raise Refusal(CONFLICT, "No offer is waiting for an answer.")

    # -- tracks -----------------------------------------------------------------------------------

    def add(self, track: PublishedTrack) -> None:
        """It may be sent from now on; it is at once where nothing else is."""
        seat = self._seats.get(track.info.kind)
        if seat is None or not _fits(track, seat.place) or track in self._others:
            return
        self._others.append(track)
        if seat.track is None:
            self._give(seat, track)

    def remove(self, track: PublishedTrack) -> None:
        """The track is gone from the room: the newest of the others goes on in its place."""
        self._others = [one for one in self._others if one is not track]
        seat = self._seats.get(track.info.kind)
        if seat is None or seat.track is not track:
            return
        seat.track = None
        if self.transport is not None:
            self.transport.pause(seat.key)
        left = [one for one in self._others if one.info.kind == track.info.kind]
        if left:
            self._give(seat, left[-1])

    def got_layer(self, track: PublishedTrack) -> None:
        if self.transport is not None:
            self.transport.got_layer(track)

    def got_wish(self, track: PublishedTrack, wish: Wish, *, wanted: bool) -> None:
        """`wanted`: this track is to be the picture, or the sound, from now on."""
        seat = self._seats.get(track.info.kind)
        if seat is None or self.transport is None or not _fits(track, seat.place):
            return
        if wanted and seat.track is not track:
            self._give(seat, track)
        if seat.track is track:
            self.transport.wish(track.key, wish)

    def _give(self, seat: _Seat, track: PublishedTrack) -> None:
        if self.transport is None:
            return
        rtx = track.info.codec in seat.place.repairs
        self.transport.go_on(seat.key, track, _outgoing(seat, track), rtx=rtx)
        seat.track, seat.key = track, track.key

    # -- the end ----------------------------------------------------------------------------------

    def _got_lost(self, reason: str) -> None:
        if self.transport is not None:
            self.close()
            self._give_up(GONE, f"The subscriber transport is gone: {reason}.")

    def close(self) -> None:
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.close()


def _fits(track: PublishedTrack, place: Place) -> bool:
    return track.info.kind == place.kind and track.info.codec in place.codecs


def _outgoing(seat: _Seat, track: PublishedTrack) -> OutgoingTrack:
    video = track.info.kind == "video"
    return OutgoingTrack(
        key=track.key,
        kind=track.info.kind,
        stream_id=STREAM_ID,
        track_id=track.info.track_id,
        codec=track.info.codec,
        ssrc=seat.ssrcs[0],
        rtx_ssrc=seat.ssrcs[1] if video else None,
    )


def _translate(place: Place) -> Callable[[Send], Send]:
    """Rewrites the house's payload types and extension ids, which other viewers get as they are."""
    types = {**{number: number for number in range(128)}, **place.payload_types}
    ids = rtp.make_extension_table(place.extensions)

    def around(send: Send) -> Send:
        def translated(packet: bytearray, length: int) -> bool:
            header = rtp.parse_header(packet, length)
            if header is not None:
                rtp.rewrite(packet, header, types[packet[1] & 0x7F], ids)
            return send(packet, length)

        return translated

    return around
