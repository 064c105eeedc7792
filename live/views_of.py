"""How things look from outside: the payloads that REST and WebSocket share. Reads, never writes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from live.gifts import GIFTS
from live.lifecycle import RoomState
from live.models import Broadcast, ChatMessage, GiftSent, Room, StreamingMode, User

WATCHABLE = frozenset({RoomState.STARTING, RoomState.LIVE, RoomState.INTERRUPTED})
DETAILS = {
    "banned": _("This room is banned."),
    "mode_rtmp": _("This room is for RTMP only."),
    "mode_webrtc": _("This room is for WebRTC only."),
    "not_live": _("The room is not live."),
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


def playback(room: Room, sfu_ok: bool) -> dict[str, Any]:
    """Both ladders: every way to watch and to publish, and why each missing one is missing."""
    mode, state = StreamingMode(room.streaming_mode), room.room_state
    rtmp_why = why_no_rtmp(mode, state)
    return {
        "rungs": [
            _rung("webrtc", why_no_webrtc_rung(mode, state, sfu_ok)),
            _rung("flv", rtmp_why),
            _rung("hls", rtmp_why),
        ],
        "publish": [
            _way("webrtc", why_no_webrtc_publish(mode, state, sfu_ok)),
            _way("rtmp", rtmp_why),
        ],
    }


def why_no_webrtc_rung(mode: StreamingMode, state: RoomState, sfu_ok: bool) -> str | None:
    """None: a viewer can have it now."""
    if state not in WATCHABLE and state is not RoomState.BANNED and mode is not StreamingMode.RTMP:
        return "not_live"
    return why_no_webrtc_publish(mode, state, sfu_ok)


def why_no_webrtc_publish(mode: StreamingMode, state: RoomState, sfu_ok: bool) -> str | None:
    if state is RoomState.BANNED:
        return "banned"
    if mode is StreamingMode.RTMP:
        return "mode_rtmp"
    return None if sfu_ok else "sfu_unavailable"


def why_no_rtmp(mode: StreamingMode, state: RoomState) -> str:
    """Always something: ingest comes later."""
    if state is RoomState.BANNED:
        return "banned"
    return "mode_webrtc" if mode is StreamingMode.WEBRTC else "rtmp_off"


def _rung(rung: str, reason: str | None) -> dict[str, Any]:
    return {"rung": rung, "available": reason is None, "url": None, **_why(reason)}


def _way(way: str, reason: str | None) -> dict[str, Any]:
    return {"way": way, "available": reason is None, **_why(reason)}


def _why(reason: str | None) -> dict[str, Any]:
    return {"reason": reason, "detail": str(DETAILS[reason]) if reason else None}
