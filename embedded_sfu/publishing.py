"""The publishing half of a peer: answers its offers, opens and closes its tracks in the room."""

from __future__ import annotations

from collections.abc import Callable

from sfu_relay.proto import rtc_pb2

from .incoming import PublishedTrack, PublisherTransport
from .local_side import LocalSide, answering_setup
from .negotiation import IncomingTrack, PublisherPlan, plan_publisher
from .refusals import BAD_REQUEST, GONE, Refusal
from .room import MAX_PUBLISHERS_PER_ROOM, Full, Member, Room
from .sdp_parse import parse

MAX_TRACK_INFOS = 64


class Publishing:
    """`give_up` ends the peer, with a code and a reason."""

    def __init__(
        self, member: Member, local: LocalSide, *, give_up: Callable[[int, str], None]
    ) -> None:
        self.transport: PublisherTransport | None = None
        self.room: Room | None = None  # while the peer is in it
        self._member = member
        self._local = local
        self._give_up = give_up
        self._media_types: dict[str, rtc_pb2.MediaType] = {}

    @property
    def tracks(self) -> tuple[PublishedTrack, ...]:
        """Those that are connected."""
        if self.transport is None or not self.transport.connected:
            return ()
        return tuple(self.transport.tracks.values())

    # -- offers -----------------------------------------------------------------------------------

    def plan(self, description: rtc_pb2.SessionDescription, uid: str) -> PublisherPlan:
        """Raises Refusal or SdpError."""
        if description.type != "offer":
            raise Refusal(BAD_REQUEST, "An offer is needed.")
        plan = plan_publisher(parse(description.sdp), uid=uid)
        for info in description.trackInfos[:MAX_TRACK_INFOS]:
            for key in (info.streamId, info.id):
                if key:
                    self._media_types[key[:256]] = info.type
        return plan

    def answer(self, plan: PublisherPlan) -> rtc_pb2.SessionDescription:
        """Raises Full or EndpointFull."""
        if plan.needs_transport:
            self._open(plan)
        transport = self.transport
        if transport is not None:
            self._update_tracks(transport, plan)
        association = transport.association if transport is not None else None
        return rtc_pb2.SessionDescription(
            target=rtc_pb2.PUBLISHER,
            type="answer",
            sdp=self._local.text(plan.sections, association, answering_setup(plan.remote.setup)),
        )

    def _open(self, plan: PublisherPlan) -> None:
        if self.transport is not None or self.room is None:
            return
        if self.room.publishers() >= MAX_PUBLISHERS_PER_ROOM:
            raise Full("The room has too many publishers.")
        transport = PublisherTransport(
            got_ready=self._got_ready, got_layer=self._got_layer, got_lost=self._got_lost
        )
        transport.association = self._local.endpoint.associate(transport)
        transport.association.set_remote(
            ufrag=plan.remote.ufrag,
            pwd=plan.remote.pwd,
            fingerprints=plan.remote.fingerprints,
            dtls_role="client" if plan.remote.setup == "passive" else "server",
        )
        self.transport = transport

    def _update_tracks(self, transport: PublisherTransport, plan: PublisherPlan) -> None:
        before = transport.tracks
        now: list[PublishedTrack] = []
        for info in plan.tracks:
            known = before.get(info.mid)
            if known is not None and known.info.identity == info.identity:
                known.info = info
                now.append(known)
            else:
                now.append(PublishedTrack(info, self._member.uid, self._media_type(info)))
        kept = {track.key for track in now}
        gone = [track for track in before.values() if track.key not in kept]
        fresh = [track for track in now if track.key not in {item.key for item in before.values()}]
        transport.set_tracks(now)
        if self.room is not None:
            self.room.closed(self._member, gone)
            if transport.connected:
                for track in fresh:
                    self.room.opened(self._member, track)

    def _media_type(self, info: IncomingTrack) -> rtc_pb2.MediaType:
        types = self._media_types
        return types.get(info.stream_id) or types.get(info.track_id) or rtc_pb2.MediaUnknown

    # -- what the transport tells -----------------------------------------------------------------

    def _got_ready(self) -> None:
        if self.room is not None and self.transport is not None:
            for track in self.transport.tracks.values():
                self.room.opened(self._member, track)

    def _got_layer(self, track: PublishedTrack) -> None:
        if self.room is not None:
            self.room.seen(track)

    def _got_lost(self, reason: str) -> None:
        if self.transport is None:
            return
        self._close_transport()
        self._give_up(GONE, f"The publisher transport is gone: {reason}.")

    # -- the end ----------------------------------------------------------------------------------

    def _close_transport(self) -> None:
        transport, self.transport = self.transport, None
        if transport is None:
            return
        gone = tuple(transport.tracks.values())
        transport.close()
        if self.room is not None:
            self.room.closed(self._member, gone)

    def close(self) -> None:
        """Take the tracks out of the room; the peer leaves it."""
        self._close_transport()
        self.room = None
