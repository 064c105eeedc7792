"""The machine of a viewer that offers: it joins with its offer, is answered, and that was all."""

from __future__ import annotations

import pytest

from sfu_relay import codec
from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    Lost,
    Refused,
    Role,
    RoomId,
    SessionId,
    Track,
    TracksChanged,
)
from sfu_relay.messages import (
    GotChoice,
    GotOffer,
    Hangup,
    Join,
    RoomTracks,
    SendLayer,
    SfuJoined,
    SfuJoinFailed,
    SfuOffer,
    Started,
    Tell,
    TimePassed,
)
from sfu_relay.session import Session
from tests.fakes.captured_sdp import captured

OFFER = GotOffer(captured("publisher-h264").replace("a=sendonly", "a=recvonly"), {})
CAMERA = Track(SessionId("pub"), "v1", "cam", "video", "camera", ("q", "h", "f"))


@pytest.fixture
def session() -> Session:
    config = RelayConfig(enabled=True, server_url="127.0.0.1:5551")
    return Session(
        role=Role.SUBSCRIBER,
        watch=False,
        config=config,
        retry_in_ms=lambda code: None,
        by_offer=True,
    )


def test_it_waits_for_its_offer_and_joins_with_it(session: Session) -> None:
    assert session.handle(Started(), 0.0) == []
    (join,) = session.handle(OFFER, 0.0)
    assert isinstance(join, Join)
    assert join.by_offer
    request = codec.build_join(join, RoomId("room_1"), SessionId("sess_1"))
    assert dict(request.join.config) == {"SubscribeByOffer": "true"}
    assert session.handle(SfuJoined("the answer", True), 0.1) == [Tell(Answered("the answer"))]


def test_it_offers_once(session: Session) -> None:
    session.handle(OFFER, 0.0)
    (told,) = session.handle(OFFER, 0.1)
    assert isinstance(told, Tell)
    assert isinstance(told.event, Refused)
    assert told.event.code == "wrong_order"


def test_an_offer_that_sends_goes_nowhere(session: Session) -> None:
    (told,) = session.handle(GotOffer(captured("publisher-h264"), {}), 0.0)
    assert isinstance(told, Tell)
    assert isinstance(told.event, Refused)
    assert told.event.code == "sends_media"


def test_it_chooses_of_tracks_that_are_there(session: Session) -> None:
    session.handle(OFFER, 0.0)
    assert session.handle(GotChoice(("v1",)), 0.0) == []  # not before it has joined
    session.handle(SfuJoined("the answer", True), 0.1)
    assert session.handle(RoomTracks((CAMERA,)), 0.2) == [Tell(TracksChanged((CAMERA,)))]
    assert session.handle(GotChoice(("v1", "unknown")), 0.3) == [
        SendLayer("v1", "", subscribe=True, auto=True)
    ]
    assert session.handle(GotChoice((), ("v1", "unknown")), 0.4) == [
        SendLayer("v1", "", subscribe=False, auto=False)
    ]


def test_offers_of_the_sfu_are_nothing_to_it(session: Session) -> None:
    session.handle(OFFER, 0.0)
    session.handle(SfuJoined("the answer", True), 0.1)
    assert session.handle(SfuOffer(captured("sfu-offer")), 0.2) == []
    assert session.handle(TimePassed(), 1000.0) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [(400, "bad_sdp"), (404, "not_live"), (415, "no_common_codec"), (503, "sfu_refused")],
)
def test_why_it_was_not_let_in(session: Session, code: int, told: str) -> None:
    session.handle(OFFER, 0.0)
    lost, hangup = session.handle(SfuJoinFailed("because", code), 0.1)
    assert isinstance(lost, Tell)
    assert isinstance(lost.event, Lost)
    assert lost.event.code == told
    assert hangup == Hangup()
