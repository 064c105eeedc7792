"""Makes HLS of `out/<play id>` in several qualities, while somebody plays it."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import resource
import shutil
import threading
from pathlib import Path
from typing import Any, Final

import av

from bridge.child.spec import Spec
from bridge.child.usage import Usage
from bridge.child.work import Report
from bridge.hls.maker import Maker, Unfit
from bridge.rtmp.backlog import Tag
from bridge.rtmp.inlet import Inlet
from playback import flv

logger = logging.getLogger("bridge")
TELL_SECS: Final = 1.0
LATE_MS: Final = 2_000
NICENESS: Final = 5  # a quality less is better than a live stream that stutters


def make(spec: Spec, report: Report) -> Ladder:
    allow_segments()
    return Ladder(spec, report)


class Ladder:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._report = report
        self._folder = Path(spec.hls_dir)
        self._maker = Maker(self._folder, spec.renditions)
        self._inlet = Inlet(spec.rtmp_out_port, "out", spec.play_id, on_tag=self._got)
        self._queue: queue.SimpleQueue[Tag | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ladder", daemon=True)
        self._done_ms = self._came_ms = 0
        self._needs_keyframe = False
        self._problem: BaseException | None = None
        self._dropped = 0
        self._usage = Usage()

    async def run(self) -> None:
        os.nice(NICENESS)
        self._thread.start()
        pulling = asyncio.create_task(self._inlet.run(), name="inlet")
        try:
            while not pulling.done():
                await asyncio.wait({pulling}, timeout=TELL_SECS)
                if isinstance(self._problem, Unfit):
                    self._report("waiting", self._problem.reason)
                elif self._problem is not None:
                    raise self._problem
                else:
                    self._tell()
            pulling.result()
        finally:
            pulling.cancel()
            await asyncio.gather(pulling, return_exceptions=True)

    def changed(self, spec: Spec) -> None:
        """Nothing that may change matters here."""

    async def close(self) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join, 1.0)
        self._maker.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _got(self, tag: Tag) -> None:
        """In the event loop. Too slow a machine leaves pictures out, up to a keyframe."""
        if tag.kind == flv.VIDEO:
            part = flv.parse_video(tag.body).part
            if part is flv.Part.KEYFRAME and self._came_ms - self._done_ms < LATE_MS // 2:
                self._needs_keyframe = False
            elif part is not flv.Part.HEADER and self._came_ms - self._done_ms > LATE_MS:
                self._needs_keyframe = True
            if self._needs_keyframe and part is not flv.Part.HEADER:
                self._dropped += 1
                return
        self._came_ms = tag.timestamp_ms
        self._queue.put(tag)

    def _work(self) -> None:
        while (tag := self._queue.get()) is not None:
            if self._problem is None:
                try:
                    self._maker.put(tag)
                except (ValueError, av.FFmpegError) as error:
                    logger.warning("a frame could not be used: %s", type(error).__name__)
                except BaseException as error:
                    self._problem = error
            self._done_ms = tag.timestamp_ms

    def _tell(self) -> None:
        figures: dict[str, Any] = {
            **self._usage.figures(),
            "qualities": list(self._maker.qualities),
            "late_ms": max(0, self._came_ms - self._done_ms),
            "dropped_frames": self._dropped,
        }
        if not self._inlet.comes:
            self._report("waiting", self._inlet.problem, figures=figures)
        elif self._maker.qualities:
            self._report("running", figures=figures)
        else:
            self._report("starting", figures=figures)


def allow_segments() -> None:
    """A child may print 1 MB, and no file of it may be larger; 12 s of a source can be 30 MB."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
