"""The machine of one peer: what goes in, what must come out, and what must never."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    Lost,
    MediaStarted,
    Offered,
    Refused,
    Role,
    SessionId,
    Target,
    Track,
    TracksChanged,
)
from sfu_relay.fixed_offer import FIXED_OFFER
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
    Started,
    StreamEnded,
    Tell,
    TimePassed,
)
from sfu_relay.session import Phase, Session
from sfu_relay.trickle import MAX_CANDIDATES, MAX_HELD_CANDIDATES
from tests.fakes.captured_sdp import captured

CONFIG = RelayConfig(enabled=True, server_url="127.0.0.1:5551")
OFFER = GotOffer(captured("publisher-h264-simulcast"), {})
SCREEN = GotOffer(captured("publisher-screen-added"), {})
SFU_OFFER = captured("sfu-offer")
ANSWER = captured("viewer-answer")
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}
CAMERA = Track(SessionId("pub"), "v1", "cam", "video", "camera", ("q", "h", "f"))
MICROPHONE = Track(SessionId("pub"), "a1", "cam", "audio", "camera")
SCREEN_TRACK = Track(SessionId("pub"), "v2", "scr", "video", "screen")
TRACKS = (MICROPHONE, CAMERA, SCREEN_TRACK)


class Machine:
    """A session with its clock."""

    def __init__(self, role: Role, *, watch: bool = False) -> None:
        self.now = 100.0
        self.session = Session(role=role, watch=watch, config=CONFIG, retry_in_ms=lambda code: 120)

    def put(self, *messages: SessionInput) -> list[Effect]:
        """All messages; the effects of the last."""
        effects: list[Effect] = []
        for message in messages:
            effects = self.session.handle(message, self.now)
        return effects

    def wait(self, secs: float) -> list[Effect]:
        self.now += secs
        deadline = self.session.deadline
        return self.put(TimePassed()) if deadline is not None and deadline <= self.now else []


def publisher(*, watch: bool = False) -> Machine:
    return Machine(Role.PUBLISHER, watch=watch)


def joined_publisher(*, watch: bool = False, announces: bool = True) -> Machine:
    machine = publisher(watch=watch)
    machine.put(OFFER, SfuJoined("answer", announces))
    return machine


def joined_viewer() -> Machine:
    machine = Machine(Role.SUBSCRIBER)
    machine.put(Started(), SfuJoined("answer", True))
    return machine


def watching_viewer() -> Machine:
    machine = joined_viewer()
    machine.put(RoomTracks(TRACKS), SfuOffer(SFU_OFFER), GotAnswer(ANSWER, 1))
    return machine


def codes(effects: Sequence[Effect]) -> list[str]:
    return [
        effect.event.code
        for effect in effects
        if isinstance(effect, Tell) and isinstance(effect.event, Refused | Lost)
    ]


def to_the_sfu(effects: Sequence[Effect]) -> list[Effect]:
    kinds = Join | SendOffer | SendAnswer | SendCandidate | SendLayer
    return [effect for effect in effects if isinstance(effect, kinds)]


# --- joining ------------------------------------------------------------------------------------


def test_a_viewer_joins_at_once_with_the_relays_own_offer() -> None:
    effects = Machine(Role.SUBSCRIBER).put(Started())
    assert effects == [Join(FIXED_OFFER, auto_subscribe=True, attempt=0, delay_secs=0.0)]


def test_the_answer_to_the_fixed_offer_is_nobodys_business() -> None:
    machine = Machine(Role.SUBSCRIBER)
    machine.put(Started())
    assert machine.put(SfuJoined("answer", True)) == []


def test_a_publisher_joins_with_its_first_offer() -> None:
    machine = publisher()
    assert machine.put(Started()) == []
    (join,) = machine.put(OFFER)
    assert isinstance(join, Join)
    assert not join.auto_subscribe
    answered, published = machine.put(SfuJoined("answer", True))
    assert answered == Tell(Answered("answer"))
    assert isinstance(published, Published)
    assert [track.kind for track in published.tracks] == ["audio", "video"]


def test_a_watching_publisher_is_subscribed() -> None:
    (join,) = publisher(watch=True).put(OFFER)
    assert isinstance(join, Join)
    assert join.auto_subscribe


def test_a_bad_first_offer_leaves_the_peer_ready_for_a_good_one() -> None:
    machine = publisher()
    assert codes(machine.put(GotOffer("garbage", {}))) == ["bad_sdp"]
    assert machine.session.phase is Phase.NEW
    assert to_the_sfu(machine.put(OFFER))


def test_a_refused_join_ends_the_peer() -> None:
    machine = publisher()
    effects = machine.put(OFFER, SfuJoinFailed("no"))
    assert codes(effects) == ["sfu_refused"]
    assert effects[-1] == Hangup()


# --- time ---------------------------------------------------------------------------------------


def test_a_join_without_an_answer_is_lost_after_15_s() -> None:
    machine = publisher()
    machine.put(OFFER)
    assert machine.wait(14.9) == []
    effects = machine.wait(0.2)
    assert effects == [
        Tell(Lost("sfu_timeout", "The media server did not answer the join in time.", 120)),
        Hangup(),
    ]


def test_an_sfu_that_is_down_is_tried_for_15_s() -> None:
    machine = Machine(Role.SUBSCRIBER)
    machine.put(Started())
    delays = []
    for _ in range(5):
        (join,) = machine.put(StreamEnded(End.UNAVAILABLE, "refused"))
        assert isinstance(join, Join)
        delays.append(join.delay_secs)
    assert delays == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.3])
    assert codes(machine.wait(15)) == ["sfu_unavailable"]


def test_a_later_offer_without_an_answer_is_lost() -> None:
    machine = joined_publisher()
    machine.put(SCREEN)
    assert codes(machine.wait(15.1)) == ["sfu_timeout"]


def test_an_answer_that_never_comes_ends_the_viewer_after_10_s() -> None:
    machine = joined_viewer()
    machine.put(SfuOffer(SFU_OFFER))
    assert machine.wait(9.9) == []
    assert codes(machine.wait(0.2)) == ["answer_timeout"]


def test_a_refused_answer_does_not_stop_the_clock() -> None:
    machine = joined_viewer()
    machine.put(SfuOffer(SFU_OFFER))
    assert codes(machine.put(GotAnswer("garbage", 1))) == ["bad_sdp"]
    assert codes(machine.wait(10.1)) == ["answer_timeout"]


def test_an_idle_peer_has_no_deadline() -> None:
    assert publisher().session.deadline is None
    assert joined_publisher().session.deadline is None
    assert watching_viewer().session.deadline is None


# --- a publisher's offers -----------------------------------------------------------------------


def test_offers_go_one_by_one_and_one_may_wait() -> None:
    machine = joined_publisher()
    assert len(to_the_sfu(machine.put(SCREEN))) == 1
    assert machine.put(OFFER) == []  # waits
    assert codes(machine.put(SCREEN)) == ["busy"]
    effects = machine.put(SfuAnswer("second"))
    assert effects[0] == Tell(Answered("second"))
    assert len(to_the_sfu(effects)) == 1  # the one that waited
    assert machine.put(SfuAnswer("third"))[0] == Tell(Answered("third"))
    assert len(to_the_sfu(machine.put(OFFER))) == 1


def test_an_offer_during_the_join_waits_for_its_answer() -> None:
    machine = publisher()
    machine.put(OFFER)
    assert machine.put(SCREEN) == []
    effects = machine.put(SfuJoined("answer", True))
    assert isinstance(to_the_sfu(effects)[0], SendOffer)


def test_an_answer_nobody_asked_for_is_dropped() -> None:
    assert joined_publisher().put(SfuAnswer("what?")) == []


def test_a_viewer_never_offers() -> None:
    machine = watching_viewer()
    assert codes(machine.put(OFFER)) == ["wrong_role"]


# --- a viewer's answers -------------------------------------------------------------------------


def test_offer_and_answer() -> None:
    machine = joined_viewer()
    assert machine.put(SfuOffer(SFU_OFFER)) == [Tell(Offered(1, SFU_OFFER))]
    (sent,) = machine.put(GotAnswer(ANSWER, 1))
    assert isinstance(sent, SendAnswer)
    assert machine.put(SfuOffer(SFU_OFFER)) == [Tell(Offered(2, SFU_OFFER))]
    assert to_the_sfu(machine.put(GotAnswer(ANSWER, None)))


@pytest.mark.parametrize("offer_id", [0, 2, -1])
def test_an_answer_to_another_offer_is_refused(offer_id: int) -> None:
    machine = joined_viewer()
    machine.put(SfuOffer(SFU_OFFER))
    assert codes(machine.put(GotAnswer(ANSWER, offer_id))) == ["wrong_order"]


def test_a_doubled_answer_and_one_nobody_asked_for_are_refused() -> None:
    assert codes(joined_viewer().put(GotAnswer(ANSWER, None))) == ["wrong_order"]
    assert codes(watching_viewer().put(GotAnswer(ANSWER, 1))) == ["wrong_order"]
    assert codes(joined_publisher().put(GotAnswer(ANSWER, None))) == ["wrong_order"]


def test_an_answer_that_sends_is_refused() -> None:
    machine = joined_viewer()
    machine.put(SfuOffer(SFU_OFFER))
    sending = ANSWER.replace("a=recvonly", "a=sendrecv")
    effects = machine.put(GotAnswer(sending, 1))
    assert codes(effects) == ["sends_media"]
    assert not to_the_sfu(effects)


def test_an_offer_ahead_of_the_join_reply_waits_for_it() -> None:
    machine = Machine(Role.SUBSCRIBER)
    assert machine.put(Started(), SfuOffer(SFU_OFFER)) == []
    assert machine.put(SfuJoined("answer", True)) == [Tell(Offered(1, SFU_OFFER))]


def test_offers_to_a_publisher_that_does_not_watch_are_swallowed() -> None:
    machine = joined_publisher()
    assert machine.put(SfuOffer(SFU_OFFER)) == []
    assert machine.session.deadline is None
    assert joined_publisher(watch=True).put(SfuOffer(SFU_OFFER)) == [Tell(Offered(1, SFU_OFFER))]


def test_an_odd_offer_of_the_sfu_ends_the_peer_not_the_relay() -> None:
    machine = joined_viewer()
    machine.put(SfuOffer("garbage"))
    assert codes(machine.put(GotAnswer(ANSWER, 1))) == ["sfu_refused"]


# --- candidates ---------------------------------------------------------------------------------


def test_candidates_wait_for_the_join() -> None:
    machine = publisher()
    sent = SendCandidate(Target.PUBLISHER, {**CANDIDATE, "usernameFragment": None})
    assert machine.put(GotCandidate(CANDIDATE, Target.PUBLISHER)) == []
    assert machine.put(OFFER, GotCandidate(CANDIDATE, Target.PUBLISHER)) == []
    effects = machine.put(SfuJoined("answer", True))
    assert to_the_sfu(effects) == [sent, sent]
    assert machine.put(GotCandidate(CANDIDATE, Target.PUBLISHER)) == [sent]


def test_held_candidates_are_bounded() -> None:
    machine = publisher()
    machine.put(*[GotCandidate(CANDIDATE, Target.PUBLISHER)] * MAX_HELD_CANDIDATES)
    assert codes(machine.put(GotCandidate(CANDIDATE, Target.PUBLISHER))) == ["bad_candidate"]


def test_candidates_of_one_peer_are_bounded() -> None:
    machine = joined_publisher()
    machine.put(*[GotCandidate(CANDIDATE, Target.PUBLISHER)] * MAX_CANDIDATES)
    assert codes(machine.put(GotCandidate(CANDIDATE, Target.PUBLISHER))) == ["bad_candidate"]


@pytest.mark.parametrize(
    ("machine", "target"),
    [(joined_viewer(), Target.PUBLISHER), (joined_publisher(), Target.SUBSCRIBER)],
)
def test_candidates_of_a_transport_that_is_not_there(machine: Machine, target: Target) -> None:
    assert codes(machine.put(GotCandidate(CANDIDATE, target))) == ["wrong_order"]
    assert machine.put(SfuCandidate(target, CANDIDATE)) == []


def test_a_bad_candidate_is_refused_and_the_end_of_candidates_is_silent() -> None:
    machine = joined_publisher()
    assert codes(machine.put(GotCandidate({"candidate": "x"}, Target.PUBLISHER))) == [
        "bad_candidate"
    ]
    assert machine.put(GotCandidate(None, Target.PUBLISHER)) == []


def test_the_sfus_candidates_are_told_at_any_time() -> None:
    machine = publisher()
    told = [Tell(CandidateFound(Target.PUBLISHER, CANDIDATE))]
    assert machine.put(OFFER, SfuCandidate(Target.PUBLISHER, CANDIDATE)) == told


# --- layers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "wanted", "sent"),
    [
        ("cam", "h", SendLayer("v1", "h", subscribe=True, auto=False)),
        ("cam", "auto", SendLayer("v1", "", subscribe=True, auto=True)),
        ("cam", "off", SendLayer("v1", "", subscribe=False, auto=False)),
        ("scr", "h", SendLayer("v2", "", subscribe=True, auto=True)),
    ],
)
def test_layers(stream: str, wanted: str, sent: SendLayer) -> None:
    assert watching_viewer().put(GotLayer(stream, wanted)) == [sent]


def test_a_layer_that_is_not_there_becomes_the_next_lower_or_the_lowest() -> None:
    machine = watching_viewer()
    two = Track(SessionId("pub"), "v1", "cam", "video", "camera", ("h",))
    machine.put(RoomTracks((two,)))
    assert machine.put(GotLayer("cam", "f")) == [SendLayer("v1", "h", True, False)]
    assert machine.put(GotLayer("cam", "q")) == [SendLayer("v1", "h", True, False)]


@pytest.mark.parametrize(
    ("machine", "message", "code"),
    [
        (joined_viewer(), GotLayer("cam", "h"), "wrong_order"),
        (Machine(Role.SUBSCRIBER), GotLayer("cam", "h"), "wrong_order"),
        (joined_publisher(), GotLayer("cam", "h"), "wrong_order"),
        (watching_viewer(), GotLayer("other", "h"), "unknown_stream"),
        (watching_viewer(), GotLayer("cam", "x"), "bad_message"),
    ],
)
def test_subscriptions_that_kill_an_ion_node_are_refused(
    machine: Machine, message: GotLayer, code: str
) -> None:
    effects = machine.put(message)
    assert codes(effects) == [code]
    assert not to_the_sfu(effects)


def test_the_layer_that_flows_is_told_to_viewers_only() -> None:
    viewer = watching_viewer()
    assert viewer.put(SfuLayer("cam", "q")) == [Tell(LayerChanged("cam", "q", True))]
    viewer.put(GotLayer("cam", "h"))
    assert viewer.put(SfuLayer("cam", "h")) == [Tell(LayerChanged("cam", "h", False))]
    viewer.put(GotLayer("cam", "auto"))
    assert viewer.put(SfuLayer("cam", "f")) == [Tell(LayerChanged("cam", "f", True))]
    assert joined_publisher().put(SfuLayer("cam", "q")) == []


# --- media and tracks ---------------------------------------------------------------------------


def test_media_starts_once() -> None:
    machine = joined_publisher()
    assert machine.put(MediaSeen()) == [Tell(MediaStarted())]
    assert machine.put(MediaSeen()) == []
    assert joined_viewer().put(MediaSeen()) == []


def test_media_is_assumed_where_the_sfu_never_tells() -> None:
    machine = joined_publisher(announces=False)
    assert machine.wait(2.9) == []
    assert machine.wait(0.2) == [AssumePublished(), Tell(MediaStarted())]
    assert joined_publisher(announces=True).wait(60) == []


def test_tracks_added_later_are_assumed_as_well() -> None:
    machine = joined_publisher(announces=False)
    machine.wait(3.1)
    machine.put(SCREEN, SfuAnswer("answer"))
    assert machine.wait(3.1) == [AssumePublished()]


def test_tracks_are_told_after_the_join_and_when_they_change() -> None:
    machine = Machine(Role.SUBSCRIBER)
    assert machine.put(RoomTracks(TRACKS), Started(), RoomTracks(TRACKS)) == []
    assert machine.put(SfuJoined("answer", True)) == [Tell(TracksChanged(TRACKS))]
    assert machine.put(RoomTracks(TRACKS)) == []
    assert machine.put(RoomTracks(())) == [Tell(TracksChanged(()))]


# --- ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (End.UNAVAILABLE, "sfu_restarted"),
        (End.CLEAN, "sfu_restarted"),
        (End.RACE, "sfu_refused"),
        (End.REFUSED, "sfu_refused"),
        (End.OVERFLOW, "sfu_timeout"),
    ],
)
def test_the_end_of_a_stream_is_told(end: End, code: str) -> None:
    machine = watching_viewer()
    effects = machine.put(StreamEnded(end, "why"))
    assert codes(effects) == [code]
    assert effects[-1] == Hangup()
    assert machine.session.deadline is None


@pytest.mark.parametrize(
    ("complaint", "code"), [(408, "answer_timeout"), (410, "sfu_refused"), (503, "sfu_refused")]
)
def test_an_end_in_order_is_for_the_complaint_before_it(complaint: int, code: str) -> None:
    machine = watching_viewer()
    effects = machine.put(SfuComplaint("because", complaint), StreamEnded(End.CLEAN, ""))
    assert codes(effects) == [code]
    machine = Machine(Role.SUBSCRIBER)
    machine.put(Started())
    assert codes(machine.put(SfuComplaint("full", 503), StreamEnded(End.CLEAN, ""))) == [
        "sfu_refused"
    ]


def test_an_old_complaint_is_not_the_reason() -> None:
    machine = watching_viewer()
    machine.put(SfuComplaint("because", 410))
    machine.wait(60)
    assert codes(machine.put(StreamEnded(End.CLEAN, ""))) == ["sfu_restarted"]


def test_a_complaint_about_an_offer_frees_the_way_for_the_next() -> None:
    machine = joined_publisher()
    machine.put(SCREEN, OFFER)
    effects = machine.put(SfuComplaint("too many tracks", 400))
    assert codes(effects) == ["bad_sdp"]
    assert len(to_the_sfu(effects)) == 1
    assert machine.put(SfuAnswer("answer"))[0] == Tell(Answered("answer"))
    assert machine.session.deadline is None


def test_ions_write_race_is_tried_again_once_under_another_uid() -> None:
    machine = publisher()
    machine.put(OFFER)
    (join,) = machine.put(StreamEnded(End.RACE, "the stream is done"))
    assert isinstance(join, Join)
    assert (join.attempt, join.delay_secs) == (1, 0.0)
    assert codes(machine.put(StreamEnded(End.RACE, "the stream is done"))) == ["sfu_refused"]


def test_a_join_that_is_refused_by_its_stream_is_not_tried_again() -> None:
    machine = publisher()
    assert codes(machine.put(OFFER, StreamEnded(End.REFUSED, "no"))) == ["sfu_refused"]


EVERYTHING: list[SessionInput] = [
    Started(),
    OFFER,
    GotAnswer(ANSWER, 1),
    GotCandidate(CANDIDATE, Target.PUBLISHER),
    GotLayer("cam", "h"),
    SfuJoined("answer", True),
    SfuJoinFailed("no"),
    SfuOffer(SFU_OFFER),
    SfuAnswer("answer"),
    SfuCandidate(Target.PUBLISHER, CANDIDATE),
    SfuLayer("cam", "h"),
    SfuComplaint("hm"),
    StreamEnded(End.UNAVAILABLE, "gone"),
    MediaSeen(),
    RoomTracks(TRACKS),
    TimePassed(),
]


def test_closing_is_silent_and_final() -> None:
    machine = watching_viewer()
    assert machine.session.close() == [Hangup()]
    assert machine.session.close() == []
    for message in EVERYTHING:
        assert machine.put(message) == []


@pytest.mark.parametrize("message", EVERYTHING, ids=lambda message: type(message).__name__)
def test_nothing_reaches_the_sfu_before_the_join(message: SessionInput) -> None:
    for machine in (publisher(), Machine(Role.SUBSCRIBER)):
        for effect in to_the_sfu(machine.put(message)):
            assert isinstance(effect, Join)
