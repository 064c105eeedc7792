"""The manager over real child processes: starts, tells, kills, restarts and stops them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest

from live import actions
from live.actions.restreams import do_add_restream, do_update_restream
from live.lifecycle import EndReason
from live.models import BridgeJob, Part, Room, SfuSession, User
from live.models.presence import SENDING
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
    until,
)
from tests.integration.live.make import make_live, make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def folder(settings, tmp_path, unused_tcp_port_factory) -> AsyncIterator[None]:
    settings.DATA_DIR = tmp_path
    settings.RTMP_ENABLED = True
    settings.RTMP_CONTROL_PORT = unused_tcp_port_factory()
    settings.FLV_PORT = unused_tcp_port_factory()
    settings.BRIDGE_STOP_AFTER_SECS = 0.5
    yield
    for pid in leftovers():
        kill(pid)


@pytest.fixture
def owner(transactional_db: None) -> User:
    return make_user("mei", display_name="Mei")


@pytest.fixture
def room(owner: User) -> Room:
    return make_room(owner)


async def test_starts_what_is_wanted_and_stops_it_with_the_broadcast(room: Room) -> None:
    await db(sends_rtmp)(room)
    key = f"to_webrtc:{room.room_id}"
    async with manager():
        began = time.monotonic()
        row = await until(job(key), "it runs")
        print(f"child: runs {time.monotonic() - began:.2f} s after the manager began")
        assert (row.mode, row.starts, row.reason) == ("pass", 1, "")
        assert row.run_id and row.pid and is_there(row.pid) and row.running_at
        part = await until(Part.objects.filter(name="bridge").first, "the part is told")
        assert part.ok
        await until(
            lambda: Part.objects.filter(name="bridge", detail="1 running, 0 waiting").exists(),
            "the part counts",
        )
        await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
        await until(no_jobs, "it stops")
        await until(lambda: not leftovers(), "its process is gone")


async def test_a_browser_is_bridged_for_the_recording_and_told_of_changes(room: Room) -> None:
    await db(make_live)(room)
    key = f"to_rtmp:{room.room_id}"
    async with manager():
        row = await until(job(key), "it runs, as the broadcast is recorded")
        await until(lambda: job(key)().figures.get("changes") == 0, "figures come", 10)
        await db(actions.do_open_session)("sess_new", room, None, room.owner, "publisher")
        await db(actions.do_session_connected)("sess_new")
        await db(actions.do_close_session)(f"sess_{room.room_id}", "left")
        told = await until(
            lambda: job(key)().figures.get("tiles") == ["sess_new"] and job(key)(), "it is told"
        )
        assert told.run_id == row.run_id and told.figures["changes"] >= 1
        await db(actions.do_update_room)(room, record=False)
        await until(no_jobs, "nobody wants it any more")


async def test_a_child_that_dies_is_started_again(room: Room) -> None:
    await db(sends_rtmp)(room)
    key = f"to_webrtc:{room.room_id}"
    async with manager():
        row = await until(job(key), "it runs")
        began = time.monotonic()
        kill(row.pid)
        again = await until(job(key, starts=2), "it runs again")
        print(f"child: runs again {time.monotonic() - began:.2f} s after a kill -9")
        assert again.run_id != row.run_id


async def test_a_child_that_hangs_is_killed_and_started_again(room: Room) -> None:
    await db(sends_rtmp)(room)
    key = f"to_webrtc:{room.room_id}"
    async with manager():
        row = await until(job(key), "it runs")
        began = time.monotonic()
        kill(row.pid, signal.SIGSTOP)
        await until(job(key, starts=2), "it runs again", 30)
        print(f"child: runs again {time.monotonic() - began:.2f} s after a SIGSTOP")
        assert not is_there(row.pid)


async def test_a_child_that_always_breaks_is_started_more_and_more_seldom(room: Room) -> None:
    await db(rename)(room, "room_crash1")
    await db(sends_rtmp)(room)
    key = "to_webrtc:room_crash1"
    async with manager():
        await until(job(key, "waiting", reason="crashed"), "it says so")
        began = time.monotonic()
        await until(lambda: BridgeJob.objects.filter(key=key, starts__gte=4).exists(), "4 tries")
        assert time.monotonic() - began > 0.4 + 0.8  # 0.2 doubled, and 0.3 of each life


async def test_a_child_that_needs_transcoding_gets_the_slot(settings, room: Room) -> None:
    settings.BRIDGE_MAX_TRANSCODES = 1
    await db(rename)(room, "room_needs1")
    other = await db(lambda: rename(make_room(make_user("li")), "room_needs2"))()
    await db(sends_rtmp)(room)
    async with manager():
        await until(job("to_webrtc:room_needs1", mode="transcode"), "it transcodes")
        await db(sends_rtmp)(other)
        await until(job("to_webrtc:room_needs2", "waiting", reason="no_slot"), "it waits")
        await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
        await until(job("to_webrtc:room_needs2", mode="transcode"), "the slot is free")


async def test_its_session_is_a_row_that_counts_as_nobodys(room: Room) -> None:
    await db(rename)(room, "room_join1")
    await db(sends_rtmp)(room)
    async with manager():
        row = await until(job("to_webrtc:room_join1"), "it runs")
        mine = SfuSession.objects.filter(session_id=row.session_id, ended_at__isnull=True)
        session = await until(mine.first, "its session has a row")
        assert (session.via, session.role, session.process_id) == ("bridge", "publisher", "bridge")
        assert session.state == "connected" and session.user_id == room.owner_id
        assert not await db(SfuSession.objects.filter(SENDING).exists)()
        seen = session.last_seen_at
        await until(lambda: mine.get().last_seen_at > seen, "it is touched")
        kill(row.pid)
        await until(lambda: not mine.exists(), "it ends with its child")
        again = await until(job("to_webrtc:room_join1", starts=2), "it runs again")
        assert again.session_id != row.session_id
        await until(SfuSession.objects.filter(session_id=again.session_id).first, "a new session")
        await db(actions.do_end_broadcast)(room, EndReason.BY_OWNER)
        await until(lambda: not SfuSession.objects.filter(ended_at__isnull=True).exists(), "over")


async def test_staff_starts_one_anew(room: Room) -> None:
    await db(sends_rtmp)(room)
    key = f"to_webrtc:{room.room_id}"
    async with manager():
        row = await until(job(key), "it runs")
        assert await db(actions.do_restart_bridge)(row)
        again = await until(job(key, starts=2), "another one runs")
        assert again.run_id != row.run_id
        await until(lambda: not is_there(row.pid), "the old one is gone")


async def test_other_platforms_get_a_child_each_with_their_key(settings, room: Room) -> None:
    settings.RESTREAM_ALLOW_PRIVATE = True
    address = {"url": "rtmp://192.0.2.1/app", "key": "a-secret-of-there"}
    target = await db(do_add_restream)(room, name="There", **address)
    await db(make_live)(room)
    await db(actions.do_update_room)(room, record=False)
    key = f"restream:{room.room_id}:{target.pk}"
    async with manager() as bridges:
        row = await until(job(key), "it runs")
        await until(job(f"to_rtmp:{room.room_id}"), "which is a wish for the other")
        assert row.target_id == target.pk
        spec = bridges._manager._kept[key].child.spec
        assert spec.url == "rtmp://192.0.2.1/app/a-secret-of-there" and spec.private_ok
        await db(do_update_restream)(target, key="another-secret")
        again = await until(job(key, starts=2), "with the new key it begins anew")
        assert again.run_id != row.run_id
        await db(do_update_restream)(target, enabled=False)
        await until(no_jobs, "nobody wants either any more")
    told = (settings.DATA_DIR / "run" / "bridge").glob("*")
    assert not any(b"secret" in path.read_bytes() for path in told if path.is_file())


async def test_only_one_manager_at_a_time(room: Room) -> None:
    await db(sends_rtmp)(room)
    async with manager() as first:
        row = await until(job(f"to_webrtc:{room.room_id}"), "it runs")
        async with manager() as second:
            await asyncio.sleep(1.2)  # two ticks of the second
            assert (len(first._manager.keys), len(second._manager.keys)) == (1, 0)
        assert len(leftovers()) == 1
        assert (await db(job(f"to_webrtc:{room.room_id}"))()).run_id == row.run_id


async def test_nothing_on_the_air_costs_next_to_nothing(room: Room) -> None:
    async with manager() as bridges:
        await until(Part.objects.filter(name="bridge").first, "it works")
        cpu = time.process_time()
        for _ in range(20):
            await bridges.tick()
        idle = (time.process_time() - cpu) / 20
    await db(sends_rtmp)(room)
    async with manager() as bridges:
        await until(job(f"to_webrtc:{room.room_id}"), "it runs")
        cpu = time.process_time()
        for _ in range(20):
            await bridges.tick()
        one = (time.process_time() - cpu) / 20
    print(
        f"manager: {idle * 1000:.1f} ms a look when idle ({idle / 0.5 * 100:.2f} % of a core), "
        f"{one * 1000:.1f} ms with one job ({one / 0.5 * 100:.2f} %)"
    )
