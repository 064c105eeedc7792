"""The numbers of a room: who watches how, what is published, what the broadcast came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from live.access import counts, open_sessions
from live.models import Participant, Role, Room, Rung, SfuSession
from live.views_of import open_broadcast
from live.watch_time import unended_watch_secs

REPORT_IS_FRESH = timedelta(seconds=15)  # browsers report every 5 s
PUBLISHED = ("video_bitrate", "audio_bitrate", "packet_loss", "jitter", "round_trip_time", "fps")


def room_stats(room: Room, now: datetime) -> dict[str, Any]:
    """bit/s, ratio 0 to 1, ms; totals are of the open broadcast, else of the last one."""
    broadcast = open_broadcast(room) or room.broadcasts.first()
    on_air = broadcast is not None and broadcast.ended_at is None
    watch_secs = broadcast.watch_secs if broadcast else 0.0
    uptime_secs = 0.0
    if broadcast is not None:
        watch_secs += unended_watch_secs(broadcast, now) if on_air else 0.0
        uptime_secs = ((broadcast.ended_at or now) - broadcast.started_at).total_seconds()
    return {
        "room_id": room.room_id,
        "state": str(room.state),
        "viewers": counts(room)["viewers"],
        "viewers_by_protocol": viewers_by_protocol(room),
        "peak_viewers": broadcast.peak_viewers if broadcast else 0,
        "total_viewers": broadcast.total_viewers if broadcast else 0,
        "watch_secs": round(watch_secs, 3),
        "likes": broadcast.likes if broadcast else 0,
        "likes_total": room.likes_total,
        "gifts": broadcast.gifts if broadcast else 0,
        "chat_messages": broadcast.chat_messages if broadcast else 0,
        "uptime_secs": round(max(0.0, uptime_secs), 3),
        **published(room, now),
    }


def viewers_by_protocol(room: Room) -> dict[str, int]:
    """Under "none": those who are in the room but play nothing (yet)."""
    present = Participant.objects.filter(room=room, role=Role.SUBSCRIBER, left_at__isnull=True)
    found = dict(present.order_by().values_list("rung").annotate(Count("pk")))
    return {rung or "none": found.get(rung, 0) for rung in Rung.values}


def published(room: Room, now: datetime) -> dict[str, float | int | None]:
    """What the publishers' browsers say they send: rates are summed, of the rest the worst."""
    fresh = open_sessions(room, Role.PUBLISHER).filter(reported_at__gte=now - REPORT_IS_FRESH)
    sessions = list(fresh)
    return {name: _together(name, sessions) for name in PUBLISHED}


def _together(name: str, sessions: list[SfuSession]) -> float | int | None:
    values = [value for s in sessions if (value := getattr(s, name)) is not None]
    if not values:
        return None
    if name.endswith("bitrate"):
        return int(sum(values))
    return float(min(values) if name == "fps" else max(values))
