"""Managers come and go: children are adopted, rows of the dead taken over, nothing stays behind."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator

import pytest

from live import actions
from live.lifecycle import EndReason
from live.models import BridgeJob, Room, SfuSession
from tests.integration.bridge.at_work import (
    db,
    is_there,
    job,
    kill,
    leftovers,
    manager,
    no_jobs,
    rename,
    sends_rtmp,
    start_worker,
    until,
)
from tests.integration.live.make import make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)
JOIN = "to_webrtc:room_join1"


@pytest.fixture(autouse=True)
async def folder(settings, tmp_path, unused_tcp_port_factory) -> AsyncIterator[None]:
    deep = tmp_path / ("a-folder-that-is-deeper-than-a-sockets-path-may-be-" * 2)
    deep.mkdir()
    settings.DATA_DIR = deep
    settings.RTMP_ENABLED = True
    settings.RTMP_CONTROL_PORT = unused_tcp_port_factory()
    settings.FLV_PORT = unused_tcp_port_factory()
    yield
    for pid in leftovers():
        kill(pid)


@pytest.fixture
def room(transactional_db: None) -> Room:
    room = rename(make_room(make_user("mei", display_name="Mei")), "room_join1")
    sends_rtmp(room)
    return room


@pytest.fixture
def workers() -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def test_a_new_worker_adopts_what_a_killed_one_left(room: Room, workers) -> None:
    workers.append(start_worker())
    row = await until(job(JOIN), "it runs")
    workers[0].kill()
    workers[0].wait()
    assert is_there(row.pid)
    before = row.session_id
    began = time.monotonic()
    async with manager() as bridges:
        await until(lambda: bridges._manager.keys == [JOIN], "it is adopted")
        print(f"manager: has adopted its child {time.monotonic() - began:.2f} s after its start")
        await asyncio.sleep(1.2)  # two looks
        again = await db(job(JOIN))()
        assert (again.run_id, again.pid, again.starts) == (row.run_id, row.pid, 1)
        assert again.session_id == before
        assert await db(SfuSession.objects.filter(session_id=before, ended_at=None).exists)()
        kill(row.pid)
        await until(job(JOIN, starts=2), "what was adopted is minded")
        await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
        await until(no_jobs, "and stopped")
    assert await until(lambda: not leftovers(), "nothing is left")


async def test_a_session_that_was_taken_for_dead_meanwhile_lives_again(room: Room) -> None:
    async with manager():
        row = await until(job(JOIN), "it runs")
    mine = SfuSession.objects.filter(session_id=row.session_id)
    await db(lambda: mine.update(last_seen_at="2020-01-01T00:00:00Z"))()
    assert await db(actions.do_close_stale_sessions)(row.since)
    async with manager():
        await until(lambda: mine.filter(ended_at=None, state="connected").exists(), "it is open")


async def test_rows_of_a_dead_manager_are_no_ghosts(room: Room) -> None:
    async with manager():
        row = await until(job(JOIN), "it runs")
    kill(row.pid)
    await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
    async with manager():
        await until(no_jobs, "the row goes")
        await until(
            lambda: not SfuSession.objects.filter(ended_at=None).exists(), "its session ends"
        )


async def test_children_that_no_row_knows_are_stopped(room: Room) -> None:
    async with manager():
        await until(job(JOIN), "it runs")
    await db(BridgeJob.objects.all().delete)()
    await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
    async with manager():
        await until(lambda: not leftovers(), "it is stopped")


async def test_a_child_that_hung_under_a_dead_manager_is_killed(room: Room) -> None:
    async with manager():
        row = await until(job(JOIN), "it runs")
    kill(row.pid, signal.SIGSTOP)
    async with manager():
        again = await until(job(JOIN, starts=2), "another one runs")
        assert again.run_id != row.run_id and not is_there(row.pid)


async def test_when_the_launcher_is_gone_children_go(room: Room, workers) -> None:
    workers.append(start_worker("launch"))
    row = await until(job(JOIN), "it runs")
    worker_pid = int(workers[0].stdout.readline())
    began = time.monotonic()
    workers[0].kill()  # the worker itself goes on here; a real one is tethered
    try:
        await until(lambda: not is_there(row.pid), "its child goes")
        print(f"child: gone {time.monotonic() - began:.2f} s after its launcher")
    finally:
        kill(worker_pid)
