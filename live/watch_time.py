"""How long a broadcast was watched. Reads only."""

from __future__ import annotations

from datetime import datetime

from live.models import Broadcast, Participant, Role


def unended_watch_secs(broadcast: Broadcast, now: datetime) -> float:
    """Of those who are there now and so are not counted in broadcast.watch_secs yet."""
    present = Participant.objects.filter(
        room_id=broadcast.room_id, role=Role.SUBSCRIBER, left_at__isnull=True
    )
    return sum(
        watched_secs(broadcast.started_at, connected_at, now)
        for connected_at in present.values_list("connected_at", flat=True)
    )


def watched_secs(broadcast_at: datetime, connected_at: datetime, until: datetime) -> float:
    return max(0.0, (until - max(broadcast_at, connected_at)).total_seconds())
