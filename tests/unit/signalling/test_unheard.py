"""What a session's owner hears when it comes back."""

from __future__ import annotations

from live.media.unheard import MAX_KEPT, Unheard
from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    Offered,
    Refused,
    SessionId,
    Target,
    Track,
    TracksChanged,
)

CAM = Track(SessionId("sess_1"), "t1", "cam", "video", "camera")
TRACKS = TracksChanged((CAM,))
CANDIDATE = CandidateFound(Target.SUBSCRIBER, {"candidate": "x"})
LAYER = LayerChanged("cam", "h", True)


def test_the_latest_of_each_kind_in_the_order_a_browser_needs() -> None:
    unheard = Unheard()
    for event in (
        LayerChanged("cam", "q", True),
        Offered(1, "old"),
        CANDIDATE,
        TracksChanged(()),
        TRACKS,
        Offered(2, "new"),
        CANDIDATE,
        LAYER,
        Refused("bad_sdp", "", "offer"),
        Answered("answer"),
    ):
        assert unheard.got(event, away=True)
    assert unheard.take() == [Answered("answer"), TRACKS, Offered(2, "new"), CANDIDATE, LAYER]


def test_what_went_into_a_dead_socket_and_still_matters_comes_again() -> None:
    unheard = Unheard()
    for event in (TRACKS, Offered(1, "sdp"), CANDIDATE, LAYER, Answered("heard")):
        unheard.got(event, away=False)
    assert unheard.take() == [TRACKS, Offered(1, "sdp"), CANDIDATE, LAYER]


def test_an_answered_offer_does_not_come_again() -> None:
    unheard = Unheard()
    unheard.got(Offered(1, "sdp"), away=False)
    unheard.got(CANDIDATE, away=False)
    unheard.got_answer()
    assert unheard.take() == []


def test_what_was_missed_comes_once_and_layers_go_with_their_stream() -> None:
    unheard = Unheard()
    for event in (TRACKS, LAYER, Answered("sdp")):
        unheard.got(event, away=True)
    assert unheard.take() == [Answered("sdp"), TRACKS, LAYER]
    unheard.got(TracksChanged(()), away=True)
    assert unheard.take() == [TracksChanged(())]


def test_too_much_is_told() -> None:
    unheard = Unheard()
    own = CandidateFound(Target.PUBLISHER, {"candidate": "x"})
    assert all(unheard.got(own, away=True) for _ in range(MAX_KEPT))
    assert not unheard.got(own, away=True)
