"""Live thumbnails: a picture of each room on air that has HLS, every few seconds."""

from __future__ import annotations

import asyncio
import json
import math
import random
import re
import time
from pathlib import Path
from typing import Final

from channels.db import database_sync_to_async
from django.conf import settings

from live.access import ON_AIR_STATES
from live.lifecycle import RoomState
from live.models import Room, StreamingMode
from live.recording_files import live_thumbnail_file
from recording.child import run_child
from worker.job import Job

SEGMENT: Final = re.compile(r"[0-9]{1,20}\.ts", re.ASCII)
CHILD_SECS: Final = 10


class LivePictures(Job):
    name = "live pictures"
    every_secs = 1.0

    def __init__(self) -> None:
        self._tried_at: dict[str, float] = {}  # by play id, by the monotonic clock

    async def tick(self) -> None:
        sending, on_air = await database_sync_to_async(rooms_to_picture)()
        self._tried_at = {name: at for name, at in self._tried_at.items() if name in on_air}
        found = await asyncio.to_thread(find_segments, self._due(sending, time.monotonic()))
        if found:
            await make_pictures(found)
        await asyncio.to_thread(remove_all_but, on_air)

    def _due(self, play_ids: list[str], now: float) -> list[str]:
        """Once one is due also those that soon will be: a child takes 0.1 s to start, a picture
        0.03 s."""
        every = settings.THUMBNAIL_EVERY_SECS
        ages = {play_id: now - self._tried_at.get(play_id, -math.inf) for play_id in play_ids}
        if not any(age >= every for age in ages.values()):
            return []
        due = [play_id for play_id, age in ages.items() if age >= every / 2]
        self._tried_at.update(dict.fromkeys(due, now))
        return due


async def make_pictures(found: list[tuple[Path, Path]]) -> None:
    """(segment, picture) of each. One that kills the child must not always stand before the same
    others."""
    random.shuffle(found)
    lines = "".join(json.dumps([str(path) for path in one]) + "\n" for one in found)
    secs = CHILD_SECS + len(found)
    await run_child("recording.thumbnail", [str(secs)], secs, lines.encode())


def rooms_to_picture() -> tuple[list[str], set[str]]:
    """Play ids: those that are live and may have HLS, whoever feeds it, and all that are on air
    (they keep their last one)."""
    rooms = Room.objects.filter(state__in=ON_AIR_STATES)
    found = list(rooms.values_list("play_id", "state", "streaming_mode"))
    live = [
        play_id
        for play_id, state, mode in found
        if state == RoomState.LIVE and mode != StreamingMode.WEBRTC
    ]
    return live, {play_id for play_id, _, _ in found}


def find_segments(play_ids: list[str]) -> list[tuple[Path, Path]]:
    """(newest segment, where its picture goes) of those that have one."""
    found = []
    for play_id in play_ids:
        segment = newest_segment(Path(settings.MEDIA_DIR) / "hls" / play_id)
        if segment is not None:
            picture = live_thumbnail_file(play_id)
            picture.parent.mkdir(parents=True, exist_ok=True)
            found.append((segment, picture))
    return found


def newest_segment(folder: Path) -> Path | None:
    """The last one that the playlist names: that is complete."""
    try:
        lines = (folder / "index.m3u8").read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return None
    names = [line for line in lines if SEGMENT.fullmatch(line)]
    return folder / names[-1] if names else None


def remove_all_but(play_ids: set[str]) -> None:
    folder = live_thumbnail_file("x").parent
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stem.lstrip(".").partition(".")[0] not in play_ids:
            path.unlink(missing_ok=True)
