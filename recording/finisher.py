"""Makes an MP4 of each recording whose broadcast is over; begins anew after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from channels.db import database_sync_to_async

from live import actions, recording_files
from live.actions.recordings import UNFINISHED, Made
from live.models import Recording, RecordingState
from live.recording_files import mp4_file, piece_names, recordings_dir, thumbnail_file
from live.tasks import end_tasks
from recording.child import Done, run_child
from recording.folder import changed_at
from recording.pieces import first_frame_at, is_due, parse_piece
from worker.job import Job

logger = logging.getLogger("worker")
AT_ONCE: Final = 1  # one uses a whole core for a moment; two at most
SPARE_BYTES: Final = 50_000_000
TRIES: Final = 3  # of a child that somebody else killed
AGAIN_SECS: Final = 60.0  # after one without room on the disk, or killed
FROM_OUTSIDE: Final = (-signal.SIGTERM, -signal.SIGKILL, -signal.SIGINT)


class Finisher(Job):
    name = "finisher"
    every_secs = 1.0

    def __init__(self) -> None:
        self._working: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, float] = {}  # until when, by the monotonic clock
        self._tries: dict[int, int] = {}

    async def __aexit__(self, *error: object) -> None:
        await end_tasks(self._working.values())

    async def tick(self) -> None:
        self._working = {pk: task for pk, task in self._working.items() if not task.done()}
        if len(self._working) >= AT_ONCE:
            return
        now = time.monotonic()
        for recording in await database_sync_to_async(due_recordings)():
            if len(self._working) >= AT_ONCE:
                return
            if recording.pk not in self._working and self._waiting.get(recording.pk, 0.0) <= now:
                work = asyncio.create_task(self._guarded(recording), name="finisher")
                self._working[recording.pk] = work

    async def _guarded(self, recording: Recording) -> None:
        try:
            await self._finish(recording)
        except Exception:
            logger.exception("recording %s was not made ready", recording.recording_id)
            self._wait(recording)

    def _wait(self, recording: Recording) -> None:
        self._waiting[recording.pk] = time.monotonic() + AGAIN_SECS

    async def _finish(self, recording: Recording) -> None:
        with file_lock(recording.recording_id) as lock:
            if lock is None:
                return  # another worker, or the child of one that died, is at it
            claimed = await database_sync_to_async(actions.do_claim_recording)(recording)
            if claimed is None:
                return
            pieces = pieces_of(claimed)
            if not pieces:
                await self._failed(claimed, "empty")
                return
            size = sum(path.stat().st_size for path in pieces)
            if shutil.disk_usage(recordings_dir()).free < size + SPARE_BYTES:
                self._wait(claimed)
                return
            secs = 60 + size // 5_000_000  # ten times what it takes
            arguments = [*map(str, hidden_files(claimed)), str(secs), *map(str, pieces)]
            done = await run_child("recording.remux", arguments, secs, keep=(lock,))
            await self._made(claimed, done)

    async def _made(self, recording: Recording, done: Done) -> None:
        if done.code in FROM_OUTSIDE and self._may_try_again(recording):
            self._wait(recording)
            return
        result = parse_result(done)
        match result.get("problem"):
            case None:
                if await database_sync_to_async(put_in_place)(recording, result):
                    logger.info("recording %s is ready", recording.recording_id)
            case "no_space":
                self._wait(recording)
            case problem:
                await self._failed(recording, str(problem))

    def _may_try_again(self, recording: Recording) -> bool:
        self._tries[recording.pk] = self._tries.get(recording.pk, 0) + 1
        return self._tries[recording.pk] < TRIES

    async def _failed(self, recording: Recording, problem: str) -> None:
        """Nothing in it: its pieces go. Else they stay for another try."""
        logger.warning("recording %s failed: %s", recording.recording_id, problem)
        for path in hidden_files(recording):
            path.unlink(missing_ok=True)
        await database_sync_to_async(actions.do_recording_failed)(recording, problem)
        if problem == "empty":
            recording_files.remove_pieces(recording.pieces)


def due_recordings() -> list[Recording]:
    """Oldest first: broken off by a crash, to be tried again, or with an ended broadcast."""
    unfinished = Recording.objects.filter(state__in=UNFINISHED)
    if not unfinished.exists():
        return []  # mostly, and four times cheaper
    found = unfinished.select_related("broadcast", "room")
    return [recording for recording in found.order_by("started_at", "pk") if _is_due(recording)]


def _is_due(recording: Recording) -> bool:
    if recording.state == RecordingState.PROCESSING:
        return True
    broadcast = recording.broadcast
    if broadcast is None:
        ended_at: float | None = recording.started_at.timestamp()  # its broadcast was deleted
    else:
        ended_at = broadcast.ended_at.timestamp() if broadcast.ended_at else None
    times = [changed_at(path) for path in pieces_of(recording)]
    return is_due(ended_at, [at for at in times if at is not None], time.time())


def pieces_of(recording: Recording) -> list[Path]:
    """Those that are there, oldest first."""
    paths = [recordings_dir() / name for name in piece_names(recording.pieces)]
    return [path for path in paths if path.exists()]


def hidden_files(recording: Recording) -> tuple[Path, Path]:
    """Where MP4 and picture are made."""
    name = f".{recording.recording_id}"
    return recordings_dir() / f"{name}.mp4", recordings_dir() / f"{name}.jpg"


@contextlib.contextmanager
def file_lock(recording_id: str) -> Iterator[int | None]:
    """The descriptor, held while it is open here or in a child; None: somebody else has it."""
    path = recordings_dir() / f".{recording_id}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    try:
        yield descriptor
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def parse_result(done: Done) -> dict[str, Any]:
    """What the child said; {"problem": …} when it said nothing."""
    if done.code is None or done.code in (-signal.SIGALRM, -signal.SIGXCPU):
        return {"problem": "too_long"}
    try:
        found = json.loads(done.out)
    except ValueError:
        return {"problem": "broken"}
    return found if done.code == 0 and isinstance(found, dict) else {"problem": "broken"}


def put_in_place(recording: Recording, result: dict[str, Any]) -> bool:
    """Files first, then the row, then the pieces go: whatever breaks off is done again."""
    mp4, jpeg = hidden_files(recording)
    mp4.replace(mp4_file(recording.recording_id))
    if jpeg.exists():
        jpeg.replace(thumbnail_file(recording.recording_id))
    made = Made(
        pieces=piece_map(recording, result),
        duration_secs=result["duration_secs"],
        size_bytes=result["size_bytes"],
        width=result["width"],
        height=result["height"],
    )
    if actions.do_recording_ready(recording, made, result["rest"]):
        recording_files.remove_pieces(made.pieces)
        return True
    recording_files.remove_made(recording.recording_id)  # it was deleted meanwhile
    recording_files.remove_pieces(recording.pieces)
    return False


def piece_map(recording: Recording, result: dict[str, Any]) -> list[dict[str, Any]]:
    """Recording.pieces without the rest; those with nothing in them have no length."""
    joined = {piece["file"]: piece for piece in result["pieces"]}
    gone = set(result["rest"])
    found, from_ms = [], 0
    for name in piece_names(recording.pieces):
        if name in gone:
            continue
        entry = joined.get(name, {"from_ms": from_ms, "duration_ms": 0})
        from_ms = entry["from_ms"] + entry["duration_ms"]
        at = _first_frame_at(name, entry["duration_ms"] / 1000)
        found.append({"file": name, "at": at.isoformat(), **entry})
    return found


def _first_frame_at(name: str, duration_secs: float) -> datetime:
    piece = parse_piece(name)
    if piece is None:  # piece_names gives no others
        raise ValueError(name)
    changed = changed_at(recordings_dir() / name)
    at = first_frame_at(piece, changed or 0.0, duration_secs)
    return datetime.fromtimestamp(at, UTC)
