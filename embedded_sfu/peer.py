"""One peer of a room: one gRPC stream. Its requests come here and go to one of its two halves.

Nothing here waits: each request is carried out at once, so a peer's requests keep their order.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping

from sfu_relay.proto import rtc_pb2

from .incoming import PublishedTrack, PublisherTransport
from .local_side import LocalSide
from .negotiation import SIMULCAST_RIDS
from .outgoing import SubscriberTransport, Wish
from .publishing import Publishing
from .refusals import (
    BAD_REQUEST,
    CONFLICT,
    NOT_FOUND,
    Refusal,
    refusal_of,
    refusing_reply,
)
from .room import Full, Room, Rooms
from .sdp import SdpError
from .sdp_parse import parse
from .subscribing import Subscribing
from .transport.endpoint import Endpoint, EndpointFull
from .watching import Watching

log = logging.getLogger(__name__)

MAX_ID_CHARS = 128
MAX_SUBSCRIPTIONS = 64


class Peer:
    """See the module. `send` queues a reply, `end` ends the stream once the queue is empty."""

    def __init__(
        self,
        endpoint: Endpoint,
        rooms: Rooms,
        *,
        send: Callable[[rtc_pb2.Reply], None],
        end: Callable[[], None],
    ) -> None:
        self.uid = ""
        self.room: Room | None = None
        self.closed = False
        self._rooms = rooms
        self._send = send
        self._end = end
        self._config: Mapping[str, str] = {}
        self._local = LocalSide(endpoint)
        self.publishing = Publishing(self, self._local, give_up=self._give_up)
        self.subscribing: Subscribing | Watching = Subscribing(
            self._local, tell=self.tell, give_up=self._give_up
        )

    @property
    def publisher(self) -> PublisherTransport | None:
        return self.publishing.transport

    @property
    def subscriber(self) -> SubscriberTransport | None:
        return self.subscribing.transport

    # -- requests ---------------------------------------------------------------------------------

    def got_request(self, request: rtc_pb2.Request) -> None:
        """Carry out one request; whatever is wrong with it becomes a reply."""
        kind = request.WhichOneof("payload")
        try:
            match kind:
                case "join":
                    self._got_join(request.join)
                case "description":
                    self._got_description(request.description)
                case "trickle":
                    self._got_trickle(request.trickle)
                case "subscription":
                    self._got_subscription(request.subscription)
                case _:
                    raise Refusal(BAD_REQUEST, "The request is empty.")
        except (Refusal, SdpError, Full, EndpointFull) as error:
            self.tell(refusing_reply(kind, refusal_of(error)))
        except Exception:
            log.exception("a %s request of %r", kind, self.uid)
            self.tell(refusing_reply(kind, Refusal(500, "Internal error.")))

    def _got_join(self, join: rtc_pb2.JoinRequest) -> None:
        if self.room is not None:
            raise Refusal(CONFLICT, "This stream has joined already.")
        for name, value in (("sid", join.sid), ("uid", join.uid)):
            if not 0 < len(value) <= MAX_ID_CHARS or not value.isprintable():
                raise Refusal(BAD_REQUEST, f"The {name} is empty, too long or not printable.")
        config = dict(join.config)
        if config.get("SubscribeByOffer") == "true":
            self._got_viewer(join, config)
            return
        publishes = config.get("NoPublish") != "true"
        plan = None
        if publishes or join.HasField("description"):
            plan = self.publishing.plan(join.description, join.uid)
            if plan.needs_transport and not publishes:
                raise Refusal(BAD_REQUEST, "The offer sends media in spite of NoPublish.")
        room = self._enter(join, config)
        try:
            answer = self.publishing.answer(plan) if plan is not None else None
        except Exception:
            self._leave()
            raise
        reply = rtc_pb2.JoinReply(success=True)
        if answer is not None:
            reply.description.CopyFrom(answer)
        self.tell(rtc_pb2.Reply(join=reply))
        self._tell_publisher_candidates()
        room.introduce(self)
        if self._auto_subscribes:
            for track in room.tracks_for(self):
                self.subscribing.add(track)

    def _got_viewer(self, join: rtc_pb2.JoinRequest, config: Mapping[str, str]) -> None:
        """A viewer that offers: answered with what it will be sent."""
        watching = Watching(self._local, give_up=self._give_up)
        plan = watching.plan(join.description)
        room = self._enter(join, config)
        try:
            answer = watching.answer(plan, room.tracks_for(self))
        except Exception:
            self._leave()
            raise
        self.subscribing = watching
        self.tell(rtc_pb2.Reply(join=rtc_pb2.JoinReply(success=True, description=answer)))
        room.introduce(self)

    def _enter(self, join: rtc_pb2.JoinRequest, config: Mapping[str, str]) -> Room:
        """Raises Full."""
        self.uid = join.uid
        try:
            room = self._rooms.join(join.sid, self)
        except Full:
            self.uid = ""
            raise
        self.room = self.publishing.room = room
        self._config = config
        return room

    @property
    def _auto_subscribes(self) -> bool:
        return self._config.get("NoAutoSubscribe") != "true" and self._may_subscribe

    @property
    def _may_subscribe(self) -> bool:
        return self._config.get("NoSubscribe") != "true"

    def _got_description(self, description: rtc_pb2.SessionDescription) -> None:
        if self.room is None:
            raise Refusal(CONFLICT, "Join first.")
        match description.type:
            case "offer" if isinstance(self.subscribing, Watching):
                raise Refusal(CONFLICT, "Its offer was answered; it can't make another one.")
            case "offer":
                plan = self.publishing.plan(description, self.uid)
                fresh = self.publisher is None
                answer = self.publishing.answer(plan)
                self.tell(rtc_pb2.Reply(description=answer))
                if fresh:
                    self._tell_publisher_candidates()
            case "answer":
                self.subscribing.got_answer(parse(description.sdp))
            case _:
                raise Refusal(BAD_REQUEST, "A description is an offer or an answer.")

    def _got_trickle(self, trickle: rtc_pb2.Trickle) -> None:
        """ICE-lite learns the browser's addresses from its checks: only the form is looked at."""
        if self.room is None:
            raise Refusal(CONFLICT, "Join first.")
        try:
            init = json.loads(trickle.init) if len(trickle.init) <= 4096 else None
        except (ValueError, RecursionError):
            init = None
        if not isinstance(init, dict) or not isinstance(init.get("candidate", ""), str):
            raise Refusal(BAD_REQUEST, "The candidate is not an RTCIceCandidateInit.")

    def _got_subscription(self, request: rtc_pb2.SubscriptionRequest) -> None:
        if self.room is None:
            raise Refusal(CONFLICT, "Join first.")
        if len(request.subscriptions) > MAX_SUBSCRIPTIONS:
            raise Refusal(BAD_REQUEST, "Too many subscriptions at once.")
        for item in request.subscriptions:
            if item.layer not in ("", "auto", *SIMULCAST_RIDS):
                raise Refusal(BAD_REQUEST, "A layer is q, h, f or auto.")
        known = {track.info.track_id: track for track in self.room.tracks_for(self)}
        for item in request.subscriptions:
            track = known.get(item.trackId)
            if track is None:
                raise Refusal(NOT_FOUND, "There is no such track.")
            layer = "" if item.layer == "auto" else item.layer
            wish = Wish(layer, item.mute or not item.subscribe)
            self.subscribing.got_wish(track, wish, wanted=item.subscribe and self._may_subscribe)
        self.tell(rtc_pb2.Reply(subscription=rtc_pb2.SubscriptionReply(success=True)))

    # -- what the room tells ----------------------------------------------------------------------

    def tell(self, reply: rtc_pb2.Reply) -> None:
        if not self.closed:
            self._send(reply)

    def published(self) -> Iterable[PublishedTrack]:
        return self.publishing.tracks

    def got_track(self, track: PublishedTrack) -> None:
        if self._auto_subscribes:
            self.subscribing.add(track)

    def got_layer(self, track: PublishedTrack) -> None:
        self.subscribing.got_layer(track)

    def lost_track(self, track: PublishedTrack) -> None:
        self.subscribing.remove(track)

    # -- the end ----------------------------------------------------------------------------------

    def _tell_publisher_candidates(self) -> None:
        association = self.publisher.association if self.publisher is not None else None
        for reply in self._local.candidates(rtc_pb2.PUBLISHER, association):
            self.tell(reply)

    def _give_up(self, code: int, reason: str) -> None:
        self.tell(rtc_pb2.Reply(error=rtc_pb2.Error(code=code, reason=reason)))
        self._end()

    def _leave(self) -> None:
        room, self.room = self.room, None
        self.publishing.close()
        if room is not None:
            self._rooms.leave(room, self)

    def close(self) -> None:
        """The stream ended: leave nothing behind. May be called twice."""
        self.closed = True
        self.subscribing.close()
        self._leave()
