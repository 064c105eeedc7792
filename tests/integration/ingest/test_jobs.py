"""The worker's jobs against real sockets that answer well, badly, or not at all."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError

from ingest import control
from ingest.jobs import ingest_jobs
from ingest.leftovers import Leftovers
from ingest.now import Now
from ingest.parts import Parts
from ingest.playback_job import Playback
from ingest.reconcile import Row
from ingest.reconcile_job import Reconcile
from ingest.stat import Client, Stream
from ingest.viewers_job import Viewers
from live import actions
from live.access import rooms_with_viewers
from live.models import Ingest, Part, Room
from playback.marks import has_mark
from tests.integration.live.make import make_live, make_room, make_user
from tests.unit.ingest.test_viewers import line
from worker.job import Job, run_job

pytestmark = pytest.mark.django_db(transaction=True)
db = database_sync_to_async


@pytest.fixture(autouse=True)
def places(settings, tmp_path: Path) -> None:
    settings.MEDIA_DIR = tmp_path / "media"


@asynccontextmanager
async def answering(
    answer: bytes | Callable[[bytes], bytes], then: float = 0
) -> AsyncIterator[int]:
    """A loopback server that says this to everybody, and hangs up after `then` seconds."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer if isinstance(answer, bytes) else answer(asked))
            await writer.drain()
            await asyncio.sleep(then)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n" + body


BAD = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0\r\n\r\n",
    "not found": b"HTTP/1.1 404 Not Found\r\n\r\n<rtmp/>",
    "no status": b"HTTP/1.1\r\n\r\n",
    "too long": ok(b" " * (control.MAX_ANSWER_BYTES + 1)),
    "another page": ok(b"<html/>"),
    "a bomb": ok(b'<!DOCTYPE a [<!ENTITY a "b">]><rtmp>&a;</rtmp>'),
}


