"""Rooms on the air, a manager over children that send nothing, and what the rows say of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection

from bridge.jobs import Bridges
from live import actions
from live.models import BridgeJob, Room
from tests.fakes.bridge_manager import COMMAND
from worker.job import run_job

ROOT = Path(__file__).parents[3]
PATIENCE_SECS = 20.0  # a busy machine; what usually takes 0.2 s
db = database_sync_to_async


@contextlib.asynccontextmanager
async def manager() -> AsyncIterator[Bridges]:
    """A worker's job, as a worker runs it. Its children outlive it."""
    async with Bridges(COMMAND) as job:
        running = asyncio.create_task(run_job(job))
        try:
            yield job
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(look: Callable[[], Any], why: str, secs: float = PATIENCE_SECS) -> Any:
    """What `look` (sync, with the database) gives, once it is true."""
    deadline = time.monotonic() + secs
    while True:
        found = await db(look)()
        if found:
            return found
        assert time.monotonic() < deadline, f"after {secs:g} s: {why}: {await db(said)()}"
        await asyncio.sleep(0.02)


def said() -> list[tuple[str, str, str]]:
    return list(BridgeJob.objects.values_list("key", "state", "reason"))


def job(key: str, state: str = "running", **more: Any) -> Callable[[], BridgeJob | None]:
    return lambda: BridgeJob.objects.filter(key=key, state=state, **more).first()


def no_jobs() -> bool:
    return not BridgeJob.objects.exists()


def is_there(pid: int) -> bool:
    """Not a zombie either: in the worker's stead nobody may wait for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def kill(pid: int | None, number: signal.Signals = signal.SIGKILL) -> None:
    assert pid is not None
    os.kill(pid, number)


def leftovers() -> list[int]:
    """Children of this test's manager that still are there."""
    folder = settings.DATA_DIR / "run" / "bridge"
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.joinpath("cwd").readlink() == folder and is_there(int(path.name)):
                found.append(int(path.name))
    return found


def sends_rtmp(room: Room) -> None:
    actions.do_ingest_accepted(room, "1", "hash")
    actions.do_ingest_media(room)


def rename(room: Room, room_id: str) -> Room:
    """What a room is called tells the child what to do (tests/fakes/bridge_child.py)."""
    Room.objects.filter(pk=room.pk).update(room_id=room_id)
    room.refresh_from_db()
    return room


def start_worker(*how: str) -> subprocess.Popen[bytes]:
    """A process of its own, to be killed; it may know no other than this test's database."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "RTMP_ENABLED": "true",
        "FLV_PORT": str(settings.FLV_PORT),
        "RTMP_CONTROL_PORT": str(settings.RTMP_CONTROL_PORT),
    }
    command = [sys.executable, "-m", "tests.fakes.bridge_manager", *how]
    log = (settings.DATA_DIR / "worker.log").open("ab")
    with log:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log)
