"""Values to Ion's protobuf and back."""

from __future__ import annotations

import json

import grpc
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from sfu_relay.codec import (
    build_join,
    build_request,
    build_uid,
    parse_end,
    parse_reply,
    parse_stats,
    parse_uid,
)
from sfu_relay.events import RoomId, SessionId, Target
from sfu_relay.messages import (
    Effect,
    End,
    Hangup,
    Join,
    SendAnswer,
    SendCandidate,
    SendLayer,
    SendOffer,
    SfuAnswer,
    SfuCandidate,
    SfuComplaint,
    SfuJoined,
    SfuJoinFailed,
    SfuLayer,
    SfuMessage,
    SfuOffer,
    SfuTracks,
)
from sfu_relay.proto import rtc_pb2, stats_pb2
from sfu_relay.tracks import AnnouncedTrack

SESSION = SessionId("sess_1")


def test_a_join_always_carries_a_description_and_one_config_at_most() -> None:
    """A join without description, or with NoPublish or NoSubscribe, ends an Ion node."""
    for auto in (True, False):
        join = build_join(Join("sdp", auto, 0, 0.0), RoomId("room_1"), SESSION).join
        assert (join.sid, join.uid) == ("room_1", "sess_1")
        assert (join.description.type, join.description.sdp) == ("offer", "sdp")
        assert join.description.target == rtc_pb2.PUBLISHER
        assert dict(join.config) == ({} if auto else {"NoAutoSubscribe": "true"})


def test_each_attempt_has_a_uid_of_its_own() -> None:
    assert [build_uid(SESSION, n) for n in (0, 1)] == ["sess_1", "sess_1~1"]
    assert {parse_uid(build_uid(SESSION, n)) for n in range(3)} == {SESSION}


def test_requests() -> None:
    offer = build_request(SendOffer("o"))
    answer = build_request(SendAnswer("a"))
    candidate = build_request(SendCandidate(Target.SUBSCRIBER, {"candidate": "c", "sdpMid": None}))
    layer = build_request(SendLayer("v1", "h", subscribe=True, auto=False))
    assert offer and answer and candidate and layer
    assert (offer.description.type, offer.description.target) == ("offer", rtc_pb2.PUBLISHER)
    assert (answer.description.type, answer.description.target) == ("answer", rtc_pb2.SUBSCRIBER)
    assert candidate.trickle.target == rtc_pb2.SUBSCRIBER
    assert json.loads(candidate.trickle.init) == {"candidate": "c", "sdpMid": None}
    (subscription,) = layer.subscription.subscriptions
    assert (subscription.trackId, subscription.layer) == ("v1", "h")
    assert subscription.subscribe
    nothing: Effect = Hangup()
    assert build_request(nothing) is None


def description(kind: str) -> rtc_pb2.Reply:
    return rtc_pb2.Reply(description=rtc_pb2.SessionDescription(type=kind, sdp="x"))


def trickle(init: str) -> rtc_pb2.Reply:
    return rtc_pb2.Reply(trickle=rtc_pb2.Trickle(target=rtc_pb2.SUBSCRIBER, init=init))


def tracks(state: rtc_pb2.TrackEvent.State, *infos: rtc_pb2.TrackInfo) -> rtc_pb2.Reply:
    return rtc_pb2.Reply(trackEvent=rtc_pb2.TrackEvent(state=state, uid="p~1", tracks=infos))


INFO = rtc_pb2.TrackInfo(id="v1", streamId="cam", kind="video", layer="h")
UNLAYERED = rtc_pb2.TrackInfo(id="v1", streamId="cam", kind="video")
MUTED = rtc_pb2.TrackInfo(id="v1", streamId="cam", kind="video", muted=True)
NAMELESS = rtc_pb2.TrackInfo(id="", kind="video")
ANNOUNCED = AnnouncedTrack("v1", "cam", "video", "h")
JOINED = rtc_pb2.JoinReply(success=True, description=rtc_pb2.SessionDescription(sdp="x"))
FAILED = rtc_pb2.JoinReply(error=rtc_pb2.Error(reason="full"))
UNSUBSCRIBED = rtc_pb2.SubscriptionReply(error=rtc_pb2.Error(reason="no", code=404))
ADD, UPDATE, REMOVE = rtc_pb2.TrackEvent.ADD, rtc_pb2.TrackEvent.UPDATE, rtc_pb2.TrackEvent.REMOVE

