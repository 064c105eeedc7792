"""What a room's owner sees of its RTMP side: `GET live/{room_id}/ingest`. Reads, never writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from live.advice_words import refused_words, said
from live.ladder import RtmpParts, Scene, missing_ways
from live.models import Ingest, Recording, RecordingState, Room
from live.parts import disk_ok, rtmp_parts
from live.views_of import DETAILS, iso

STATES: Final = ("off", "down", "waiting", "connected", "live", "refused")
REFUSAL_IS_NEWS: Final = timedelta(minutes=10)
RIVAL_IS_NEWS: Final = timedelta(minutes=2)  # OBS knocks less and less often: 2 s … 50 s apart


def ingest_payload(room: Room, now: datetime) -> dict[str, Any]:
    ingest = Ingest.objects.filter(room=room).first() or Ingest(room=room)
    parts = rtmp_parts()
    scene = Scene(room.streaming_mode, room.room_state, True, parts)
    reason = missing_ways(scene)["rtmp"]
    state = ingest_state(ingest, parts, reason, now)
    sends = state in ("connected", "live")
    recorded = Recording.objects.filter(room=room, state=RecordingState.RECORDING)
    return {
        "state": state,
        "reason": reason,
        "detail": str(DETAILS[reason]) if reason else None,
        "server": settings.RTMP_SERVER,
        "encoder": ingest.encoder if sends else "",
        "since": iso(_since(ingest, state)),
        "figures": figures_of(ingest) if sends else {},
        "advice": said([*_rival(ingest, now), *ingest.advice]) if sends else [],
        "refused": refused_payload(ingest),
        "recording": recorded.exists(),
        "disk_ok": disk_ok(),
    }


def ingest_state(ingest: Ingest, parts: RtmpParts, reason: str | None, now: datetime) -> str:
    """One of STATES. `reason`: why nobody could begin to publish by RTMP now."""
    if reason in ("rtmp_off", "mode_webrtc", "banned"):
        refused_here = reason == "mode_webrtc" and _refused_lately(ingest, now)
        return "refused" if refused_here else "off"
    if not parts.rtmp:
        return "down"
    if ingest.has_media:
        return "live"
    if ingest.is_connected:
        return "connected"
    if reason is not None:
        return "down"
    return "refused" if _refused_lately(ingest, now) else "waiting"


def figures_of(ingest: Ingest) -> dict[str, Any]:
    """docs/ingest.md, "Figures"."""
    return dict(ingest.figures or {})


def refused_payload(ingest: Ingest) -> dict[str, Any] | None:
    """The last time that the right key was sent away; null once one was let in since."""
    if ingest.refused_at is None:
        return None
    title, detail = refused_words(ingest.refused_why)
    named = {"at": iso(ingest.refused_at), "why": ingest.refused_why}
    return {**named, "title": title, "detail": detail}


def _rival(ingest: Ingest, now: datetime) -> list[dict[str, Any]]:
    """Advice, while somebody sends and another encoder with the key is sent away."""
    refused = ingest.refused_at is not None and now - ingest.refused_at < RIVAL_IS_NEWS
    known = refused and ingest.refused_why == "already_live"
    return [{"code": "already_live", "values": {}}] if known else []


def _refused_lately(ingest: Ingest, now: datetime) -> bool:
    return ingest.refused_at is not None and now - ingest.refused_at < REFUSAL_IS_NEWS


def _since(ingest: Ingest, state: str) -> datetime | None:
    match state:
        case "connected":
            return ingest.accepted_at
        case "live":
            return ingest.media_at
        case "refused":
            return ingest.refused_at
        case "waiting":
            return ingest.lost_at
    return None
