"""What a room says of the recording of its last broadcast."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from live.lifecycle import RoomState
from live.models import Broadcast, Recording, RecordingState, Room, Visibility


def latest_replay(room: Room) -> dict[str, Any] | None:
    """`room.replay`: {"recording_id": "rec_…", "ready": false}, or None.

    Only of a room off the air, and only what all of its audience may see.
    """
    if room.state != RoomState.ENDED:
        return None
    fetched = getattr(room, "last_recordings", None)  # by access.rooms_with_replays
    found = last_recordings().filter(room=room) if fetched is None else fetched
    recording = next(iter(found), None)
    if recording is None or recording.shown_visibility(room) == Visibility.PRIVATE:
        return None
    return {"recording_id": recording.recording_id, "ready": recording.is_ready}


def last_recordings() -> QuerySet[Recording]:
    """Of the last broadcast of each room that is off the air; the first one first."""
    broadcasts = Broadcast.objects.filter(room=OuterRef("room")).order_by("-started_at", "-pk")
    made = Recording.objects.exclude(state=RecordingState.FAILED)
    return made.filter(
        room__state=RoomState.ENDED.value, broadcast=Subquery(broadcasts.values("pk")[:1])
    ).order_by("number", "pk")
