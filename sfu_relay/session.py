"""One peer's dealings with the SFU as a state machine, pure: inputs and the time in, effects out.

It lets nothing through that could harm a node: the join comes first and alone, offers go one by
one, answers match an offer, candidates wait for the join, layers are asked of known tracks only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    Lost,
    MediaStarted,
    Refused,
    Role,
    Target,
    Track,
    TracksChanged,
)
from sfu_relay.fixed_offer import FIXED_OFFER
from sfu_relay.guard import GuardedOffer, Rejected, guard_viewer_offer
from sfu_relay.layer_wishes import LayerWishes
from sfu_relay.messages import (
    AssumePublished,
    Effect,
    End,
    GotAnswer,
    GotCandidate,
    GotChoice,
    GotLayer,
    GotOffer,
    Hangup,
    Join,
    MediaSeen,
    RoomTracks,
    SendLayer,
    SendOffer,
    SessionInput,
    SfuAnswer,
    SfuCandidate,
    SfuComplaint,
    SfuJoined,
    SfuJoinFailed,
    SfuLayer,
    SfuOffer,
    SfuTracks,
    Started,
    StreamEnded,
    Tell,
    TimePassed,
)
from sfu_relay.publisher_offers import PublisherOffers
from sfu_relay.stream_end import Loss, StreamEnds, TryAgain
from sfu_relay.subscriber_offers import OddOffer, SubscriberOffers
from sfu_relay.trickle import Trickle

# What a join by offer is refused for, as the embedded SFU says it.
_WHY_NOT = {400: "bad_sdp", 404: "not_live", 415: "no_common_codec"}
RetryIn = Callable[[str], int | None]  # code of a loss → when to come back, ms


class Phase(Enum):
    NEW = "new"  # a publisher that has not offered yet
    JOINING = "joining"
    JOINED = "joined"
    OVER = "over"


class Session:
    """The machine of one peer. `now` is any monotonic clock in seconds."""

    def __init__(
        self,
        *,
        role: Role,
        watch: bool,
        config: RelayConfig,
        retry_in_ms: RetryIn,
        by_offer: bool = False,
    ) -> None:
        self.role = role
        self._by_offer = by_offer  # a subscriber that offers, once
        self.watches = watch or role is Role.SUBSCRIBER
        self.phase = Phase.NEW
        self._config = config
        self._retry_in_ms = retry_in_ms
        self._deadlines: dict[str, float] = {}
        self._join_sdp = ""
        self._assumes = False
        self._media_started = False
        self._offers_up = PublisherOffers(config.video_codecs)
        self._offers_down = SubscriberOffers()
        self._layers = LayerWishes()
        self._trickle = Trickle(mdns=config.mdns_candidates)
        self._ends = StreamEnds()

    @property
    def deadline(self) -> float | None:
        """When `TimePassed` is due."""
        return min(self._deadlines.values(), default=None)

    def handle(self, message: SessionInput, now: float) -> list[Effect]:
        """Take one input. Never raises on anything that came from outside."""
        if self.phase is Phase.OVER:
            return []
        match message:
            case Started():
                return self._started(now)
            case GotOffer(sdp, sources):
                return self._got_offer(sdp, sources, now)
            case GotAnswer(sdp, offer_id):
                return self._got_answer(sdp, offer_id)
            case GotCandidate(candidate, target):
                return self._got_candidate(candidate, target)
            case GotLayer(stream_id, layer):
                return self._got_layer(stream_id, layer)
            case GotChoice(track_ids, never):
                return self._got_choice(track_ids, never)
            case SfuJoined(sdp, announces):
                return self._sfu_joined(sdp, announces, now)
            case SfuJoinFailed(reason, code):
                why = _WHY_NOT.get(code) if self._by_offer else None
                return self._lose(
                    why or "sfu_refused", f"The media server refused the join: {reason}"
                )
            case SfuAnswer(sdp):
                return self._sfu_answer(sdp, now)
            case SfuOffer(sdp):
                return self._sfu_offer(sdp, now)
            case SfuCandidate(target, candidate):
                if self._uses(target):
                    return [Tell(CandidateFound(target, candidate))]
                return []
            case SfuLayer(stream_id, layer):
                return self._sfu_layer(stream_id, layer)
            case RoomTracks(tracks):
                return self._room_tracks(tracks)
            case MediaSeen():
                return self._start_media()
            case StreamEnded(end, detail):
                return self._stream_ended(end, detail, now)
            case TimePassed():
                return self._time_passed(now)
            case SfuComplaint():
                return self._sfu_complained(message, now)
            case SfuTracks():
                return []

    # --- the browser's side ---------------------------------------------------------------------

    def _started(self, now: float) -> list[Effect]:
        if self.role is not Role.SUBSCRIBER or self.phase is not Phase.NEW or self._by_offer:
            return []
        return [self._join(FIXED_OFFER, now)]

    def _got_offer(self, sdp: str, sources: Mapping[str, str], now: float) -> list[Effect]:
        if self._by_offer:
            return self._got_viewer_offer(sdp, now)
        if self.role is not Role.PUBLISHER:
            return [_refused("wrong_role", "A subscriber only answers.", "offer")]
        try:
            offer = self._offers_up.got_offer(sdp, sources)
        except Rejected as error:
            return [_refused(error.code, error.detail, "offer")]
        if offer is None:
            return []
        if self.phase is Phase.NEW:
            return [self._join(offer.sdp, now)]
        return [self._send_offer(offer, now)]

    def _got_viewer_offer(self, sdp: str, now: float) -> list[Effect]:
        if self.phase is not Phase.NEW:
            return [_refused("wrong_order", "A viewer offers once.", "offer")]
        try:
            return [self._join(guard_viewer_offer(sdp), now)]
        except Rejected as error:
            return [_refused(error.code, error.detail, "offer")]

    def _got_choice(self, track_ids: tuple[str, ...], never: tuple[str, ...]) -> list[Effect]:
        if not self._by_offer or self.phase is not Phase.JOINED:
            return []
        known = {track.track_id for track in self._layers.tracks}
        return [
            SendLayer(track_id, "", subscribe=wanted, auto=wanted)
            for wanted, ids in ((False, never), (True, track_ids))
            for track_id in ids
            if track_id in known
        ]

    def _got_answer(self, sdp: str, offer_id: int | None) -> list[Effect]:
        try:
            answer = self._offers_down.got_answer(sdp, offer_id)
        except OddOffer as error:
            return self._lose("sfu_refused", f"The media server's offer is odd: {error}")
        except Rejected as error:
            return [_refused(error.code, error.detail, "answer")]
        self._deadlines.pop("browser_answer", None)
        return [answer]

    def _got_candidate(self, candidate: object, target: Target) -> list[Effect]:
        if not self._uses(target):
            return [_refused("wrong_order", f"This session has no {target} transport.", "ice")]
        joined = self.phase is Phase.JOINED
        try:
            return list(self._trickle.got_candidate(candidate, target, joined=joined))
        except Rejected as error:
            return [_refused(error.code, error.detail, "ice")]

    def _got_layer(self, stream_id: str, layer: str) -> list[Effect]:
        receives = self.watches and self._offers_down.answered_once
        try:
            return list(self._layers.got_wish(stream_id, layer, receives=receives))
        except Rejected as error:
            return [_refused(error.code, error.detail, "layer")]

    # --- the SFU's side -------------------------------------------------------------------------

    def _sfu_joined(self, sdp: str, announces_publishers: bool, now: float) -> list[Effect]:
        if self.phase is not Phase.JOINING:
            return []
        self.phase = Phase.JOINED
        self._deadlines.pop("join", None)
        effects: list[Effect] = []
        if self.role is Role.PUBLISHER:
            self._assumes = not announces_publishers
            effects += self._answered(sdp, now)
        elif self._by_offer:
            effects.append(Tell(Answered(sdp)))
        if self._layers.tracks:
            effects.append(Tell(TracksChanged(self._layers.tracks)))
        effects += self._trickle.release()
        early = self._offers_down.take_early()
        if early is not None:
            effects += self._sfu_offer(early, now)
        return effects

    def _sfu_answer(self, sdp: str, now: float) -> list[Effect]:
        if self.phase is not Phase.JOINED or not self._offers_up.outstanding:
            return []
        return self._answered(sdp, now)

    def _answered(self, sdp: str, now: float) -> list[Effect]:
        effects: list[Effect] = [Tell(Answered(sdp))]
        self._deadlines.pop("sfu_answer", None)
        if self._assumes:
            self._deadlines["assume"] = now + self._config.assume_media_secs
        return [*effects, *self._offers_up.published(), *self._send_next(now)]

    def _sfu_offer(self, sdp: str, now: float) -> list[Effect]:
        if not self.watches or self._by_offer:
            return []  # the SFU offers to everybody; nobody here would answer
        if self.phase is not Phase.JOINED:
            self._offers_down.keep_early(sdp)
            return []
        self._deadlines["browser_answer"] = now + self._config.answer_timeout_secs
        return [Tell(self._offers_down.got_offer(sdp))]

    def _sfu_complained(self, complaint: SfuComplaint, now: float) -> list[Effect]:
        self._ends.got_complaint(complaint, now)
        if self.phase is not Phase.JOINED or not self._offers_up.outstanding:
            return []
        # All else that we send was checked: it is the offer that was not taken.
        self._deadlines.pop("sfu_answer", None)
        return [_refused("bad_sdp", complaint.reason, "offer"), *self._send_next(now)]

    def _sfu_layer(self, stream_id: str, layer: str) -> list[Effect]:
        if not self.watches:
            return []
        return [Tell(LayerChanged(stream_id, layer, self._layers.automatic(stream_id)))]

    def _room_tracks(self, tracks: tuple[Track, ...]) -> list[Effect]:
        changed = self._layers.got_tracks(tracks)
        return [Tell(TracksChanged(tracks))] if changed and self.phase is Phase.JOINED else []

    def _start_media(self) -> list[Effect]:
        if self._media_started or self.role is not Role.PUBLISHER:
            return []
        self._media_started = True
        return [Tell(MediaStarted())]

    def _stream_ended(self, end: End, detail: str, now: float) -> list[Effect]:
        joining = self.phase is Phase.JOINING
        match self._ends.got_end(end, detail, joining=joining, now=now):
            case TryAgain(delay_secs):
                return [self._rejoin(delay_secs)]
            case Loss(code, reason):
                return self._lose(code, reason)

    # --- time -----------------------------------------------------------------------------------

    def _time_passed(self, now: float) -> list[Effect]:
        due = [name for name, at in self._deadlines.items() if at <= now]
        effects: list[Effect] = []
        for name in due:
            self._deadlines.pop(name, None)
        if "join" in due:
            if self._ends.unreachable:
                return self._lose("sfu_unavailable", "No media server answers.")
            return self._lose("sfu_timeout", "The media server did not answer the join in time.")
        if "sfu_answer" in due:
            return self._lose("sfu_timeout", "The media server did not answer the offer in time.")
        if "browser_answer" in due:
            return self._lose("answer_timeout", "The browser's answer did not come in time.")
        if "assume" in due:
            effects += [AssumePublished(), *self._start_media()]
        return effects

    # --- helpers --------------------------------------------------------------------------------

    def _uses(self, target: Target) -> bool:
        if target is Target.PUBLISHER:
            return self.role is Role.PUBLISHER
        return self.watches

    def _join(self, sdp: str, now: float) -> Join:
        self.phase = Phase.JOINING
        self._join_sdp = sdp
        self._deadlines["join"] = now + self._config.join_timeout_secs
        return self._rejoin(0.0)

    def _rejoin(self, delay_secs: float) -> Join:
        return Join(
            self._join_sdp, self.watches, self._ends.attempt, delay_secs, by_offer=self._by_offer
        )

    def _send_offer(self, offer: GuardedOffer, now: float) -> SendOffer:
        self._deadlines["sfu_answer"] = now + self._config.join_timeout_secs
        return SendOffer(offer.sdp)

    def _send_next(self, now: float) -> list[Effect]:
        offer = self._offers_up.settle()
        return [self._send_offer(offer, now)] if offer is not None else []

    def _lose(self, code: str, detail: str) -> list[Effect]:
        self.phase = Phase.OVER
        self._deadlines.clear()
        return [Tell(Lost(code, detail, self._retry_in_ms(code))), Hangup()]

    def refuse(self, code: str, detail: str) -> list[Effect]:
        """Its node is not one for this peer."""
        return self._lose(code, detail)

    def close(self) -> list[Effect]:
        """Over on purpose: nobody is told."""
        if self.phase is Phase.OVER:
            return []
        self.phase = Phase.OVER
        self._deadlines.clear()
        return [Hangup()]


def _refused(code: str, detail: str, about: str) -> Tell:
    return Tell(Refused(code, detail, about))
