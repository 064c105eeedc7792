"""Broadcasts and recordings for tests, made by the real actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from live import actions
from live.actions.recordings import Made
from live.models import Broadcast, Recording, Room
from live.recording_files import mp4_file, recordings_dir, thumbnail_file


def make_broadcast(room: Room, ended: bool = True) -> Broadcast:
    """By RTMP, with media."""
    actions.do_ingest_accepted(room, "7", "hash")
    actions.do_ingest_media(room)
    broadcast = Broadcast.objects.get(room=room, ended_at__isnull=True)
    if ended:
        actions.do_end_broadcast(room, "by_owner")
        broadcast.refresh_from_db()
    return broadcast


def end_long_ago(broadcast: Broadcast, secs: float = 60.0) -> None:
    """As if it had ended then."""
    at = timezone.now() - timedelta(seconds=secs)
    Broadcast.objects.filter(pk=broadcast.pk).update(ended_at=at)


def piece_name(room: Room, at: datetime) -> str:
    return f"{room.play_id}-{int(at.timestamp())}.flv"


def make_recording(
    room: Room,
    broadcast: Broadcast | None = None,
    pieces: Iterable[tuple[float, float]] = ((0.0, 10.0),),
    **fields: Any,
) -> Recording:
    """Ready. `pieces`: (seconds after the broadcast's start, length in seconds) of each."""
    broadcast = broadcast or make_broadcast(room)
    entries, from_ms = [], 0
    recording = None
    for after, secs in pieces:
        at = broadcast.started_at + timedelta(seconds=after)
        name = piece_name(room, at)
        recording = actions.do_note_piece(room, broadcast, name, at) or recording
        length = round(secs * 1000)
        entries.append(
            {"file": name, "at": at.isoformat(), "from_ms": from_ms, "duration_ms": length}
        )
        from_ms += length
    assert recording is not None
    claimed = actions.do_claim_recording(recording)
    assert claimed is not None
    for path in (mp4_file(recording.recording_id), thumbnail_file(recording.recording_id)):
        path.write_bytes(b"\xff\xd8 not a real one")
    made = Made(entries, from_ms / 1000, fields.pop("size_bytes", 1000), 320, 180)
    assert actions.do_recording_ready(claimed, made)
    if fields:
        Recording.objects.filter(pk=recording.pk).update(**fields)
    recording.refresh_from_db()
    return recording


def files() -> set[str]:
    return {path.name for path in recordings_dir().iterdir()}
