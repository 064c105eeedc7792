"""Retention, and the sweep of files that belong to nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from live import actions
from live.errors import MicroVibeError
from live.models import Recording, RecordingState, Room
from live.recording_files import mp4_file, piece_names, recordings_dir
from recording.folder import changed_at
from recording.pieces import parse_piece
from recording.retention import Kept, Limits, to_delete
from worker.job import Job

logger = logging.getLogger("worker")
FRESH_SECS: Final = 60.0  # a file may be a moment ahead of its row
HIDDEN_SECS: Final = 3600.0  # what is being made is written to all the time
UNKNOWN_SECS: Final = 86_400.0


class Cleaner(Job):
    name = "cleaner"
    every_secs = 60.0

    async def tick(self) -> None:
        await database_sync_to_async(keep_limits)(timezone.now())
        await database_sync_to_async(sweep)(time.time())


def keep_limits(now: datetime) -> int:
    """How many recordings were deleted."""
    limits = Limits(settings.RECORDING_KEEP_DAYS, settings.RECORDING_QUOTA_GB)
    finished = {
        recording.pk: recording
        for recording in Recording.objects.filter(
            state__in=(RecordingState.READY, RecordingState.FAILED)
        )
    }
    doomed = to_delete(map(_kept, finished.values()), limits, now)
    for one in doomed:
        recording = finished[one.pk]
        try:
            actions.do_delete_recording(recording)
        except MicroVibeError:
            continue  # somebody had it made anew just now
        logger.info("recording %s deleted: %s", recording.recording_id, one.why)
    return len(doomed)


def _kept(recording: Recording) -> Kept:
    failed = recording.state == RecordingState.FAILED
    size = recording.size_bytes
    if failed:
        names = piece_names(recording.pieces)
        paths = [recordings_dir() / name for name in names]
        size = sum(path.stat().st_size for path in paths if path.exists())
    finished_at = recording.ready_at or recording.started_at
    return Kept(recording.pk, recording.started_at, finished_at, size, failed)


def sweep(now: float) -> list[str]:
    """Deletes what belongs to no row (any more); the names of what went."""
    doomed = list(_orphans(now))
    for path in doomed:
        logger.info("recordings: %s belongs to nothing, deleted", path.name)
        path.unlink(missing_ok=True)
    return [path.name for path in doomed]


def _orphans(now: float) -> Iterator[Path]:
    folder = recordings_dir()
    ages = {
        path: now - at
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (at := changed_at(path)) is not None and path.is_file()
    }
    yield from (path for path, age in ages.items() if path.name[0] == "." and age > HIDDEN_SECS)
    old = {path: age for path, age in ages.items() if path.name[0] != "." and age > FRESH_SECS}
    made = {path for path in old if path.suffix in (".mp4", ".jpg") and path.stem[:4] == "rec_"}
    if made:
        ids = set(Recording.objects.values_list("recording_id", flat=True))
        yield from (path for path in made if path.stem not in ids)
    pieces = {path: age for path, age in old.items() if parse_piece(path.name)}
    if pieces:
        yield from _orphan_pieces(pieces)


def _orphan_pieces(ages: dict[Path, float]) -> Iterator[Path]:
    """Pieces of MP4s that are ready, without a byte, and, after a day, of rooms nobody knows."""
    ready = Recording.objects.filter(state=RecordingState.READY)
    used = {
        name
        for recording in ready.only("recording_id", "pieces")
        if mp4_file(recording.recording_id).exists()
        for name in piece_names(recording.pieces)
    }
    play_ids = set(Room.objects.values_list("play_id", flat=True))
    for path, age in ages.items():
        piece = parse_piece(path.name)
        unknown = piece is not None and piece.play_id not in play_ids
        never_begun = not path.stat().st_size
        if path.name in used or never_begun or (unknown and age > UNKNOWN_SECS):
            yield path