REPLIES: dict[str, tuple[rtc_pb2.Reply, list[SfuMessage]]] = {
    "joined": (rtc_pb2.Reply(join=JOINED), [SfuJoined("x", True)]),
    "join failed": (rtc_pb2.Reply(join=FAILED), [SfuJoinFailed("full")]),
    "offer": (description("offer"), [SfuOffer("x")]),
    "answer": (description("answer"), [SfuAnswer("x")]),
    "rollback": (description("rollback"), []),
    "candidate": (
        trickle('{"candidate":"c","sdpMid":"0","more":1}'),
        [SfuCandidate(Target.SUBSCRIBER, {"candidate": "c", "sdpMid": "0"})],
    ),
    "last candidate": (trickle("null"), [SfuCandidate(Target.SUBSCRIBER, None)]),
    "broken candidate": (trickle("{"), []),
    "list for a candidate": (trickle("[]"), []),
    "huge candidate": (trickle('{"candidate":"' + "c" * 5000 + '"}'), []),
    "tracks": (tracks(ADD, INFO, NAMELESS), [SfuTracks("add", SessionId("p"), (ANNOUNCED,))]),
    "gone": (tracks(REMOVE, INFO), [SfuTracks("remove", SessionId("p"), (ANNOUNCED,))]),
    "layer": (tracks(UPDATE, INFO), [SfuLayer("cam", "h")]),
    "no layer": (tracks(UPDATE, MUTED), [SfuLayer("cam", "off")]),
    "update of nothing": (tracks(UPDATE, UNLAYERED), []),
    "subscribed": (rtc_pb2.Reply(subscription=rtc_pb2.SubscriptionReply(success=True)), []),
    "not subscribed": (rtc_pb2.Reply(subscription=UNSUBSCRIBED), []),
    "error": (
        rtc_pb2.Reply(error=rtc_pb2.Error(reason="no", code=410)),
        [SfuComplaint("no", 410)],
    ),
    "nothing": (rtc_pb2.Reply(), []),
}


@pytest.mark.parametrize("name", REPLIES)
def test_replies(name: str) -> None:
    reply, messages = REPLIES[name]
    assert parse_reply(reply, announces_publishers=True) == messages


@given(st.binary(max_size=300))
def test_no_reply_is_too_strange(data: bytes) -> None:
    reply = rtc_pb2.Reply()
    try:
        reply.ParseFromString(data)
    except DecodeError:  # gRPC ends the stream then
        return
    parse_reply(reply, announces_publishers=False)


@given(st.text(max_size=200))
def test_no_candidate_of_the_sfu_is_too_strange(init: str) -> None:
    parse_reply(trickle(init), announces_publishers=False)


STATUS = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "detail", "end"),
    [
        (STATUS.UNAVAILABLE, "Socket closed", End.UNAVAILABLE),
        (STATUS.OK, "", End.CLEAN),
        (STATUS.CANCELLED, "", End.UNAVAILABLE),
        (STATUS.UNKNOWN, "context canceled", End.UNAVAILABLE),
        (STATUS.UNKNOWN, "unable to start track, codec is not supported by remote", End.REFUSED),
        (
            STATUS.INTERNAL,
            "transport: the stream is done or WriteHeader was already called",
            End.RACE,
        ),
        (STATUS.INTERNAL, "boom", End.REFUSED),
        (STATUS.RESOURCE_EXHAUSTED, "too big", End.REFUSED),
        (STATUS.UNIMPLEMENTED, "no such service", End.REFUSED),
    ],
)
def test_ends(code: grpc.StatusCode, detail: str, end: End) -> None:
    assert parse_end(code, detail) is end


def test_stats_of_the_session_only() -> None:
    mine = stats_pb2.SessionStats(uid="sess_1~2", video_bitrate=9, packet_loss=0.5, connected=True)
    other = stats_pb2.SessionStats(uid="other", video_bitrate=1)
    stats = parse_stats(stats_pb2.StatsReply(sessions=[other, mine]), SESSION)
    assert stats is not None
    assert (stats.video_bitrate, stats.packet_loss, stats.connected) == (9, 0.5, True)
    assert parse_stats(stats_pb2.StatsReply(sessions=[other]), SESSION) is None