async def until(look: Callable[[], Awaitable[Any]], why: str) -> Any:
    async with asyncio.timeout(20):
        while not (found := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def live_room() -> Room:
    room = make_room(make_user("mei"))
    actions.do_ingest_accepted(room, "1", "hash")
    actions.do_ingest_media(room)
    Ingest.objects.update(accepted_at=room.created_at.replace(year=2020))
    return room


def facts(room: Room) -> tuple[str, bool]:
    found = Room.objects.select_related("ingest").get(pk=room.pk)
    return found.state, found.ingest.is_connected


@pytest.mark.parametrize("bad", BAD)
async def test_a_stat_page_that_is_none_changes_nothing_at_first(settings, bad):
    room = await db(live_room)()
    job = Reconcile(Now(), Parts())
    async with answering(BAD[bad]) as port:
        settings.RTMP_CONTROL_PORT = port
        await job.tick()
        assert await db(facts)(room) == ("live", True)
        assert not await db(Part.objects.exists)()
        job._answered_at -= 2
        await job.tick()
        assert await db(facts)(room) == ("live", True)
        assert (await db(Part.objects.get)()).ok is False
        job._answered_at -= 2
        await job.tick()
        assert await db(facts)(room) == ("interrupted", False)


async def test_a_page_that_hangs_is_given_up(settings):
    async with answering(b"HTTP/1.1 200", then=30) as port:
        settings.RTMP_CONTROL_PORT = port
        with pytest.raises(control.NotAnswering):
            await control.fetch_soon(control.STAT)


async def test_a_page_without_the_stream(settings, tmp_path):
    room = await db(live_room)()
    job = Reconcile(Now(), Parts())
    async with answering(ok(b"<rtmp/>")) as port:
        settings.RTMP_CONTROL_PORT = port
        await job.tick()
        assert await db(facts)(room) == ("interrupted", False)
        assert not has_mark(settings.MEDIA_DIR, "air", room.play_id)
        assert (await db(Part.objects.get)(name="rtmp")).ok


def test_no_broadcast_begins_with_the_end_of_the_one_before(settings):
    """nginx would go on with the playlist that it finds; so it should after an interruption."""
    interrupted, over = live_room(), make_room(make_user("kim"))
    sent = make_room(over.owner)
    actions.do_ingest_lost(interrupted)
    names = [room.play_id for room in (interrupted, over, sent)] + ["play_unknown"]
    for name in names:
        (settings.MEDIA_DIR / "hls" / name).mkdir(parents=True)
        (settings.MEDIA_DIR / "hls" / name / "index.m3u8").touch()
        (settings.MEDIA_DIR / "hls" / name / "1000.ts").touch()
    leftovers, sends = Leftovers(), [sent.play_id]
    gone = leftovers.remove(settings.MEDIA_DIR, sends, sends, 0)
    assert gone == sorted([over.play_id, "play_unknown"])
    there = {path.parent.name for path in settings.MEDIA_DIR.glob("hls/*/index.m3u8")}
    assert there == {interrupted.play_id, sent.play_id}
    assert leftovers.remove(settings.MEDIA_DIR, sends, sends, 60) == []
    assert leftovers.remove(settings.MEDIA_DIR / "nowhere", [], [], 60) == []


def test_a_playlist_that_a_bridge_left_does_not_play_later(settings):
    """On air, but `out` is fed only while somebody asks: what was asked for last is the past."""
    room = live_room()
    playlist = settings.MEDIA_DIR / "hls" / room.play_id / "index.m3u8"
    playlist.parent.mkdir(parents=True)
    playlist.touch()
    leftovers, name = Leftovers(), room.play_id
    assert leftovers.remove(settings.MEDIA_DIR, [], [name], 0) == []
    assert leftovers.remove(settings.MEDIA_DIR, [name], [], 10) == []
    assert leftovers.remove(settings.MEDIA_DIR, [name], [name], 13) == []  # fed by another
    assert leftovers.remove(settings.MEDIA_DIR, [name], [], 16) == []
    assert leftovers.remove(settings.MEDIA_DIR, [name], [], 21) == [name]
    assert not playlist.exists()


def test_players_elsewhere_count_in_a_room_without_encoder():
    """They are who wants a bridge."""
    room = make_live(make_room(make_user("mei")))
    off_air = make_room(room.owner)
    assert not Ingest.objects.exists()
    assert actions.do_set_outside_viewers({room.play_id: (2, 1), off_air.play_id: (1, 0)}) == 1
    ingest = Ingest.objects.get()
    assert (ingest.room, ingest.flv_viewers, ingest.hls_viewers) == (room, 2, 1)
    assert not ingest.is_connected
    assert rooms_with_viewers().get(pk=room.pk).viewers == 3
    actions.do_set_outside_viewers({})
    assert rooms_with_viewers().get(pk=room.pk).viewers == 0


async def test_marks_of_a_browsers_broadcast(settings):
    room = await db(lambda: make_live(make_room(make_user("mei"))))()
    job = Reconcile(Now(), Parts())

    def marked() -> bool:
        return has_mark(settings.MEDIA_DIR, "air", room.play_id)

    async with answering(ok(b"<rtmp/>")) as port:
        settings.RTMP_CONTROL_PORT = port
        settings.STREAMING_WEBRTC_TO_RTMP = False
        await job.tick()
        assert not marked()
        settings.STREAMING_WEBRTC_TO_RTMP = True
        await job.tick()
        assert marked() and has_mark(settings.MEDIA_DIR, "open", room.play_id)
    job._answered_at -= 4  # nginx is dead
    await job.tick()
    assert not marked()


async def test_the_database_is_away_for_a_while(caplog):
    """It is said once, and the job goes on."""
    calls, went_on = [], asyncio.Event()

    class Fails(Job):
        name = "fails"
        every_secs = 0.01

        async def tick(self) -> None:
            calls.append(1)
            if len(calls) < 5:
                raise OperationalError("unable to open database file")
            went_on.set()

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(run_job(Fails()))
        async with asyncio.timeout(20):
            await went_on.wait()
        task.cancel()
    assert len(caplog.records) == 1


# --- playback -------------------------------------------------------------------------------------
def sending(play_id: str) -> Now:
    now = Now(rows={play_id: Row(play_id, "live", client_id="1")})
    publisher = Client("1", publishing=True)
    now.streams = {play_id: Stream(play_id, active=True, clients=(publisher,))}
    now.figures.got_page(now.streams, 0.0)
    return now


async def test_playback_is_asked(settings):
    def answer(asked: bytes) -> bytes:
        if asked.startswith(b"GET /status "):
            viewers = {"viewers": 3, "page_viewers": 9}
            return ok(json.dumps({"streams": {"play_a": viewers}, "viewers": 12}).encode())
        assert asked.startswith(b"GET /inspect/play_a ")
        return ok(b'{"b_frames": true, "video_bitrate": 1, "keyframe_secs": 8.3}')

    now = sending("play_a")
    async with answering(answer) as port:
        settings.FLV_PORT = port
        job = Playback(now, Parts())
        await job.tick()
        assert job.viewers == {"play_a": 3}
        figures = now.figures.of(now.streams["play_a"])
        assert (figures["b_frames"], figures["keyframe_secs"]) == (True, 8.3)
    assert (await db(Part.objects.get)(name="flv")).ok
    await job.tick()
    assert job.viewers == {"play_a": 3}, "one miss is none"
    job._answered_at -= 2
    await job.tick()
    assert job.viewers == {}
    assert not (await db(Part.objects.get)(name="flv")).ok


ODD = [b"", b"[]", b"{", b'{"streams": 1}', b'{"streams": {"a": 1, "b": {"viewers": "x"}}}']
ODD += [b"[" * 100_000, b'{"streams": {"a": {"viewers": true}, "b": {"viewers": -1}}}']


@pytest.mark.parametrize("body", ODD)
async def test_odd_answers_of_playback(settings, body):
    async with answering(ok(body)) as port:
        settings.FLV_PORT = port
        job = Playback(sending("play_a"), Parts())
        await job.tick()
        assert job.viewers == {}


# --- Viewers ------------------------------------------------------------------------------------
def outside(room: Room) -> tuple[int, int]:
    return Ingest.objects.values_list("flv_viewers", "hls_viewers").get(room=room)


async def test_players_elsewhere_are_heard(tmp_path):
    room = await db(live_room)()
    path = tmp_path / "run" / "viewers.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))  # and is left there, as by a worker that was killed
    job = Viewers(path, Playback(Now(), Parts()))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nginx:
        async with job:
            await job.tick()
            assert stat.S_IMODE(path.stat().st_mode) == 0o666
            nginx.connect(str(path))
            for viewer in (1, 1, 2, 3):
                nginx.send(line(viewer, room.play_id))
            for garbage in (b"", os.urandom(200), b"x" * 5_000, line(play_id="play_no")):
                nginx.send(garbage)

            async def heard() -> bool:
                await job.tick()
                return await db(outside)(room) == (0, 3)

            await until(heard, "three viewers")
            job._playback.viewers = {room.play_id: 2}
            await job.tick()
            assert await db(outside)(room) == (2, 3)
            path.unlink()
            await job.tick()
            assert path.is_socket(), "made anew"
        with pytest.raises(ConnectionRefusedError):
            nginx.send(line(1))


async def test_a_folder_deeper_than_a_socket_may_be(tmp_path):
    path = tmp_path / ("far-down-" * 12) / "viewers.sock"
    async with Viewers(path, Playback(Now(), Parts())) as job:
        await job.tick()
        assert path.is_socket()


async def test_nothing_is_written_when_nothing_changes(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(actions, "do_set_outside_viewers", written.append)
    async with Viewers(tmp_path / "viewers.sock", Playback(Now(), Parts())) as job:
        for _ in range(3):
            await job.tick()
    assert written == [{}], "once, for what a dead worker left"


async def test_without_rtmp(settings):
    room = await db(live_room)()
    settings.RTMP_ENABLED = False
    jobs = ingest_jobs()
    assert [job.name for job in jobs] == ["heartbeat", "rooms", "rtmp is off"]
    for job in jobs:
        await job.tick()
    assert await db(facts)(room) == ("interrupted", False)
    parts = await db(lambda: {p.name: (p.ok, p.detail) for p in Part.objects.all()})()
    assert parts == {"worker": (True, ""), "rtmp": (False, "off"), "flv": (False, "off")}
