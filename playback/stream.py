"""One stream: its pull from nginx, kept up as long as somebody wants it, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from playback import flv
from playback.fanout import Fanout
from playback.inspect import Inspector
from playback.rtmp.errors import RtmpError
from playback.rtmp.player import (
    Event,
    Media,
    Metadata,
    Playing,
    PublisherGone,
    PublisherThere,
    Refused,
)
from playback.rtmp.pull import pull
from playback.source import Begin, Changed, Effect, Renewed, Source, Tag
from playback.viewer import Viewer

logger = logging.getLogger("playback")

APP: Final = "out"
RETRY_SECS: Final = (0.1, 0.2, 0.4, 0.8, 1.0)  # the last again and again
STEADY_SECS: Final = 5.0  # a pull that lasted so long is retried at once
IDLE_SECS: Final = 10.0
# An encoder sends its first keyframe a round trip after it was let in, the next one perhaps 8.3 s
# later (OBS as it comes): who lets it in waits so long for our pull to be there.
JOINED_WITHIN_SECS: Final = 0.2
STARTED_WITHIN_SECS: Final = 30.0  # nginx keeps no keyframe for who joins: the next one has to come


class Stream:
    def __init__(self, host: str, port: int, play_id: str) -> None:
        loop = asyncio.get_running_loop()
        self.play_id = play_id
        self.fanout = Fanout()
        self.inspector = Inspector()
        self.appeared = asyncio.Event()
        """Somebody feeds it: something came."""
        self._joined = asyncio.Event()
        """nginx gives us all that comes from now on, whoever feeds it."""
        self.problem = "not_on_air"
        """Why it is not."""
        self._dropped_frames = 0
        self._source = Source()
        self._now = loop.time
        self._wanted_until = loop.time() + IDLE_SECS
        self._lost_at: float | None = None
        self._expected_until = 0.0
        self._task = asyncio.create_task(self._run(host, port), name=f"pull {play_id}")

    @property
    def dropped_frames(self) -> int:
        """Of all viewers, those that have left too."""
        return self._dropped_frames + sum(each.dropped_frames for each in self.fanout.viewers)

    # --- Who wants it

    def keep(self) -> None:
        """Somebody wants it, or its measures: another IDLE_SECS."""
        self._wanted_until = self._now() + IDLE_SECS

    async def expect(self) -> None:
        """An encoder is let in as soon as we have answered."""
        self._expected_until = self._now() + IDLE_SECS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(JOINED_WITHIN_SECS):
                await self._joined.wait()

    def is_expected(self) -> bool:
        return self._now() < self._expected_until

    def join(self, viewer: Viewer) -> None:
        self.fanout.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        self.keep()
        self.fanout.viewers.discard(viewer)
        self._dropped_frames += viewer.dropped_frames

    def is_wanted(self) -> bool:
        return bool(self.fanout.viewers) or self._now() < self._wanted_until

    def sweep(
        self, *, is_open: bool, is_private: bool, is_current: Callable[[int | None], bool]
    ) -> None:
        """About once a second: viewers that are dead, never began, or may no longer watch."""
        now = self._now()
        for viewer in tuple(self.fanout.viewers):
            if viewer.is_dead(now):
                viewer.abort()
            elif (
                (viewer.by_mark and not is_open)
                or (is_private and not is_current(viewer.by_epoch))
                or (not viewer.is_started and now - viewer.joined_at > STARTED_WITHIN_SECS)
            ):
                self.fanout.close(viewer)

    async def close(self) -> None:
        self._task.cancel()
        self.fanout.close_all()
        await asyncio.gather(self._task, return_exceptions=True)

    # --- The pull

    async def _run(self, host: str, port: int) -> None:
        failures = 0
        while True:
            began_at = self._now()
            try:
                await self._pull(host, port)
            except (OSError, TimeoutError):
                self.problem = "rtmp_down"
            except RtmpError as error:
                logger.warning("%s: nginx is not understood: %s", self.play_id, error)
                self.problem = "rtmp_down"
            except Exception:
                logger.exception("%s: the pull failed", self.play_id)  # ours to mend; others go on
                self.problem = "failed"
            failures = 0 if self._now() - began_at > STEADY_SECS else failures + 1
            self._joined.clear()
            self._disappear()
            await asyncio.sleep(RETRY_SECS[min(failures, len(RETRY_SECS) - 1)])

    async def _pull(self, host: str, port: int) -> None:
        async with aclosing(pull(host, port, APP, self.play_id)) as reads:
            async for events in reads:
                for event in events:
                    if not self._got(event):
                        return
                self.fanout.settle()

    def _got(self, event: Event) -> bool:
        """False: this connection is of no more use."""
        match event:
            case Media(flv.VIDEO, timestamp_ms, body):
                self._appear()
                video = flv.parse_video(body)
                self.inspector.got_video(timestamp_ms, body, video)
                self._carry_out(self._source.got_video(timestamp_ms, body, video))
            case Media(_, timestamp_ms, body):
                self._appear()
                audio = flv.parse_audio(body)
                self.inspector.got_audio(timestamp_ms, body, audio)
                self._carry_out(self._source.got_audio(timestamp_ms, body, audio))
            case Metadata(values):
                self._appear()
                self._source.got_metadata(values)
            case PublisherGone():
                self.problem = "not_on_air"
                self.fanout.end()
                self._disappear()  # but we stay: whoever comes next is had from the first keyframe
            case Refused(code):
                self.problem = "not_on_air"
                if not code.endswith("StreamNotFound"):
                    logger.warning("%s: nginx refuses: %s", self.play_id, code)
                return False
            case PublisherThere():
                self._appear()  # nginx keeps back all media until a keyframe: up to 8 s
            case Playing():
                self._joined.set()
        return True

    def _appear(self) -> None:
        if self.appeared.is_set():
            return
        self.appeared.set()
        if self._lost_at is not None:
            self._source.lost(int((self._now() - self._lost_at) * 1000))
            self.inspector = Inspector()

    def _disappear(self) -> None:
        """Viewers stay: if it goes on with the same headers they hardly notice."""
        if self.appeared.is_set():
            self.appeared.clear()
            self.fanout.interrupt()
            self._lost_at = self._now()

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Tag(data, at_ms, is_start, is_frame):
                    self.fanout.push(data, at_ms, is_start=is_start, is_frame=is_frame)
                case Begin(headers, at_ms):
                    self.fanout.begin(headers, at_ms)
                case Renewed(headers):
                    self.fanout.renew(headers)
                case Changed():
                    self.fanout.end()
