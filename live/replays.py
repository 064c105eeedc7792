"""What a room says of the recording of its last broadcast."""

from __future__ import annotations

from typing import Any

from live.lifecycle import RoomState
from live.models import Broadcast, Recording, RecordingState, Room, Visibility


def latest_replay(room: Room) -> dict[str, Any] | None:
    """`room.replay`: {"recording_id": "rec_…", "ready": false}, or None.

    Only of a room off the air, and only what all of its audience may see.
    """
    if room.state != RoomState.ENDED:
        return None
    last = Broadcast.objects.filter(room=room).order_by("-started_at", "-pk").first()
    if last is None:
        return None
    made = Recording.objects.filter(broadcast=last).exclude(state=RecordingState.FAILED)
    recording = made.order_by("number", "pk").first()
    if recording is None or recording.shown_visibility(room) == Visibility.PRIVATE:
        return None
    return {"recording_id": recording.recording_id, "ready": recording.is_ready}
