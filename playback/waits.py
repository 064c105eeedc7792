"""Requests that wait for a stream which nobody feeds yet: how many, and how long they may.

Who waits is a wish: the worker reads it in `/status` and starts a bridge (docs/bridge.md).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playback.marks import has_mark

WAIT_SECS: Final = 8.0  # a bridge is there within 3 s, its first segment 2 s later
LOOK_SECS: Final = 0.1
MOST_WAITING: Final = 500
MOST_OF_ONE: Final = 200  # a stream that can't be made must not use up all places


class TooMany(Exception):
    """503: nobody else may wait now."""


class Waits:
    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir
        self._waiting: Counter[str] = Counter()

    def __contains__(self, play_id: str) -> bool:
        return play_id in self._waiting

    def __iter__(self) -> Iterator[str]:
        return iter(self._waiting)

    @contextlib.contextmanager
    def one(self, play_id: str) -> Iterator[None]:
        """Somebody waits for this stream."""
        self._waiting[play_id] += 1
        try:
            yield
        finally:
            self._waiting[play_id] -= 1
            if not self._waiting[play_id]:
                del self._waiting[play_id]

    async def playlist(self, play_id: str, secs: float = WAIT_SECS) -> bool:
        """Until nginx has written one; False: it did not, or the stream went off the air."""
        if self._waiting[play_id] >= MOST_OF_ONE or self._waiting.total() >= MOST_WAITING:
            raise TooMany
        playlist = self._media_dir / "hls" / play_id / "index.m3u8"
        deadline = asyncio.get_running_loop().time() + secs
        with self.one(play_id):
            while has_mark(self._media_dir, "air", play_id):
                if playlist.exists():
                    return True
                if asyncio.get_running_loop().time() >= deadline:
                    return False
                await asyncio.sleep(LOOK_SECS)
        return False
