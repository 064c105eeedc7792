"""Retention by days and by quota, and the sweep of what belongs to nothing."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from live import actions
from live.models import Recording, RecordingState
from live.recording_files import mp4_file, recordings_dir
from recording.cleaner import keep_limits, sweep
from tests.integration.recording.make import files, make_broadcast, make_recording

NOW = time.time()
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def four(room):
    """40, 20, 10 and 1 days old; 1, 2, 1 and 3 GB."""
    found = []
    for days, gb in ((40, 1), (20, 2), (10, 1), (1, 3)):
        at = timezone.now() - timedelta(days=days)
        found.append(make_recording(room, pieces=[(float(days), 10.0)]))  # names of their own
        Recording.objects.filter(pk=found[-1].pk).update(
            started_at=at, size_bytes=gb * 10**9, ready_at=at
        )
    return found


@pytest.mark.parametrize(
    ("days", "quota_gb", "left"),
    [(0, 0.0, 4), (30, 0.0, 3), (15, 0.0, 2), (0, 6.0, 3), (0, 4.0, 2), (30, 2.0, 0), (0, 99.0, 4)],
)
def test_limits(four, settings, days, quota_gb, left):
    settings.RECORDING_KEEP_DAYS = days
    settings.RECORDING_QUOTA_GB = quota_gb
    keep_limits(timezone.now())
    kept = {recording.recording_id for recording in four[4 - left :]}
    assert set(Recording.objects.values_list("recording_id", flat=True)) == kept
    assert files() == {f"{name}.{kind}" for name in kept for kind in ("mp4", "jpg")}


def test_failed_ones_go_after_a_week_with_their_pieces(room):
    broadcast = make_broadcast(room)
    name = f"{room.play_id}-1795276755.flv"
    recording = actions.do_note_piece(room, broadcast, name, broadcast.started_at)
    (recordings_dir() / name).write_bytes(b"FLV")
    actions.do_claim_recording(recording)
    actions.do_recording_failed(recording, "broken")
    keep_limits(timezone.now() + timedelta(days=6))
    assert files() == {name}
    keep_limits(timezone.now() + timedelta(days=8))
    assert files() == set()
    assert not Recording.objects.exists()


def put(name: str, hours: float, data: bytes = b"x") -> str:
    path = recordings_dir() / name
    path.write_bytes(data)
    os.utime(path, (NOW - hours * 3600, NOW - hours * 3600))
    return name


def test_the_sweep(room):
    recording = make_recording(room)
    pieces = [piece["file"] for piece in recording.pieces]
    running = actions.do_note_piece(
        room, make_broadcast(room, ended=False), f"{room.play_id}-1795276755.flv", timezone.now()
    )
    stays = {
        *files(),
        put(running.pieces[0]["file"], 99),
        put(f"{room.play_id}-1795276799.flv", 99),  # of a room that is known: to be adopted
        put("play_gone-1795276755.flv", 23),
        put(".rec_abc.mp4", 0.5),
        put("rec_new.mp4", 0.0),
        put("notes.txt", 9999),
        put("someone.mp4", 9999),
    }
    goes = {
        put(pieces[0], 1),  # its MP4 is there
        put(f"{room.play_id}-1795276777.flv", 1, b""),  # nothing ever came
        put("play_gone-1795276756.flv", 25),
        put("rec_gone.mp4", 1),
        put("rec_gone.jpg", 1),
        put(".rec_abc.jpg", 2),
        put(".rec_abd.lock", 2),
    }
    assert set(sweep(NOW)) == goes
    assert files() == stays
    assert sweep(NOW) == []


def test_pieces_stay_when_the_mp4_is_gone(room):
    recording = make_recording(room)
    mp4_file(recording.recording_id).unlink()
    name = put(recording.pieces[0]["file"], 1)
    sweep(NOW)
    assert name in files()
    Recording.objects.update(state=RecordingState.FAILED)
    assert actions.do_retry_recording(recording).state == RecordingState.PROCESSING
