"""Recordings for the tests of pages, with a picture where one is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from live.models import Broadcast, Recording, Room
from live.recording_files import thumbnail_file


def make_recording(room: Room, title: str = "Last night", **fields: Any) -> Recording:
    """Ready and public unless `fields` say otherwise."""
    start = fields.pop("started_at", timezone.now() - timedelta(hours=5))
    broadcast = Broadcast.objects.create(
        room=room, started_at=start, live_at=start, ended_at=start + timedelta(seconds=754)
    )
    made = {"state": "ready", "duration_secs": 754.0, "size_bytes": 123_400_000, "width": 1280}
    return Recording.objects.create(
        room=room, broadcast=broadcast, title=title, started_at=start, height=720, **made | fields
    )


def give_picture(recording: Recording) -> None:
    path = thumbnail_file(recording.recording_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8 a picture")
