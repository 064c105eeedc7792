"""All streams that somebody wants, one pull each; and who may have them, by the marks."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Final

from playback.marks import has_mark
from playback.stream import Stream
from playback.waits import Waits

logger = logging.getLogger("playback")

SWEEP_SECS: Final = 1.0
MAX_STREAMS: Final = 1000  # who knocks with a right key again and again expects no more


class Streams:
    def __init__(self, media_dir: Path, rtmp_host: str, rtmp_port: int) -> None:
        self._media_dir = media_dir
        self._rtmp = rtmp_host, rtmp_port
        self._streams: dict[str, Stream] = {}
        self.waits = Waits(media_dir)

    @property
    def viewers(self) -> int:
        return sum(len(stream.fanout.viewers) for stream in self._streams.values())

    def is_on_air(self, play_id: str) -> bool:
        return has_mark(self._media_dir, "air", play_id)

    def is_open(self, play_id: str) -> bool:
        return has_mark(self._media_dir, "open", play_id)

    def is_private(self, play_id: str) -> bool:
        return has_mark(self._media_dir, "private", play_id)

    def is_current(self, play_id: str, epoch: int | None) -> bool:
        """Whether the tokens of this epoch of a private room are good."""
        if epoch is None:
            return False
        return has_mark(self._media_dir, "private", f"{play_id}.{epoch}")

    def want(self, play_id: str) -> Stream:
        """Ask `is_on_air` first. The pull begins now, if it does not run already."""
        stream = self._streams.get(play_id)
        if stream is None:
            stream = self._streams[play_id] = Stream(*self._rtmp, play_id)
        stream.keep()
        return stream

    async def expect(self, play_id: str) -> None:
        """It will be on air in a moment. Returns when the pull is there, before any picture."""
        if len(self._streams) < MAX_STREAMS:
            await self.want(play_id).expect()

    def status(self) -> dict[str, object]:
        """docs/ingest.md, "playback's own pages": `viewers` are those outside our own pages.
        `wanted`: somebody is here, or waits, and nobody feeds it."""
        nothing = {"viewers": 0, "page_viewers": 0, "dropped_frames": 0, "pulling": False}
        streams: dict[str, dict[str, object]] = {
            play_id: {**nothing, "wanted": True} for play_id in self.waits
        }
        for play_id, stream in self._streams.items():
            viewers = stream.fanout.viewers
            page_viewers = sum(viewer.is_page for viewer in viewers)
            streams[play_id] = {
                "viewers": len(viewers) - page_viewers,
                "page_viewers": page_viewers,
                "dropped_frames": stream.dropped_frames,
                "pulling": stream.appeared.is_set(),
                "wanted": play_id in self.waits or bool(viewers and not stream.appeared.is_set()),
            }
        return {"streams": streams, "viewers": self.viewers}

    async def run(self) -> None:
        """For ever: once a second, ends what is off the air or wanted no more."""
        while True:
            await asyncio.sleep(SWEEP_SECS)
            for play_id, stream in tuple(self._streams.items()):
                try:
                    if stream.is_wanted() and (self.is_on_air(play_id) or stream.is_expected()):
                        stream.sweep(
                            is_open=self.is_open(play_id),
                            is_private=self.is_private(play_id),
                            is_current=partial(self.is_current, play_id),
                        )
                    else:
                        del self._streams[play_id]
                        await stream.close()
                except OSError:
                    logger.exception("%s: marks can't be read", play_id)

    async def close(self) -> None:
        streams = tuple(self._streams.values())
        self._streams.clear()
        await asyncio.gather(*(stream.close() for stream in streams))
