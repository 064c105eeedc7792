"""Which streams may be recorded now, and who feeds each: an encoder's push, or a bridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from live.access import CONNECTED, ON_AIR_STATES
from live.models import SENDING, Broadcast, Ingest, Room, SfuSession, StreamingMode, StreamType
from recording.decide import Source


@dataclass(frozen=True)
class Recordable:
    """A room on air. `client_id`: of its encoder; "" while none is connected."""

    play_id: str
    client_id: str
    wanted: bool
    began_at: float
    sound_only: bool = False


def recordable() -> list[Recordable]:
    """Rooms on air that somebody is connected to by RTMP, whose media may be yet to come, or that
    a bridge may feed."""
    connected = Ingest.objects.filter(CONNECTED)
    bridged = bridge_may_feed()
    if not connected.exists() and not bridged.exists():
        return []  # mostly, and four times cheaper
    rooms = Room.objects.filter(
        Q(pk__in=connected.values("room_id")) | Q(pk__in=bridged.values("room_id"))
    ).select_related("ingest")
    opened = {
        broadcast.room_id: broadcast
        for broadcast in Broadcast.objects.filter(ended_at__isnull=True, room__in=rooms)
    }
    return [
        Recordable(
            play_id=room.play_id,
            client_id=encoder_of(room),
            wanted=room.record and settings.RECORDING_ENABLED,
            began_at=opened[room.pk].started_at.timestamp(),
            sound_only=room.stream_type == StreamType.AUDIO,
        )
        for room in rooms
        if room.pk in opened
    ]


def bridge_may_feed() -> QuerySet[SfuSession]:
    if not settings.STREAMING_WEBRTC_TO_RTMP:
        return SfuSession.objects.none()
    hybrid = {"room__streaming_mode": StreamingMode.HYBRID, "room__state__in": ON_AIR_STATES}
    return SfuSession.objects.filter(SENDING, **hybrid)


def encoder_of(room: Room) -> str:
    ingest: Ingest | None = getattr(room, "ingest", None)
    return ingest.client_id if ingest is not None and ingest.is_connected else ""


def fed_by(room: Recordable, feeders: Mapping[str, str]) -> Source | None:
    """None: nobody feeds it. Another feeder is another source: nginx stops with the one before."""
    feeder = feeders.get(room.play_id, "")
    if not feeder and not room.client_id:
        return None
    client_id = feeder or f"live {room.client_id}"
    return Source(room.play_id, client_id, room.wanted, room.began_at, room.sound_only)
