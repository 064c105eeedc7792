"""One peer's dealings with the SFU as a state machine, pure: inputs and the time in, effects out.

It lets nothing through that could harm a node: the join comes first and alone, offers go one by
one, answers match an offer, candidates wait for the join, layers are asked of known tracks only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum

from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    Lost,
    MediaStarted,
    Offered,
    PeerEvent,
    Refused,
    Role,
    Target,
    Track,
    TracksChanged,
)
from sfu_relay.fixed_offer import FIXED_OFFER
from sfu_relay.guard import (
    LAYERS,
    BadCandidate,
    GuardedOffer,
    Rejected,
    guard_answer,
    guard_candidate,
    guard_offer,
    read_offer,
)
from sfu_relay.messages import (
    AssumePublished,
    Effect,
    End,
    GotAnswer,
    GotCandidate,
    GotLayer,
    GotOffer,
    Hangup,
    Join,
    MediaSeen,
    Published,
    RoomTracks,
    SendAnswer,
    SendCandidate,
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

MAX_HELD_CANDIDATES = 32
MAX_CANDIDATES = 256  # of one peer over its life; a busy laptop with three networks sends about 30
MAX_RECONNECT_DELAY_SECS = 0.3
COMPLAINT_SECS = 2.0

RetryIn = Callable[[str], int | None]  # code of a loss → when to come back, ms


class Phase(Enum):
    NEW = "new"  # a publisher that has not offered yet
    JOINING = "joining"
    JOINED = "joined"
    OVER = "over"


class Session:
    """The machine of one peer. `now` is any monotonic clock in seconds."""

    def __init__(
        self, *, role: Role, watch: bool, config: RelayConfig, retry_in_ms: RetryIn
    ) -> None:
        self.role = role
        self.watches = watch or role is Role.SUBSCRIBER
        self.phase = Phase.NEW
        self._config = config
        self._retry_in_ms = retry_in_ms
        self._deadlines: dict[str, float] = {}
        self._join_sdp = ""
        self._attempt = 0
        self._reconnects = 0
        self._unreachable = False
        self._outstanding: tuple[GuardedOffer, Mapping[str, str]] | None = None
        self._queued: tuple[GuardedOffer, Mapping[str, str]] | None = None
        self._held: deque[SendCandidate] = deque()
        self._candidates_seen = 0
        self._offer_id = 0
        self._offer_waiting: str | None = None  # the SFU's, unanswered
        self._early_offer: str | None = None  # the SFU's, ahead of its join reply
        self._answered_once = False
        self._assumes = False
        self._media_started = False
        self._tracks: tuple[Track, ...] = ()
        self._wishes: dict[str, str] = {}  # stream id → layer, of streams in the room only
        self._complaint: SfuComplaint | None = None  # the last, and when: an end in order that
        self._complained_at = 0.0  # follows within 2 s is for it

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
            case SfuJoined(sdp, announces):
                return self._sfu_joined(sdp, announces, now)
            case SfuJoinFailed(reason):
                return self._lose("sfu_refused", f"The media server refused the join: {reason}")
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
        if self.role is not Role.SUBSCRIBER or self.phase is not Phase.NEW:
            return []
        return [self._join(FIXED_OFFER, now)]

    def _got_offer(self, sdp: str, sources: Mapping[str, str], now: float) -> list[Effect]:
        if self.role is not Role.PUBLISHER:
            return [_refused("wrong_role", "A subscriber only answers.", "offer")]
        if self._queued is not None:
            return [_refused("busy", "Two offers of this session are unanswered.", "offer")]
        try:
            offer = guard_offer(sdp, self._config.video_codecs)
        except Rejected as error:
            return [_refused(error.code, error.detail, "offer")]
        if self._outstanding is not None:
            self._queued = (offer, sources)
            return []
        self._outstanding = (offer, sources)
        if self.phase is Phase.NEW:
            return [self._join(offer.sdp, now)]
        return [self._send_offer(offer, now)]

    def _got_answer(self, sdp: str, offer_id: int | None) -> list[Effect]:
        waiting = self._offer_waiting
        if waiting is None or (offer_id is not None and offer_id != self._offer_id):
            return [_refused("wrong_order", "No such offer is waiting for an answer.", "answer")]
        try:
            offer = read_offer(waiting)
        except Rejected as error:
            return self._lose("sfu_refused", f"The media server's offer is odd: {error.detail}")
        try:
            answer = guard_answer(sdp, offer)
        except Rejected as error:
            return [_refused(error.code, error.detail, "answer")]
        self._offer_waiting = None
        self._answered_once = True
        self._deadlines.pop("browser_answer", None)
        return [SendAnswer(answer)]

    def _got_candidate(self, candidate: object, target: Target) -> list[Effect]:
        if not self._uses(target):
            return [_refused("wrong_order", f"This session has no {target} transport.", "ice")]
        self._candidates_seen += 1
        if self._candidates_seen > MAX_CANDIDATES:
            return [_refused("bad_candidate", "Too many candidates.", "ice")]
        try:
            checked = guard_candidate(candidate, mdns=self._config.mdns_candidates)
        except BadCandidate as error:
            return [_refused("bad_candidate", str(error), "ice")]
        if checked is None:
            return []
        effect = SendCandidate(target, checked)
        if self.phase is Phase.JOINED:
            return [effect]
        if len(self._held) >= MAX_HELD_CANDIDATES:
            return [_refused("bad_candidate", "Too many candidates before the answer.", "ice")]
        self._held.append(effect)
        return []

    def _got_layer(self, stream_id: str, layer: str) -> list[Effect]:
        if layer not in (*LAYERS, "auto", "off"):
            return [_refused("bad_message", "A layer is auto, f, h, q or off.", "layer")]
        if not self.watches or not self._answered_once:
            return [_refused("wrong_order", "Nothing is received on this session yet.", "layer")]
        tracks = [track for track in self._tracks if track.stream_id == stream_id]
        if not tracks:
            return [_refused("unknown_stream", "There is no such stream in the room.", "layer")]
        self._wishes[stream_id] = layer
        return [_layer_request(track, layer) for track in tracks if track.kind == "video"]

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
        if self._tracks:
            effects.append(Tell(TracksChanged(self._tracks)))
        effects += self._held
        self._held.clear()
        if self._early_offer is not None:
            early, self._early_offer = self._early_offer, None
            effects += self._sfu_offer(early, now)
        return effects

    def _sfu_answer(self, sdp: str, now: float) -> list[Effect]:
        if self.phase is not Phase.JOINED or self._outstanding is None:
            return []
        return self._answered(sdp, now)

    def _answered(self, sdp: str, now: float) -> list[Effect]:
        effects: list[Effect] = [Tell(Answered(sdp))]
        self._deadlines.pop("sfu_answer", None)
        if self._assumes:
            self._deadlines["assume"] = now + self._config.assume_media_secs
        if self._outstanding is not None:
            offer, sources = self._outstanding
            effects.append(Published(offer.tracks, sources))
        self._outstanding, self._queued = self._queued, None
        if self._outstanding is not None:
            effects.append(self._send_offer(self._outstanding[0], now))
        return effects

    def _sfu_offer(self, sdp: str, now: float) -> list[Effect]:
        if not self.watches:
            return []  # the SFU offers to everybody; nobody here would answer
        if self.phase is not Phase.JOINED:
            self._early_offer = sdp
            return []
        self._offer_id += 1
        self._offer_waiting = sdp
        self._deadlines["browser_answer"] = now + self._config.answer_timeout_secs
        return [Tell(Offered(self._offer_id, sdp))]

    def _sfu_complained(self, complaint: SfuComplaint, now: float) -> list[Effect]:
        self._complaint, self._complained_at = complaint, now
        if self.phase is not Phase.JOINED or self._outstanding is None:
            return []
        # All else that we send was checked: it is the offer that was not taken.
        self._deadlines.pop("sfu_answer", None)
        effects: list[Effect] = [_refused("bad_sdp", complaint.reason, "offer")]
        self._outstanding, self._queued = self._queued, None
        if self._outstanding is not None:
            effects.append(self._send_offer(self._outstanding[0], now))
        return effects

    def _sfu_layer(self, stream_id: str, layer: str) -> list[Effect]:
        if not self.watches:
            return []
        auto = self._wishes.get(stream_id, "auto") == "auto"
        return [Tell(LayerChanged(stream_id, layer, auto))]

    def _room_tracks(self, tracks: tuple[Track, ...]) -> list[Effect]:
        if tracks == self._tracks:
            return []
        self._tracks = tracks
        here = {track.stream_id for track in tracks}
        self._wishes = {key: wish for key, wish in self._wishes.items() if key in here}
        return [Tell(TracksChanged(tracks))] if self.phase is Phase.JOINED else []

    def _start_media(self) -> list[Effect]:
        if self._media_started or self.role is not Role.PUBLISHER:
            return []
        self._media_started = True
        return [Tell(MediaStarted())]

    def _stream_ended(self, end: End, detail: str, now: float) -> list[Effect]:
        joining = self.phase is Phase.JOINING
        complaint = self._complaint
        if complaint is not None and now - self._complained_at > COMPLAINT_SECS:
            complaint = None
        match end:
            case End.UNAVAILABLE | End.CLEAN if joining and complaint is None:
                self._unreachable = True
                self._reconnects += 1
                delay = min(0.1 * self._reconnects, MAX_RECONNECT_DELAY_SECS)
                return [self._rejoin(delay)]
            case End.RACE if joining and self._attempt == 0:
                self._attempt += 1
                return [self._rejoin(0.0)]
            case End.CLEAN if complaint is not None:
                code = "answer_timeout" if complaint.code == 408 else "sfu_refused"
                return self._lose(code, f"The media server: {complaint.reason}")
            case End.UNAVAILABLE | End.CLEAN:
                return self._lose("sfu_restarted", "The media server restarted.")
            case End.OVERFLOW:
                return self._lose("sfu_timeout", "The media server does not keep up.")
            case End.RACE | End.REFUSED:
                return self._lose("sfu_refused", f"The media server ended the session: {detail}")

    # --- time -----------------------------------------------------------------------------------

    def _time_passed(self, now: float) -> list[Effect]:
        due = [name for name, at in self._deadlines.items() if at <= now]
        effects: list[Effect] = []
        for name in due:
            self._deadlines.pop(name, None)
        if "join" in due:
            if self._unreachable:
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
        return Join(self._join_sdp, self.watches, self._attempt, delay_secs)

    def _send_offer(self, offer: GuardedOffer, now: float) -> SendOffer:
        self._deadlines["sfu_answer"] = now + self._config.join_timeout_secs
        return SendOffer(offer.sdp)

    def _lose(self, code: str, detail: str) -> list[Effect]:
        self.phase = Phase.OVER
        self._deadlines.clear()
        return [Tell(Lost(code, detail, self._retry_in_ms(code))), Hangup()]

    def close(self) -> list[Effect]:
        """Over on purpose: nobody is told."""
        if self.phase is Phase.OVER:
            return []
        self.phase = Phase.OVER
        self._deadlines.clear()
        return [Hangup()]


def _refused(code: str, detail: str, about: str) -> Tell:
    event: PeerEvent = Refused(code, detail, about)
    return Tell(event)


def _layer_request(track: Track, wanted: str) -> SendLayer:
    """What to ask of the SFU: a layer that the track has, the next lower one if it lacks this."""
    if wanted == "off":
        return SendLayer(track.track_id, "", subscribe=False, auto=False)
    if wanted == "auto" or not track.layers:
        return SendLayer(track.track_id, "", subscribe=True, auto=True)
    lower = [layer for layer in track.layers if LAYERS.index(layer) <= LAYERS.index(wanted)]
    layer = lower[-1] if lower else track.layers[0]
    return SendLayer(track.track_id, layer, subscribe=True, auto=False)
