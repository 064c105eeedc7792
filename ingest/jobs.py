"""The worker's jobs of ingest, wired together."""

from __future__ import annotations

from channels.db import database_sync_to_async
from django.conf import settings

from ingest.now import Now
from ingest.parts import Parts
from ingest.playback_job import Playback
from ingest.push_job import Push
from ingest.reconcile_job import Reconcile
from ingest.rows import lose_all
from ingest.viewers_job import Viewers
from live.housekeeper import look_after_rooms
from playback.marks import KINDS, set_marks
from worker.job import Job


class Heartbeat(Job):
    """Says that a worker is there."""

    name = "heartbeat"
    every_secs = 1.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def tick(self) -> None:
        await self._parts.tell("worker", True)


class Rooms(Job):
    """What each app process does as well, once somebody is there: without viewers none may be."""

    name = "rooms"
    every_secs = 1.0

    async def tick(self) -> None:
        await database_sync_to_async(look_after_rooms)()


class RtmpIsOff(Job):
    """Instead of all that need nginx: nothing is on the air by RTMP, and the parts say so."""

    name = "rtmp is off"
    every_secs = 5.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def tick(self) -> None:
        for kind in KINDS:
            set_marks(settings.MEDIA_DIR, kind, ())
        await database_sync_to_async(lose_all)()
        for name in ("rtmp", "flv"):
            await self._parts.tell(name, False, "off")


def ingest_jobs() -> list[Job]:
    parts = Parts()
    if not settings.RTMP_ENABLED:
        return [Heartbeat(parts), Rooms(), RtmpIsOff(parts)]
    now = Now()
    playback = Playback(now, parts)
    viewers = Viewers(settings.DATA_DIR / "run" / "viewers.sock", playback)
    jobs = [Heartbeat(parts), Rooms(), Reconcile(now, parts), playback, viewers]
    if settings.STREAMING_SOCKET_FALLBACK and settings.BEHIND_FRONT:
        jobs.append(Push(parts))
    return jobs
