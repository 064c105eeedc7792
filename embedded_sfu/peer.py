"""One peer of a room: one gRPC stream with its two transports. Messages in, replies out.

Nothing here waits: each request is carried out at once, so a peer's requests keep their order.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from sfu_relay.proto import rtc_pb2

from . import negotiation, sdp, sdp_build, sdp_parse
from .forward import Layer
from .incoming import PublishedTrack, PublisherTransport
from .negotiation import PublisherPlan
from .outgoing import Delivery, SubscriberTransport, Wish
from .room import MAX_PUBLISHERS_PER_ROOM, Full, Room, Rooms, track_event, track_info
from .sdp import LocalTransport, SdpError
from .subscriber_offer import OutgoingTrack, SubscriberSections
from .transport.association import Association
from .transport.endpoint import Endpoint, EndpointFull

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_SECS = 10.0
# Tracks of one publisher come together; several publishers may come at once after a restart.
DEBOUNCE_SECS = 0.12
MAX_ID_CHARS = 128
MAX_SUBSCRIPTIONS = 64
BAD_REQUEST, TIMEOUT, CONFLICT, GONE, FULL = 400, 408, 409, 410, 503


class Refusal(Exception):
    """A request that is not carried out; the peer lives on."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def as_error(self) -> rtc_pb2.Error:
        return rtc_pb2.Error(code=self.code, reason=self.reason)


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
        self.publisher: PublisherTransport | None = None
        self.subscriber: SubscriberTransport | None = None
        self.closed = False
        self._endpoint = endpoint
        self._rooms = rooms
        self._send = send
        self._end = end
        self._config: Mapping[str, str] = {}
        self._sections = SubscriberSections()
        self._wishes: dict[str, Wish] = {}
        self._session_id = random.randrange(1, 1 << 62)
        self._version = 0
        self._offer_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._media_types: dict[str, rtc_pb2.MediaType] = {}
        self._answered = False

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
            self._refuse(kind, _refusal(error))
        except Exception:
            log.exception("a %s request of %r", kind, self.uid)
            self._refuse(kind, Refusal(500, "Internal error."))

    def _refuse(self, kind: str | None, refusal: Refusal) -> None:
        error = refusal.as_error()
        match kind:
            case "join":
                reply = rtc_pb2.Reply(join=rtc_pb2.JoinReply(success=False, error=error))
            case "subscription":
                reply = rtc_pb2.Reply(
                    subscription=rtc_pb2.SubscriptionReply(success=False, error=error)
                )
            case _:
                reply = rtc_pb2.Reply(error=error)
        self.tell(reply)

    def _got_join(self, join: rtc_pb2.JoinRequest) -> None:
        if self.room is not None:
            raise Refusal(CONFLICT, "This stream has joined already.")
        for name, value in (("sid", join.sid), ("uid", join.uid)):
            if not 0 < len(value) <= MAX_ID_CHARS or not value.isprintable():
                raise Refusal(BAD_REQUEST, f"The {name} is empty, too long or not printable.")
        config = dict(join.config)
        publishes = config.get("NoPublish") != "true"
        plan = None
        if publishes or join.HasField("description"):
            plan = self._plan(join.description, join.uid)
            if plan.needs_transport and not publishes:
                raise Refusal(BAD_REQUEST, "The offer sends media in spite of NoPublish.")
        self.uid = join.uid
        try:
            room = self._rooms.join(join.sid, self)
        except Full:
            self.uid = ""
            raise
        self.room = room
        self._config = config
        try:
            answer = self._answer(plan) if plan is not None else None
        except Exception:
            self._leave()
            raise
        reply = rtc_pb2.JoinReply(success=True)
        if answer is not None:
            reply.description.CopyFrom(answer)
        self.tell(rtc_pb2.Reply(join=reply))
        if self.publisher is not None:
            self._tell_candidates(rtc_pb2.PUBLISHER, self.publisher.association)
        room.introduce(self)
        if self._auto_subscribes:
            for track in room.tracks_for(self):
                self._subscribe(track)

    @property
    def _auto_subscribes(self) -> bool:
        config = self._config
        return config.get("NoAutoSubscribe") != "true" and config.get("NoSubscribe") != "true"

    def _got_description(self, description: rtc_pb2.SessionDescription) -> None:
        if self.room is None:
            raise Refusal(CONFLICT, "Join first.")
        match description.type:
            case "offer":
                plan = self._plan(description, self.uid)
                fresh = self.publisher is None
                answer = self._answer(plan)
                self.tell(rtc_pb2.Reply(description=answer))
                if fresh and self.publisher is not None:
                    self._tell_candidates(rtc_pb2.PUBLISHER, self.publisher.association)
            case "answer":
                self._got_answer(sdp_parse.parse(description.sdp))
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
            if item.layer not in ("", "auto", *negotiation.SIMULCAST_RIDS):
                raise Refusal(BAD_REQUEST, "A layer is q, h, f or auto.")
        known = {track.info.track_id: track for track in self.room.tracks_for(self)}
        for item in request.subscriptions:
            track = known.get(item.trackId)
            if track is None:
                raise Refusal(404, "There is no such track.")
            layer = "" if item.layer == "auto" else item.layer
            self._wishes[item.trackId] = wish = Wish(layer, item.mute or not item.subscribe)
            if self.subscriber is not None and track.key in self.subscriber.deliveries:
                self.subscriber.wish(track.key, wish)
            elif item.subscribe and self._config.get("NoSubscribe") != "true":
                self._subscribe(track)
        self.tell(rtc_pb2.Reply(subscription=rtc_pb2.SubscriptionReply(success=True)))

    # -- publishing -------------------------------------------------------------------------------

    def _plan(self, description: rtc_pb2.SessionDescription, uid: str) -> PublisherPlan:
        if description.type != "offer":
            raise Refusal(BAD_REQUEST, "An offer is needed.")
        plan = negotiation.plan_publisher(sdp_parse.parse(description.sdp), uid=uid)
        for info in description.trackInfos[:MAX_SUBSCRIPTIONS]:
            for key in (info.streamId, info.id):
                if key:
                    self._media_types[key[:256]] = info.type
        return plan

    def _answer(self, plan: PublisherPlan) -> rtc_pb2.SessionDescription:
        if plan.needs_transport:
            self._open_publisher(plan)
        publisher = self.publisher
        if publisher is not None:
            self._update_tracks(publisher, plan)
        association = publisher.association if publisher is not None else None
        return rtc_pb2.SessionDescription(
            target=rtc_pb2.PUBLISHER,
            type="answer",
            sdp=self._text(plan.sections, association, "passive"),
        )

    def _open_publisher(self, plan: PublisherPlan) -> None:
        if self.publisher is not None or self.room is None:
            return
        if self.room.publishers() >= MAX_PUBLISHERS_PER_ROOM:
            raise Full("The room has too many publishers.")
        publisher = PublisherTransport(
            got_ready=self._got_publisher_ready,
            got_layer=self._got_publisher_layer,
            got_lost=self._got_publisher_lost,
        )
        publisher.association = self._endpoint.associate(publisher)
        publisher.association.set_remote(
            ufrag=plan.remote.ufrag,
            pwd=plan.remote.pwd,
            fingerprints=plan.remote.fingerprints,
            dtls_role="client" if plan.remote.setup == "passive" else "server",
        )
        self.publisher = publisher

    def _update_tracks(self, publisher: PublisherTransport, plan: PublisherPlan) -> None:
        before = publisher.tracks
        now: list[PublishedTrack] = []
        for info in plan.tracks:
            known = before.get(info.mid)
            if known is not None and known.info.identity == info.identity:
                known.info = info
                now.append(known)
            else:
                now.append(PublishedTrack(info, self.uid, self._media_type(info)))
        kept = {track.key for track in now}
        gone = [track for track in before.values() if track.key not in kept]
        fresh = [track for track in now if track.key not in {item.key for item in before.values()}]
        publisher.set_tracks(now)
        if self.room is not None:
            self.room.closed(self, gone)
            if publisher.connected:
                for track in fresh:
                    self.room.opened(self, track)

    def _media_type(self, info: negotiation.IncomingTrack) -> rtc_pb2.MediaType:
        types = self._media_types
        return types.get(info.stream_id) or types.get(info.track_id) or rtc_pb2.MediaUnknown

    def _got_publisher_ready(self) -> None:
        if self.room is not None and self.publisher is not None:
            for track in self.publisher.tracks.values():
                self.room.opened(self, track)

    def _got_publisher_layer(self, track: PublishedTrack) -> None:
        if self.room is not None:
            self.room.seen(track)

    def _got_publisher_lost(self, reason: str) -> None:
        publisher, self.publisher = self.publisher, None
        if publisher is None:
            return
        gone = tuple(publisher.tracks.values())
        publisher.close()
        if self.room is not None:
            self.room.closed(self, gone)
        self._give_up(GONE, f"The publisher transport is gone: {reason}.")

    # -- what the room tells ----------------------------------------------------------------------

    def tell(self, reply: rtc_pb2.Reply) -> None:
        if not self.closed:
            self._send(reply)

    def published(self) -> Iterable[PublishedTrack]:
        if self.publisher is None or not self.publisher.connected:
            return ()
        return tuple(self.publisher.tracks.values())

    def got_track(self, track: PublishedTrack) -> None:
        if self._auto_subscribes:
            self._subscribe(track)

    def got_layer(self, track: PublishedTrack) -> None:
        if self.subscriber is not None:
            self.subscriber.got_layer(track)

    def lost_track(self, track: PublishedTrack) -> None:
        self._wishes.pop(track.info.track_id, None)
        self._sections.remove(track.key)
        if self.subscriber is not None:
            self.subscriber.remove(track.key)
            self._offer_soon()

    # -- subscribing ------------------------------------------------------------------------------

    def _subscribe(self, track: PublishedTrack) -> None:
        if self.closed or (self.subscriber and track.key in self.subscriber.deliveries):
            return
        if self.subscriber is None:
            subscriber = SubscriberTransport(
                got_lost=self._got_subscriber_lost, got_layer=self._got_forwarded_layer
            )
            try:
                subscriber.association = self._endpoint.associate(subscriber)
            except EndpointFull as error:
                self._give_up(FULL, str(error))
                return
            self.subscriber = subscriber
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
        if self._sections.add(outgoing):
            wish = self._wishes.get(track.info.track_id, Wish())
            self.subscriber.add(track, outgoing, wish)
            self._offer_soon()

    def _offer_soon(self) -> None:
        if self.closed or self._offer_timer is not None or self._sections.outstanding:
            return
        delay = DEBOUNCE_SECS if self._version else 0.0
        self._offer_timer = asyncio.get_running_loop().call_later(delay, self._offer)

    def _offer(self) -> None:
        self._offer_timer = None
        subscriber = self.subscriber
        if self.closed or subscriber is None or not self._sections.dirty:
            return
        sections = self._sections.make_offer()
        self._version += 1
        self.tell(
            rtc_pb2.Reply(
                description=rtc_pb2.SessionDescription(
                    target=rtc_pb2.SUBSCRIBER,
                    type="offer",
                    sdp=self._text(sections, subscriber.association, "actpass"),
                )
            )
        )
        if self._version == 1:
            self._tell_candidates(rtc_pb2.SUBSCRIBER, subscriber.association)
        self._answer_timer = asyncio.get_running_loop().call_later(
            ANSWER_TIMEOUT_SECS, self._give_up, TIMEOUT, "The answer did not come in time."
        )

    def _got_answer(self, answer: sdp.Description) -> None:
        subscriber = self.subscriber
        if subscriber is None or subscriber.association is None:
            raise Refusal(CONFLICT, "No offer is waiting for an answer.")
        verdicts = self._sections.got_answer(answer)
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
        remote = answer.transport
        if remote.complete and not self._answered:
            self._answered = True
            subscriber.association.set_remote(
                ufrag=remote.ufrag,
                pwd=remote.pwd,
                fingerprints=remote.fingerprints,
                dtls_role="client" if remote.setup == "passive" else "server",
            )
        for verdict in verdicts:
            subscriber.accept(verdict.key, accepted=verdict.accepted, rtx=verdict.rtx)
        if self._sections.dirty:
            self._offer_soon()

    def _got_forwarded_layer(self, delivery: Delivery, layer: Layer | None) -> None:
        """Tells this subscriber, alone, which layer it gets: our one word beyond Ion's."""
        if delivery.track.simulcast:
            info = track_info(delivery.track, layer.rid if layer else "", muted=layer is None)
            self.tell(track_event(rtc_pb2.TrackEvent.UPDATE, delivery.track.uid, (info,)))

    def _got_subscriber_lost(self, reason: str) -> None:
        subscriber, self.subscriber = self.subscriber, None
        if subscriber is not None:
            subscriber.close()
            self._give_up(GONE, f"The subscriber transport is gone: {reason}.")

    # -- the end ----------------------------------------------------------------------------------

    def _text(
        self,
        sections: tuple[sdp.LocalSection, ...],
        association: Association | None,
        setup: Literal["passive", "actpass"],
    ) -> str:
        """Without an association (a viewer's fixed offer): credentials that nobody will use."""
        transport = LocalTransport(
            ufrag=association.ufrag if association else "none",
            pwd=association.pwd if association else "no-transport-was-made-here",
            fingerprint=self._endpoint.fingerprint,
            setup=setup,
            candidates=tuple(self._endpoint.candidates()) if association else (),
        )
        return sdp_build.build(
            sections, transport, session_id=self._session_id, version=self._version + 1
        )

    def _tell_candidates(self, target: rtc_pb2.Target, association: Association | None) -> None:
        if association is None:
            return
        for candidate in self._endpoint.candidates():
            init = {"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0}
            trickle = rtc_pb2.Trickle(target=target, init=json.dumps(init))
            self.tell(rtc_pb2.Reply(trickle=trickle))

    def _give_up(self, code: int, reason: str) -> None:
        self.tell(rtc_pb2.Reply(error=rtc_pb2.Error(code=code, reason=reason)))
        self._end()

    def _leave(self) -> None:
        room, self.room = self.room, None
        publisher, self.publisher = self.publisher, None
        subscriber, self.subscriber = self.subscriber, None
        if publisher is not None:
            gone = tuple(publisher.tracks.values())
            publisher.close()
            if room is not None:
                room.closed(self, gone)
        if subscriber is not None:
            subscriber.close()
        if room is not None:
            self._rooms.leave(room, self)

    def close(self) -> None:
        """The stream ended: leave nothing behind. May be called twice."""
        self.closed = True
        for timer in (self._offer_timer, self._answer_timer):
            if timer is not None:
                timer.cancel()
        self._leave()


def _refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case SdpError():
            return Refusal(BAD_REQUEST, str(error))
        case _:
            return Refusal(FULL, str(error))
