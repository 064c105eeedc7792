"""From pieces to an MP4: whatever breaks off is done again, whatever is bad is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client

from live import actions
from live.models import Recording
from live.recording_files import mp4_file, recordings_dir
from recording.finisher import Finisher
from recording.recorder import Recorder
from tests.integration.recording.at_work import db, states, until, working
from tests.integration.recording.make import (
    end_long_ago,
    files,
    make_broadcast,
    make_recording,
)
from tests.integration.recording.probe import probe

pytestmark = [
    pytest.mark.media,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
]


@pytest.fixture
def left_over(room):
    """Puts pieces there as a crash leaves them: the broadcast ended, files without rows."""
    broadcast = make_broadcast(room)
    end_long_ago(broadcast)
    broadcast.refresh_from_db()

    def leave(*sources: Path | bytes) -> list[str]:
        names = []
        for number, source in enumerate(sources):
            at = broadcast.started_at.timestamp() + number
            name = f"{room.play_id}-{int(at)}.flv"
            path = recordings_dir() / name
            path.write_bytes(source if isinstance(source, bytes) else source.read_bytes())
            os.utime(path, (at, at))
            names.append(name)
        return names

    return leave


def ready() -> bool:
    return {state for _, state, _ in states()} == {"ready"}


async def test_files_without_rows_are_adopted(room, left_over, flv):
    left_over(flv("both"), flv("both"))
    async with working(Recorder(), Finisher()):
        await until(ready, "it is ready")
    recording = await db(Recording.objects.get)()
    assert files() == {f"{recording.recording_id}.mp4", f"{recording.recording_id}.jpg"}
    assert abs(probe(mp4_file(recording.recording_id))["secs"] - 10) < 0.5
    assert len(recording.pieces) == 2


async def test_another_shape_is_the_same_recording(room, left_over, flv):
    left_over(flv("both"), flv("larger"), flv("larger"), flv("silent"))
    async with working(Recorder(), Finisher()):
        await until(lambda: len(states()) == 1 and ready(), "it is ready")
    found = await db(lambda: list(Recording.objects.order_by("number")))()
    shapes = [(one.number, one.width, len(one.pieces), round(one.duration_secs)) for one in found]
    assert shapes == [(1, 320, 4, 20)]  # its size: of the first piece
    assert len(files()) == 2


async def test_two_workers_at_once_do_no_harm(room, left_over, flv):
    left_over(flv("both"), flv("larger"), flv("both"))
    async with working(Recorder(), Finisher(), Recorder(), Finisher()):
        await until(lambda: len(states()) == 1 and ready(), "it is ready")
    assert len([name for name in files() if name.endswith(".mp4")]) == 1
    assert [number for number, _, _ in await db(states)()] == [1]


def make_long(source: Path, folder: Path) -> Path:
    """1005 s: joining takes half a second."""
    long = folder / "long.flv"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "200", "-i", str(source)]
    subprocess.run([*command, "-c", "copy", str(long)], check=True, timeout=60)
    return long


def start_finisher(data_dir: Path) -> subprocess.Popen[bytes]:
    """In a process of its own, over the same database and folder."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(data_dir),
    }
    return subprocess.Popen(
        [sys.executable, "-c", ONE_FINISHER],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


async def test_a_worker_killed_while_it_joins_loses_nothing(room, left_over, flv, tmp_path):
    left_over(make_long(flv("both"), tmp_path))
    async with working(Recorder()):
        await until(lambda: states() == [(1, "recording", "")], "a row")
    worker = start_finisher(tmp_path)
    try:
        await until(lambda: any(recordings_dir().glob(".rec_*.mp4")), "it joins")
    finally:
        worker.kill()
        worker.wait(10)
    assert await db(states)() == [(1, "processing", "")]
    async with working(Finisher()):
        await until(ready, "the next one makes it")
    recording = await db(Recording.objects.get)()
    assert abs(probe(mp4_file(recording.recording_id))["secs"] - 1005) < 10
    assert files() == {f"{recording.recording_id}.mp4", f"{recording.recording_id}.jpg"}


ONE_FINISHER = """
import asyncio, django
django.setup()
from recording.finisher import Finisher
from worker.job import run_job
asyncio.run(run_job(Finisher()))
"""


async def test_a_finisher_that_is_stopped_leaves_it_to_the_next(room, left_over, flv):
    left_over(flv("both"))
    async with working(Recorder(), Finisher()):
        await until(lambda: [s for _, s, _ in states()] == ["processing"], "it has begun")
    async with working(Finisher()):
        await until(ready, "the next one makes it")


@pytest.mark.parametrize(
    ("data", "problem", "kept"),
    [(b"FLV\x01\x05\0\0\0\x09\0\0\0\0", "empty", 0), (Random(4).randbytes(100_000), "broken", 1)],
)
async def test_what_can_not_be_made_says_why(room, staff, left_over, flv, data, problem, kept):
    names = left_over(data)
    async with working(Recorder(), Finisher()):
        await until(lambda: states() == [(1, "failed", problem)], "it failed")
        await until(lambda: len(files()) == kept, "the piece stays or goes")
        recording = await db(Recording.objects.get)()
        page = await db(try_again)(staff, recording)
        if not kept:
            assert 'class="error"' in page
            return
        await until(lambda: states() == [(1, "failed", problem)], "it failed again")
        shutil.copy(flv("both"), recordings_dir() / names[0])
        await db(try_again)(staff, recording)
        await until(ready, "with a better file it can be made")


def try_again(staff, recording: Recording) -> str:
    client = Client()
    client.force_login(staff)
    data = {"action": "try_again", "_selected_action": [recording.pk]}
    response = client.post("/admin/live/recording/", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


async def test_deleted_while_it_is_made(room, left_over, flv):
    left_over(flv("both"))
    async with working(Recorder(), Finisher()):
        await until(lambda: [s for _, s, _ in states()] == ["processing"], "it has begun")
        await db(lambda: actions.do_delete_recording(Recording.objects.get()))()
        await until(lambda: not files(), "all files go")
        assert await db(states)() == []


async def test_staff_deletes_with_files(room, staff):
    recording = await db(make_recording)(room)

    def delete() -> None:
        client = Client()
        client.force_login(staff)
        data = {"action": "delete_recordings", "_selected_action": [recording.pk]}
        assert client.post("/admin/live/recording/", data).status_code == 302
        assert client.get("/admin/live/recording/").status_code == 200

    assert len(files()) == 2
    await db(delete)()
    assert files() == set()
    assert await db(states)() == []
