"""How things look from outside: the payloads that REST and WebSocket share. Reads, never writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from live.gifts import GIFTS
from live.ladder import Bridges, Scene, missing_rungs, missing_ways
from live.lifecycle import RoomState
from live.models import (
    SENDING,
    BridgeJob,
    BridgeKind,
    BridgeState,
    Broadcast,
    ChatMessage,
    GiftSent,
    Ingest,
    Room,
    SfuSession,
    User,
)
from live.parts import bridges_run, rtmp_parts
from live.play_urls import flv_url, hls_url
from live.replays import latest_replay
from live.stage_of import stage_of

DETAILS = {
    "banned": _("This room is banned."),
    "bridge_down": _("What is sent can't be passed on right now."),
    "bridge_no_slot": _("The server can't convert what is sent right now."),
    "bridge_starting": _("It is here in a moment."),
    "flv_down": _("HTTP-FLV is not answering."),
    "mode_rtmp": _("This room is for RTMP only."),
    "mode_webrtc": _("This room is for WebRTC only."),
    "no_rtmp_source": _("Nobody is sending by RTMP."),
    "no_webrtc_source": _("Nobody is sending by WebRTC."),
    "not_live": _("The room is not live."),
    "rtmp_down": _("The RTMP server is not answering."),
    "rtmp_off": _("RTMP is not part of this installation."),
    "sfu_unavailable": _("The media server is not answering."),
}


def iso(at: datetime | None) -> str | None:
    """ "2026-11-21T10:00:03.250Z"."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user_payload(user: User | None) -> dict[str, Any] | None:
    """None for a guest."""
    return None if user is None else {"id": user.pk, "name": user.name}


def open_broadcast(room: Room) -> Broadcast | None:
    fetched = getattr(room, "open_broadcasts", None)  # by access.rooms_with_viewers
    if fetched is not None:
        return fetched[0] if fetched else None
    return Broadcast.objects.filter(room=room, ended_at__isnull=True).first()


def room_state(room: Room) -> dict[str, Any]:
    """`welcome.room` and the `room` message of docs/signalling-protocol.md."""
    broadcast = open_broadcast(room)
    interrupted = room.state == RoomState.INTERRUPTED
    return {
        "title": room.title,
        "description": room.description,
        "state": str(room.state),
        "streaming_mode": str(room.streaming_mode),
        "stream_type": str(room.stream_type),
        "owner": user_payload(room.owner),
        "broadcast": (
            {"id": broadcast.pk, "started_at": iso(broadcast.started_at)} if broadcast else None
        ),
        "ended_reason": room.ended_reason or None,
        "grace_until": iso(room.grace_until) if interrupted else None,
        "publishing": publishing(room),
        "replay": latest_replay(room),
        "stage": stage_of(room),
    }


def chat_payload(message: ChatMessage) -> dict[str, Any]:
    return {
        "id": message.pk,
        "text": message.text,
        "at": iso(message.sent_at),
        "user": user_payload(message.user),
        "by_owner": message.user_id == message.room.owner_id,
    }


def gift_payload(sent: GiftSent) -> dict[str, Any]:
    gift = GIFTS.get(sent.gift)  # None: no longer in the catalogue
    return {
        "gift": sent.gift,
        "emoji": gift.emoji if gift else "",
        "name": str(gift.name) if gift else sent.gift,
        "count": sent.count,
        "user": user_payload(sent.user),
        "at": iso(sent.sent_at),
    }


def publishing(room: Room) -> list[str]:
    """Who sends media now: "webrtc", "rtmp", both or none, in this order."""
    by_webrtc = getattr(room, "sends_webrtc", None)  # by access.rooms_with_viewers
    if by_webrtc is None:
        ingest = Ingest.objects.filter(room=room).first()
        by_webrtc = SfuSession.objects.filter(SENDING, room=room).exists()
    else:
        ingest = getattr(room, "ingest", None)
    sends = {"webrtc": by_webrtc, "rtmp": ingest is not None and ingest.has_media}
    return [name for name, yes in sends.items() if yes]


def playback(room: Room, sfu_ok: bool) -> dict[str, Any]:
    """Both ladders: every way to watch and to publish, and why each missing one is missing."""
    sources = frozenset(publishing(room))
    scene = Scene(
        room.streaming_mode, room.room_state, sfu_ok, rtmp_parts(), sources, _bridges(room, sources)
    )
    urls = {"flv": flv_url(room), "hls": hls_url(room)}
    rungs = [
        {
            "rung": rung,
            "available": why is None,
            "url": urls.get(rung) if why is None else None,
            "qualities": _qualities(room) if rung == "hls" and why is None else None,
            **_why(why),
        }
        for rung, why in missing_rungs(scene).items()
    ]
    ways = [
        {"way": way, "available": why is None, **_why(why)}
        for way, why in missing_ways(scene).items()
    ]
    return {"rungs": rungs, "publish": ways}


def _bridges(room: Room, sources: frozenset[str]) -> Bridges:
    state, reason = to_webrtc_job(room) if sources == {"rtmp"} else ("", "")
    return Bridges(
        to_webrtc=settings.STREAMING_RTMP_TO_WEBRTC,
        to_rtmp=settings.STREAMING_WEBRTC_TO_RTMP,
        alive=bridges_run(),
        state=state,
        reason=reason,
    )


def to_webrtc_job(room: Room) -> tuple[str, str]:
    """State and reason; ("", "") when there is none."""
    known = getattr(room, "to_webrtc_job", "")  # "waiting no_slot", by access.rooms_with_viewers
    if known == "":
        jobs = BridgeJob.objects.filter(room=room, kind=BridgeKind.TO_WEBRTC)
        return jobs.values_list("state", "reason").first() or ("", "")
    state, _, reason = (known or "").partition(" ")
    return state, reason


def _qualities(room: Room) -> list[str]:
    """Of HLS, best first: ["source", "720p", "audio"]; others than "source" while a job runs."""
    if not settings.HLS_LADDER or not bridges_run():
        return ["source"]
    figures = getattr(room, "ladder_figures", "")  # by access.rooms_with_viewers
    if figures == "":
        running = BridgeJob.objects.filter(kind=BridgeKind.LADDER, state=BridgeState.RUNNING)
        figures = running.filter(room=room).values_list("figures", flat=True).first()
    found = figures.get("qualities") if isinstance(figures, dict) else None
    return [str(quality) for quality in found] if found else ["source"]


def _why(reason: str | None) -> dict[str, Any]:
    return {"reason": reason, "detail": str(DETAILS[reason]) if reason else None}
