"""The relay's values ↔ Ion's protobuf: the only place that knows sid, uid and field names."""

from __future__ import annotations

import json

import grpc

from sfu_relay.events import RoomId, SessionId, SfuStats, Target
from sfu_relay.messages import (
    Effect,
    End,
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

MAX_INIT_CHARS = 4096

_TARGETS = {Target.PUBLISHER: rtc_pb2.PUBLISHER, Target.SUBSCRIBER: rtc_pb2.SUBSCRIBER}
_CHANGES = {
    rtc_pb2.TrackEvent.ADD: "add",
    rtc_pb2.TrackEvent.UPDATE: "update",  # never leaves this module
    rtc_pb2.TrackEvent.REMOVE: "remove",
}


def build_uid(session_id: SessionId, attempt: int) -> str:
    """Ion's uid: a new one for each try, since a reused one silently goes deaf."""
    return session_id if attempt == 0 else f"{session_id}~{attempt}"


def parse_uid(uid: str) -> SessionId:
    return SessionId(uid.partition("~")[0])


def build_join(join: Join, room_id: RoomId, session_id: SessionId) -> rtc_pb2.Request:
    return rtc_pb2.Request(
        join=rtc_pb2.JoinRequest(
            sid=room_id,
            uid=build_uid(session_id, join.attempt),
            config=_join_config(join),
            description=_description(
                rtc_pb2.SUBSCRIBER if join.by_offer else rtc_pb2.PUBLISHER, "offer", join.sdp
            ),
        )
    )


def _join_config(join: Join) -> dict[str, str]:
    if join.by_offer:
        return {"SubscribeByOffer": "true"}  # ours; Ion does not know it
    return {} if join.auto_subscribe else {"NoAutoSubscribe": "true"}


def build_request(effect: Effect) -> rtc_pb2.Request | None:
    """The protobuf of an effect that is one; None for the others."""
    match effect:
        case SendOffer(sdp):
            return rtc_pb2.Request(description=_description(rtc_pb2.PUBLISHER, "offer", sdp))
        case SendAnswer(sdp):
            return rtc_pb2.Request(description=_description(rtc_pb2.SUBSCRIBER, "answer", sdp))
        case SendCandidate(target, candidate):
            init = json.dumps(dict(candidate), separators=(",", ":"))
            return rtc_pb2.Request(trickle=rtc_pb2.Trickle(target=_TARGETS[target], init=init))
        case SendLayer(track_id, layer, subscribe, _):
            wanted = rtc_pb2.Subscription(trackId=track_id, subscribe=subscribe, layer=layer)
            return rtc_pb2.Request(subscription=rtc_pb2.SubscriptionRequest(subscriptions=[wanted]))
        case _:
            return None


def _description(target: rtc_pb2.Target, kind: str, sdp: str) -> rtc_pb2.SessionDescription:
    return rtc_pb2.SessionDescription(target=target, type=kind, sdp=sdp)


def parse_reply(reply: rtc_pb2.Reply, *, announces_publishers: bool) -> list[SfuMessage]:
    """What the SFU said; nothing for what has no meaning here."""
    match reply.WhichOneof("payload"):
        case "join" if reply.join.success:
            return [SfuJoined(reply.join.description.sdp, announces_publishers)]
        case "join":
            error = reply.join.error
            return [SfuJoinFailed(error.reason or "no reason given", error.code)]
        case "description" if reply.description.type == "offer":
            return [SfuOffer(reply.description.sdp)]
        case "description" if reply.description.type == "answer":
            return [SfuAnswer(reply.description.sdp)]
        case "trickle":
            return _parse_trickle(reply.trickle)
        case "trackEvent":
            return _parse_tracks(reply.trackEvent)
        case "error":
            return [SfuComplaint(reply.error.reason, reply.error.code)]
        case _:
            return []


def _parse_trickle(trickle: rtc_pb2.Trickle) -> list[SfuMessage]:
    target = Target.SUBSCRIBER if trickle.target == rtc_pb2.SUBSCRIBER else Target.PUBLISHER
    if len(trickle.init) > MAX_INIT_CHARS:
        return []
    try:
        init = json.loads(trickle.init)
    except ValueError:
        return []
    if init is None:
        return [SfuCandidate(target, None)]
    if not isinstance(init, dict) or not isinstance(init.get("candidate"), str):
        return []
    known = ("candidate", "sdpMid", "sdpMLineIndex", "usernameFragment")
    return [SfuCandidate(target, {key: init[key] for key in known if key in init})]


def _parse_tracks(event: rtc_pb2.TrackEvent) -> list[SfuMessage]:
    change = _CHANGES.get(event.state)
    if change is None:
        return []
    if change == "update":  # the embedded SFU's word to one subscriber; Ion has no updates
        return [
            SfuLayer(track.streamId, "off" if track.muted else track.layer)
            for track in event.tracks
            if track.muted or track.layer
        ]
    tracks = tuple(
        AnnouncedTrack(track.id, track.streamId, track.kind, track.layer)
        for track in event.tracks
        if track.id and track.kind in ("audio", "video")
    )
    return [SfuTracks(change, parse_uid(event.uid), tracks)]


def parse_end(code: grpc.StatusCode, detail: str) -> End:
    """The relay's word for a gRPC status."""
    text = detail.lower()
    if "stream is done" in text or "writeheader was already called" in text:
        return End.RACE
    if code is grpc.StatusCode.OK:
        return End.CLEAN
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
        return End.UNAVAILABLE
    if code is grpc.StatusCode.UNKNOWN and "context canceled" in text:
        return End.UNAVAILABLE  # Ion's cluster: the node behind its front died
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return End.UNAVAILABLE
    return End.REFUSED


def build_stats_request(session_id: SessionId, attempt: int) -> stats_pb2.StatsRequest:
    return stats_pb2.StatsRequest(uid=build_uid(session_id, attempt))


def parse_stats(reply: stats_pb2.StatsReply, session_id: SessionId) -> SfuStats | None:
    for stats in reply.sessions:
        if parse_uid(stats.uid) == session_id:
            return SfuStats(
                video_bitrate=stats.video_bitrate,
                audio_bitrate=stats.audio_bitrate,
                packet_loss=stats.packet_loss,
                jitter=stats.jitter,
                round_trip_time=stats.round_trip_time,
                packets=stats.packets,
                bytes=stats.bytes,
                connected=stats.connected,
            )
    return None
