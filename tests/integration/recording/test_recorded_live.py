"""A broadcast as it is recorded: the real nginx, ffmpeg as the encoder, the worker's jobs."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import pytest

from live import actions
from live.models import Part, Recording
from live.recording_files import live_thumbnail_file, mp4_file, recordings_dir, thumbnail_file
from live.recordings_of import replay_chat
from recording.decide import Source
from recording.finisher import Finisher
from recording.live_pictures import LivePictures
from recording.recorder import Recorder
from recording.sources import fed_by, recordable
from tests.integration.live.make import make_live
from tests.integration.recording.at_work import db, states, until, working
from tests.integration.recording.make import files
from tests.integration.recording.probe import decodes, jpeg_size, probe, sizes

pytestmark = [
    pytest.mark.media,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]


def arrives(room, client_id: str = "7") -> None:
    """As the jobs of ingest say it."""
    actions.do_ingest_accepted(room, client_id, "hash")
    actions.do_ingest_media(room)


def recorded_bytes(room) -> int:
    return sum(path.stat().st_size for path in recordings_dir().glob(f"{room.play_id}-*.flv"))


async def grows(room, by: int = 60_000) -> None:
    before = recorded_bytes(room)
    await until(lambda: recorded_bytes(room) > before + by, "the file grows")


async def is_still(room) -> None:
    async def step() -> bool:
        before = recorded_bytes(room)
        await asyncio.sleep(1.0)
        return recorded_bytes(room) == before

    for _ in range(20):
        if await step():
            return
    pytest.fail("it goes on growing")


def the_one() -> Recording:
    return Recording.objects.select_related("room", "broadcast").get()


async def finished(room) -> Recording:
    await db(actions.do_end_broadcast)(room, "by_owner")
    await until(lambda: {s for _, s, _ in states()} == {"ready"}, "it is ready")
    return await db(the_one)()


async def test_two_pieces_over_a_reconnect_become_one_mp4(rtmp, room, stranger, flv):
    source = flv("both")
    sent = []
    async with working(Recorder(), Finisher(), LivePictures()):
        for client_id, text in (("7", "in the first"), ("9", "in the second")):
            with rtmp.sending(source, room.play_id) as sender:
                started = time.time()
                await db(arrives)(room, client_id)
                await grows(room)
                await db(actions.do_send_chat)(room, stranger, text)
                said_at = time.time()
                await grows(room)
                picture = live_thumbnail_file(room.play_id)
                await until(picture.exists, "a live thumbnail")
                assert jpeg_size(picture) == (320, 180)
                sender.kill()
                ended = time.time()
            sent.append((started, said_at, ended))
            await db(actions.do_ingest_lost)(room)
            await until(lambda: [s for _, s, _ in states()] == ["recording"], "a row")
        recording = await finished(room)
        await until(lambda: not picture.exists(), "the live thumbnail goes")
    assert len(recording.pieces) == 2
    assert files() == {f"{recording.recording_id}.mp4", f"{recording.recording_id}.jpg"}
    found = probe(mp4_file(recording.recording_id))
    lengths = [piece["duration_ms"] / 1000 for piece in recording.pieces]
    assert abs(found["secs"] - sum(lengths)) < 0.3
    assert decodes(mp4_file(recording.recording_id)) == []
    assert jpeg_size(thumbnail_file(recording.recording_id)) == (320, 180)
    for (started, _, ended), length, piece in zip(sent, lengths, recording.pieces, strict=True):
        at = datetime.fromisoformat(piece["at"]).timestamp()
        print(
            f"sent {ended - started:.2f} s, recorded {length:.2f} s, begun {at - started:.2f} s in"
        )
        assert abs(at + length - ended) < 2.0  # the clock of the map is right
        assert ended - started - length < 15.0
    chat = (await db(replay_chat)(recording))["items"]
    assert [item["text"] for item in chat] == ["in the first", "in the second"]
    for item, (_, said_at, _), piece in zip(chat, sent, recording.pieces, strict=True):
        begun = datetime.fromisoformat(piece["at"]).timestamp()
        expected = piece["from_ms"] + (said_at - begun) * 1000
        assert abs(item["at_ms"] - expected) < 500


async def test_whoever_feeds_it_one_broadcast_is_one_recording(rtmp, room, flv):
    """A browser by a bridge, then OBS, then the browser again, with another picture and sound."""
    await db(make_live)(room)
    async with working(Recorder(), Finisher(), LivePictures()):
        with rtmp.sending(flv("stereo"), room.play_id):
            await grows(room)
            await until(live_thumbnail_file(room.play_id).exists, "a live thumbnail")
        await db(arrives)(room)
        with rtmp.sending(flv("larger"), room.play_id):
            await grows(room)
        await db(actions.do_ingest_lost)(room)
        with rtmp.sending(flv("stereo"), room.play_id):
            await grows(room)
        recording = await finished(room)
    assert (recording.number, len(recording.pieces)) == (1, 3)
    mp4 = mp4_file(recording.recording_id)
    assert sizes(mp4) == ["320,180", "640,360", "320,180"]
    assert decodes(mp4) == []
    ends = [piece["from_ms"] + piece["duration_ms"] for piece in recording.pieces]
    assert [piece["from_ms"] for piece in recording.pieces] == [0, *ends[:-1]]


async def test_a_browsers_broadcast_is_not_asked_for_while_nobody_feeds_it(room, settings):
    await db(make_live)(room)
    found = await db(recordable)()
    assert [fed_by(one, {}) for one in found] == [None]
    assert fed_by(found[0], {room.play_id: "9"}) == Source(
        room.play_id, "9", True, found[0].began_at
    )
    settings.STREAMING_WEBRTC_TO_RTMP = False
    assert await db(recordable)() == []


async def test_nginx_killed_in_the_middle(rtmp, room, flv):
    async with working(Recorder(), Finisher()):
        with rtmp.sending(flv("b_frames"), room.play_id):
            await db(arrives)(room)
            await until(lambda: recorded_bytes(room) > 0, "it records")
            begun = time.time()
            await grows(room, 150_000)
            rtmp.kill()
            sent_secs = time.time() - begun
        await db(actions.do_ingest_lost)(room)
        recording = await finished(room)
    found = probe(mp4_file(recording.recording_id))
    print(f"sent {sent_secs:.2f} s, playable {found['secs']:.2f} s")
    assert abs(found["secs"] - sent_secs) < 3.0
    assert abs(found["secs"] - recording.duration_secs) < 0.2
    assert decodes(mp4_file(recording.recording_id)) == []


async def test_a_worker_that_begins_anew_goes_on_with_the_same_file(rtmp, room, flv):
    with rtmp.sending(flv("both"), room.play_id):
        await db(arrives)(room)
        for _ in range(2):
            async with working(Recorder(), Recorder()):
                await grows(room)
        assert len(files()) == 1
        assert await db(states)() == [(1, "recording", "")]


async def test_the_disk_guard_stops_says_so_and_goes_on(rtmp, room, flv, settings):
    with rtmp.sending(flv("both"), room.play_id):
        await db(arrives)(room)
        async with working(Recorder(), Finisher()):
            await grows(room)
            settings.RECORDING_MIN_FREE_GB = 10_000_000.0
            await until(lambda: not Part.objects.get(name="disk").ok, "the part says so")
            await until(lambda: states() == [(1, "recording", "disk_full")], "the row says so")
            await is_still(room)
            part = await db(Part.objects.get)(name="disk")
            assert "GB free" in part.detail
            settings.RECORDING_MIN_FREE_GB = 0.001
            await grows(room)
            assert (await db(Part.objects.get)(name="disk")).ok
            recording = await finished(room)
    assert len(recording.pieces) == 2
    assert recording.problem == "disk_full"
    assert decodes(mp4_file(recording.recording_id)) == []


async def test_only_what_is_wanted_is_recorded(rtmp, room, flv, settings):
    settings.RECORDING_ENABLED = False
    with rtmp.sending(flv("both"), room.play_id):
        await db(arrives)(room)
        async with working(Recorder()):
            await is_still(room)
            assert files() == set()
            settings.RECORDING_ENABLED = True
            await grows(room)
            await db(actions.do_update_room)(room, record=False)
            await is_still(room)
            assert len(files()) == 1
