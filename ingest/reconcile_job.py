"""Twice a second: nginx's stat page, the rows, and what closes the gap between them."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Final

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from ingest import control
from ingest.doctor import advise
from ingest.leftovers import Leftovers
from ingest.now import Now
from ingest.parts import Parts
from ingest.pushes import Pushes
from ingest.reconcile import DropPublisher, Effect, all_lost, marks, reconcile
from ingest.rows import carry_out, read_rows
from ingest.stat import Stat, Unreadable, parse_stat
from live import actions
from playback.marks import set_marks
from worker.job import Job
from worker.quiet import Quiet

logger = logging.getLogger("ingest")
DOWN_AFTER_SECS: Final = 1.5  # two polls missed: said to be down
DEAD_AFTER_SECS: Final = 3.0  # its connections are lost
FIGURES_EVERY_SECS: Final = 2.0


class Reconcile(Job):
    name = "reconcile"
    every_secs = 0.5

    def __init__(self, now: Now, parts: Parts) -> None:
        self._now = now
        self._parts = parts
        self._answered_at = self._figures_at = time.monotonic()
        self._quiet = Quiet()
        self._leftovers = Leftovers()
        self._pushes = Pushes()

    async def tick(self) -> None:
        try:
            stat = parse_stat(await control.fetch_soon(control.STAT))
        except (control.NotAnswering, Unreadable) as error:
            await self._got_nothing(str(error))
        else:
            self._answered_at = time.monotonic()
            await self._got_stat(stat)
            await self._parts.tell("rtmp", True)

    async def _got_stat(self, stat: Stat) -> None:
        now = self._now
        now.streams = stat.publishers("live")
        now.fed = stat.publishers("out")
        now.figures.got_page(now.streams, self._answered_at)
        now.rows = await database_sync_to_async(read_rows)(list(now.streams))
        silent = now.silence.got_page(now.streams, self._answered_at)
        await self._carry_out(reconcile(now.streams, now.rows, timezone.now(), silent))
        self._set_marks()
        await self._push_again(self._pushes.got_page(now.streams, now.fed, self._answered_at))
        if self._answered_at - self._figures_at >= FIGURES_EVERY_SECS:
            self._figures_at = self._answered_at
            await self._write_figures()
            clean_up = database_sync_to_async(self._leftovers.remove)
            sent, fed = list(now.streams), list(now.fed)
            await clean_up(settings.MEDIA_DIR, sent, fed, self._answered_at)

    async def _got_nothing(self, why: str) -> None:
        """A moment without an answer changes nothing."""
        silent_secs = time.monotonic() - self._answered_at
        if silent_secs >= DEAD_AFTER_SECS:
            self._now.streams = self._now.fed = {}
            rows = await database_sync_to_async(read_rows)([])
            # Nor can a bridge feed it: a playlist that it left must not play.
            self._now.rows = {name: replace(row, sends_webrtc=False) for name, row in rows.items()}
            await self._carry_out(all_lost(self._now.rows.values(), timezone.now()))
            self._set_marks()
        if silent_secs >= DOWN_AFTER_SECS:
            if self._quiet.may_say("down"):
                logger.warning("nginx (RTMP) does not answer: %s", why)
            await self._parts.tell("rtmp", False, why)

    async def _carry_out(self, effects: list[Effect]) -> None:
        if not effects:
            return
        for effect in effects:
            if isinstance(effect, DropPublisher):
                await self._drop(effect)
        figures = {
            stream.name: self._now.figures.of(stream) for stream in self._now.streams.values()
        }
        rest = [effect for effect in effects if not isinstance(effect, DropPublisher)]
        await database_sync_to_async(carry_out)(rest, figures)
        self._now.rows = await database_sync_to_async(read_rows)(list(self._now.streams))

    async def _push_again(self, play_ids: list[str]) -> None:
        for play_id in play_ids:
            logger.info("ingest of %s: pushed to out once more", play_id)
            try:
                await control.push_again_soon(play_id)
            except control.NotAnswering:
                return  # said elsewhere

    async def _drop(self, effect: DropPublisher) -> None:
        if self._quiet.may_say(f"drop {effect.play_id} {effect.why}"):
            logger.info("ingest of %s: dropped: %s", effect.play_id, effect.why)
        try:
            await control.drop_publisher_soon(effect.play_id)
        except control.NotAnswering as error:
            logger.warning("ingest of %s: was not dropped: %s", effect.play_id, error)

    def _set_marks(self) -> None:
        wanted = marks(self._now.rows.values())
        # "air" comes last: or a guest would get a 403, or in with an old token.
        set_marks(settings.MEDIA_DIR, "private", wanted.private)
        set_marks(settings.MEDIA_DIR, "open", wanted.open)
        set_marks(settings.MEDIA_DIR, "air", wanted.air)

    async def _write_figures(self) -> None:
        found = {}
        for stream in self._now.sending():
            figures = self._now.figures.of(stream)
            row = self._now.rows[stream.name]
            advice = advise(figures, wants_video=row.wants_video, bridge_waits=row.bridge_waits)
            found[stream.name] = figures, advice
        if found:
            await database_sync_to_async(actions.do_set_figures)(found)
