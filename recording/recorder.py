"""Keeps nginx recording exactly what it should, gives each piece its row, and guards the disk."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from datetime import UTC, datetime
from typing import Final

from channels.db import database_sync_to_async
from django.conf import settings

from ingest.control import STAT, NotAnswering, fetch_soon, record_start, record_stop
from ingest.stat import Unreadable, parse_stat
from live import actions
from live.models import Broadcast, Part, Recording, RecordingState, Room
from live.recording_files import recordings_dir
from recording.decide import Asked, Source, Written, disk_ok, plan
from recording.folder import newest_of_each, written_pieces
from recording.pieces import Span, owner_of
from recording.sources import fed_by, recordable
from worker.job import Job

logger = logging.getLogger("worker")
IDLE_LOOK_SECS: Final = 5.0
TELL_EVERY_SECS: Final = 2.0


class Recorder(Job):
    name = "recorder"
    every_secs = 0.3  # what is asked for after a keyframe begins with the next one

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._noted: set[str] = set()  # pieces that have a row, or will have none
        self._disk_ok: bool | None = None
        self._looked_at = 0.0
        self._told_at = 0.0
        self._feeders: dict[str, str] = {}

    async def tick(self) -> None:
        rooms = await database_sync_to_async(recordable)()
        if rooms and settings.RTMP_ENABLED:
            await self._look_who_feeds()
        sources = [found for room in rooms if (found := fed_by(room, self._feeders)) is not None]
        if not sources and time.monotonic() - self._looked_at < IDLE_LOOK_SECS:
            return
        self._looked_at = time.monotonic()
        await self._guard_disk()
        written = await asyncio.to_thread(written_pieces, recordings_dir())
        await self._note(written)
        if not self._disk_ok:
            wanted = [source.play_id for source in sources if source.wanted]
            await database_sync_to_async(note_disk_full)(wanted)
        if settings.RTMP_ENABLED:
            await self._ask_nginx(sources, written)

    async def _look_who_feeds(self) -> None:
        """Of `out`, by play id: an encoder's push or a bridge, by nginx's id of its connection."""
        try:
            stat = parse_stat(await fetch_soon(STAT))
        except (NotAnswering, Unreadable):
            return  # what was so a moment ago
        self._feeders = {
            play_id: stream.publisher.client_id
            for play_id, stream in stat.publishers("out").items()
            if stream.publisher is not None
        }

    async def _guard_disk(self) -> None:
        if self._disk_ok is None:  # we have just started: what was so before?
            self._disk_ok = await database_sync_to_async(was_disk_ok)()
        ok, detail = await asyncio.to_thread(look_at_disk, self._disk_ok)
        if ok != self._disk_ok:
            logger.warning("recording: %s", "goes on" if ok else f"stopped, {detail}")
        if ok != self._disk_ok or self._looked_at - self._told_at >= TELL_EVERY_SECS:
            await database_sync_to_async(actions.do_set_part)("disk", ok, detail)
            self._told_at = self._looked_at
        self._disk_ok = ok

    async def _note(self, written: list[Written]) -> None:
        begun = [one for one in written if one.size_bytes]
        fresh = [one for one in begun if one.piece.name not in self._noted]
        if fresh:
            await database_sync_to_async(note_pieces)(fresh)
        self._noted = {one.piece.name for one in begun}

    async def _ask_nginx(self, sources: list[Source], written: list[Written]) -> None:
        now = time.time()
        newest = newest_of_each(written)
        wish = plan(sources, newest, self._asked, self._disk_ok is True, now)
        source_of = {source.play_id: source for source in sources}
        self._asked = {play_id: one for play_id, one in self._asked.items() if play_id in source_of}
        try:
            for play_id in wish.stop:
                self._asked.pop(play_id, None)
                await record_stop(play_id)
            for play_id in wish.start:
                source = source_of[play_id]
                answered = bool(await record_start(play_id, sound_only=source.sound_only))
                self._asked[play_id] = Asked(source.client_id, now, answered)
        except NotAnswering:
            return  # nginx is away; whoever looks at it says so


def note_pieces(written: list[Written]) -> None:
    """A row for each, by its broadcast. Those of unknown rooms the sweep deletes."""
    rooms = {
        room.play_id: room
        for room in Room.objects.filter(play_id__in={one.piece.play_id for one in written})
    }
    for one in written:
        room = rooms.get(one.piece.play_id)
        if room is None:
            continue
        broadcasts = {row.pk: row for row in Broadcast.objects.filter(room=room)}
        owner = owner_of(one.piece, map(span, broadcasts.values()))
        if owner is not None:
            at = datetime.fromtimestamp(one.piece.opened_at, UTC)
            actions.do_note_piece(room, broadcasts[owner.broadcast_pk], one.piece.name, at)


def span(broadcast: Broadcast) -> Span:
    ended = broadcast.ended_at.timestamp() if broadcast.ended_at else None
    return Span(broadcast.pk, broadcast.started_at.timestamp(), ended)


def was_disk_ok() -> bool:
    part = Part.objects.filter(name="disk").first()
    return part is None or part.ok


def look_at_disk(was_ok: bool) -> tuple[bool, str]:
    """Whether there is space for recordings, and if not, how much there is."""
    folder = recordings_dir()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    ok = not settings.RECORDING_ENABLED or disk_ok(free, settings.RECORDING_MIN_FREE_GB, was_ok)
    wanted = f"{settings.RECORDING_MIN_FREE_GB:g} GB"
    detail = "" if ok else f"{free / 1e9:.1f} GB free, {wanted} wanted"
    return ok, detail


def note_disk_full(play_ids: list[str]) -> None:
    running = Recording.objects.filter(
        room__play_id__in=play_ids, state=RecordingState.RECORDING, broadcast__ended_at__isnull=True
    )
    for recording in running:
        actions.do_recording_problem(recording, "disk_full")
