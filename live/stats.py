"""The numbers of a room: who watches how, what is published, what the broadcast came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from live.access import open_sessions, outside_viewers
from live.ingest_of import figures_of
from live.models import Ingest, Participant, Role, Room, Rung, SfuSession
from live.views_of import open_broadcast
from live.watch_time import unended_watch_secs

REPORT_IS_FRESH = timedelta(seconds=15)  # browsers report every 5 s
WORST_IS_MOST = ("packet_loss", "jitter", "round_trip_time")
WORST_IS_LEAST = ("fps",)
LARGEST = ("width", "height")
SUMMED = ("video_bitrate", "audio_bitrate")
PUBLISHED = (*SUMMED, *WORST_IS_MOST, *WORST_IS_LEAST, *LARGEST)


def room_stats(room: Room, now: datetime) -> dict[str, Any]:
    """bit/s, ratio 0 to 1, ms; totals are of the open broadcast, else of the last one."""
    broadcast = open_broadcast(room) or room.broadcasts.first()
    on_air = broadcast is not None and broadcast.ended_at is None
    watch_secs = broadcast.watch_secs if broadcast else 0.0
    uptime_secs = 0.0
    if broadcast is not None:
        watch_secs += unended_watch_secs(broadcast, now) if on_air else 0.0
        uptime_secs = ((broadcast.ended_at or now) - broadcast.started_at).total_seconds()
    by_protocol = viewers_by_protocol(room)
    viewers = sum(by_protocol.values())
    peak = broadcast.peak_viewers if broadcast else 0
    ingest = sending_ingest(room)
    return {
        "room_id": room.room_id,
        "state": str(room.state),
        "viewers": viewers,
        "viewers_by_protocol": by_protocol,
        "peak_viewers": max(peak, viewers) if on_air else peak,
        "total_viewers": broadcast.total_viewers if broadcast else 0,
        "watch_secs": round(watch_secs, 3),
        "likes": broadcast.likes if broadcast else 0,
        "likes_total": room.likes_total,
        "gifts": broadcast.gifts if broadcast else 0,
        "chat_messages": broadcast.chat_messages if broadcast else 0,
        "uptime_secs": round(max(0.0, uptime_secs), 3),
        **published(room, ingest, now),
        "ingest": figures_of(ingest) if ingest else None,
    }


def viewers_by_protocol(room: Room) -> dict[str, int]:
    """On our pages and in players elsewhere. "none": in the room, but playing nothing (yet)."""
    present = Participant.objects.filter(room=room, role=Role.SUBSCRIBER, left_at__isnull=True)
    found = dict(present.order_by().values_list("rung").annotate(Count("pk")))
    outside = outside_viewers(room)
    return {rung or "none": found.get(rung, 0) + outside.get(str(rung), 0) for rung in Rung.values}


def sending_ingest(room: Room) -> Ingest | None:
    """None: nothing comes by RTMP now."""
    ingest = Ingest.objects.filter(room=room).first()
    return ingest if ingest is not None and ingest.has_media else None


def published(
    room: Room, ingest: Ingest | None, now: datetime
) -> dict[str, float | int | str | None]:
    """What is sent to us. Where RTMP's figures are known they stand for the room.

    Else the reports of the publishers' browsers: rates are summed, of the rest the worst.
    """
    fresh = open_sessions(room, Role.PUBLISHER).filter(reported_at__gte=now - REPORT_IS_FRESH)
    by_browser = {name: _together(name, list(fresh)) for name in PUBLISHED}
    by_rtmp = _of_figures(figures_of(ingest)) if ingest else {}
    return {**by_browser, "video_codec": None, "audio_codec": None, **by_rtmp}


def _of_figures(figures: dict[str, Any]) -> dict[str, float | int | str]:
    """Named as the browsers' figures are; what is not known is left out."""
    named = {**figures, "fps": figures.get("measured_fps") or figures.get("fps")}
    wanted = (*SUMMED, *WORST_IS_LEAST, *LARGEST, "video_codec", "audio_codec")
    found = {name: value for name in wanted if (value := named.get(name))}
    return found | {name: int(found[name]) for name in SUMMED if name in found}


def _together(name: str, sessions: list[SfuSession]) -> float | int | None:
    values = [value for s in sessions if (value := getattr(s, name)) is not None]
    if not values:
        return None
    if name in SUMMED:
        return int(sum(values))
    if name in LARGEST:
        return int(max(values))
    return float(min(values) if name in WORST_IS_LEAST else max(values))
