"""Recordings: their rows from the first piece on, what is made of them, and how they go.

The worker calls most of these, perhaps twice or from two workers: each change asks for the state
that it starts from, so that a repetition changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from live import events, recording_files
from live.actions._room import locked
from live.models import Broadcast, Recording, RecordingState, Room, Visibility
from live.refusals import refusal
from live.text import clean_text

DISK_FULL: Final = "disk_full"
VIEW_EVERY_SECS: Final = 3600
UNFINISHED = (RecordingState.RECORDING, RecordingState.PROCESSING)


@dataclass(frozen=True)
class Made:
    """An MP4 that plays. `pieces`: as in Recording.pieces, those that are in it."""

    pieces: list[dict[str, Any]]
    duration_secs: float
    size_bytes: int
    width: int
    height: int


@transaction.atomic
def do_note_piece(room: Room, broadcast: Broadcast, file: str, at: datetime) -> Recording | None:
    """A file that nginx writes or wrote for this broadcast. None: it was known already."""
    locked(room)
    of_room = list(Recording.objects.filter(room=room, started_at__gte=at - timedelta(days=30)))
    if any(piece["file"] == file for one in of_room for piece in one.pieces):
        return None
    piece = {"file": file, "at": at.isoformat(), "from_ms": 0, "duration_ms": 0}
    of_broadcast = [one for one in of_room if one.broadcast_id == broadcast.pk]
    for recording in of_broadcast:
        if recording.state == RecordingState.RECORDING:
            recording.pieces = sorted([*recording.pieces, piece], key=lambda one: str(one["file"]))
            recording.started_at = min(recording.started_at, at)
            recording.save(update_fields=["pieces", "started_at"])
            return recording
    return Recording.objects.create(
        room=room,
        broadcast=broadcast,
        number=1 + max((one.number for one in of_broadcast), default=0),
        title=room.title,
        visibility=room.visibility,
        pieces=[piece],
        started_at=at,
    )


def do_recording_problem(recording: Recording, problem: str) -> bool:
    """Says why it is cut short (`disk_full`); what is there is still made playable."""
    open_one = Recording.objects.filter(pk=recording.pk, state__in=UNFINISHED)
    return bool(open_one.exclude(problem=problem).update(problem=problem))


@transaction.atomic
def do_claim_recording(recording: Recording) -> Recording | None:
    """recording → processing, taking over the room's visibility; also again after a crash.

    None: another worker finished it, or it was deleted. The caller holds the file lock.
    """
    fresh = _locked(recording)
    if fresh is None or fresh.state not in UNFINISHED:
        return None
    if fresh.state == RecordingState.RECORDING:
        fresh.state = RecordingState.PROCESSING
        fresh.visibility = fresh.room.visibility
        fresh.save(update_fields=["state", "visibility"])
        events.publish(events.RoomChanged(fresh.room.room_id))
    return fresh


@transaction.atomic
def do_recording_ready(recording: Recording, made: Made, rest: Iterable[str] = ()) -> bool:
    """processing → ready. `rest`: pieces that did not fit into the same file: a further recording.

    False: it was deleted meanwhile, or another worker was faster.
    """
    fresh = _locked(recording)
    if fresh is None or fresh.state != RecordingState.PROCESSING:
        return False
    others = set(rest)
    left = [piece for piece in fresh.pieces if piece["file"] in others]
    fresh.state = RecordingState.READY
    fresh.pieces = made.pieces
    fresh.duration_secs = made.duration_secs
    fresh.size_bytes = made.size_bytes
    fresh.width, fresh.height = made.width, made.height
    fresh.problem = DISK_FULL if fresh.problem == DISK_FULL else ""
    fresh.started_at = min(
        datetime.fromisoformat(piece["at"]) for piece in made.pieces if piece["duration_ms"]
    )
    fresh.ready_at = timezone.now()
    fresh.save()
    if left:
        _open_further(fresh, left)
    events.publish(events.RoomChanged(fresh.room.room_id))
    return True


def _open_further(recording: Recording, pieces: list[dict[str, Any]]) -> None:
    same = Recording.objects.filter(room=recording.room, broadcast=recording.broadcast)
    last = same.aggregate(last=Max("number"))["last"] if recording.broadcast else None
    Recording.objects.create(
        room=recording.room,
        broadcast=recording.broadcast,
        number=(last or recording.number) + 1,
        title=recording.title,
        visibility=recording.visibility,
        state=RecordingState.PROCESSING,
        problem=recording.problem,
        pieces=pieces,
        started_at=datetime.fromisoformat(pieces[0]["at"]),
    )


@transaction.atomic
def do_recording_failed(recording: Recording, problem: str) -> bool:
    """processing → failed. Its pieces are kept for a while, so that staff may try again."""
    fresh = _locked(recording)
    if fresh is None or fresh.state != RecordingState.PROCESSING:
        return False
    fresh.state = RecordingState.FAILED
    fresh.problem = problem
    fresh.ready_at = timezone.now()
    fresh.save(update_fields=["state", "problem", "ready_at"])
    events.publish(events.RoomChanged(fresh.room.room_id))
    return True


@transaction.atomic
def do_retry_recording(recording: Recording) -> Recording:
    """failed → processing. Raises recording_gone when none of its pieces is there any more."""
    fresh = _locked(recording)
    if fresh is None:
        raise refusal("recording_not_found")
    folder = recording_files.recordings_dir()
    there = [name for name in recording_files.piece_names(fresh.pieces) if (folder / name).exists()]
    if fresh.state != RecordingState.FAILED or not there:
        raise refusal("recording_gone")
    fresh.state = RecordingState.PROCESSING
    fresh.problem = ""
    fresh.save(update_fields=["state", "problem"])
    return fresh


@transaction.atomic
def do_update_recording(
    recording: Recording, *, title: str | None = None, visibility: str | None = None
) -> Recording:
    """Raises invalid (data.fields), recording_running (its visibility, while it is the room's)."""
    fresh = _locked(recording)
    if fresh is None:
        raise refusal("recording_not_found")
    if title is not None:
        fresh.title = clean_text(title)
        if not 1 <= len(fresh.title) <= 100:
            raise refusal("invalid", fields={"title": ["1 to 100 characters"]})
    if visibility is not None and visibility != fresh.shown_visibility(fresh.room):
        if visibility not in Visibility.values:
            raise refusal(
                "invalid", fields={"visibility": ["one of " + ", ".join(Visibility.values)]}
            )
        if fresh.state == RecordingState.RECORDING:
            raise refusal("recording_running")
        fresh.visibility = visibility
    fresh.save(update_fields=["title", "visibility"])
    events.publish(events.RoomChanged(fresh.room.room_id))
    return fresh


@transaction.atomic
def do_delete_recording(recording: Recording) -> bool:
    """The row, and once that is sure the files. False: it was deleted already.

    Raises recording_running while nginx still writes for it: a piece would come back as a new one.
    """
    fresh = _locked(recording)
    if fresh is None:
        return False
    if fresh.state == RecordingState.RECORDING and _is_open(fresh.broadcast):
        raise refusal("recording_running")
    room_id, recording_id, pieces = fresh.room.room_id, fresh.recording_id, fresh.pieces
    fresh.delete()
    transaction.on_commit(lambda: recording_files.remove_made(recording_id))
    transaction.on_commit(lambda: recording_files.remove_pieces(pieces))
    events.publish(events.RoomChanged(room_id))
    return True


def do_count_view(recording: Recording, viewer: str) -> bool:
    """One more, unless `viewer` (a session key or an address) was counted within the hour."""
    if not cache.add(f"replay-view:{recording.recording_id}:{viewer}", 1, VIEW_EVERY_SECS):
        return False
    return bool(Recording.objects.filter(pk=recording.pk).update(views=F("views") + 1))


def _locked(recording: Recording) -> Recording | None:
    found = Recording.objects.select_for_update(of=("self",)).select_related("room", "broadcast")
    return found.filter(pk=recording.pk).first()


def _is_open(broadcast: Broadcast | None) -> bool:
    return broadcast is not None and broadcast.ended_at is None
