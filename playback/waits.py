"""Requests that wait for a stream which nobody feeds yet: how many, and how long they may.

Who waits is a wish: the worker reads it in `/status` and starts a bridge (docs/bridge.md). That
costs a request nothing and us a process: so no address may wait or wish without end.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from playback.marks import has_mark
from playback.wishes import Wish, Wishes, network_of

WAIT_SECS: Final = 8.0  # a bridge is there within 3 s, its first segment 2 s later
LOOK_SECS: Final = 0.1
MOST_WAITING: Final = 500
MOST_OF_ONE: Final = 200  # a stream that can't be made must not use up all places
MOST_BY_ADDRESS: Final = 40  # a class behind one address opens the link that it was given


class TooMany(Exception):
    """503: nobody else may wait now."""


class TooManyOfOne(Exception):
    """429: of this address."""


class Waits:
    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir
        self._waiting: Counter[str] = Counter()
        self._at_address: Counter[str] = Counter()
        self._wishes = Wishes()

    def __contains__(self, play_id: str) -> bool:
        return play_id in self._waiting

    def __iter__(self) -> Iterator[str]:
        return iter(self._waiting)

    @contextlib.contextmanager
    def one(self, play_id: str, address: str = "") -> Iterator[Callable[[], None]]:
        """Somebody waits for this stream; to be called when it came.

        `address`: "" where nobody else can ask. Raises TooManyOfOne.
        """
        network = network_of(address)
        wish = self._wish(network, play_id) if network else None

        def came() -> None:
            if wish is not None:
                self._wishes.came_true(network, wish, time.monotonic())

        _add(self._waiting, play_id, 1)
        _add(self._at_address, network, 1)
        try:
            yield came
        finally:
            _add(self._waiting, play_id, -1)
            _add(self._at_address, network, -1)

    def _wish(self, network: str, play_id: str) -> Wish:
        if self._at_address[network] >= MOST_BY_ADDRESS:
            raise TooManyOfOne
        wish = self._wishes.make(network, play_id, time.monotonic())
        if wish is None:
            raise TooManyOfOne
        return wish

    async def playlist(self, play_id: str, address: str = "", secs: float = WAIT_SECS) -> bool:
        """Until nginx has written one; False: it did not, or the stream went off the air.

        Raises TooMany, TooManyOfOne.
        """
        playlist = self._media_dir / "hls" / play_id / "index.m3u8"
        if playlist.exists():
            return has_mark(self._media_dir, "air", play_id)
        if self._waiting[play_id] >= MOST_OF_ONE or self._waiting.total() >= MOST_WAITING:
            raise TooMany
        deadline = asyncio.get_running_loop().time() + secs
        with self.one(play_id, address) as came:
            while has_mark(self._media_dir, "air", play_id):
                if playlist.exists():
                    came()
                    return True
                if asyncio.get_running_loop().time() >= deadline:
                    return False
                await asyncio.sleep(LOOK_SECS)
        return False


def _add(counter: Counter[str], name: str, number: int) -> None:
    counter[name] += number
    if not counter[name]:
        del counter[name]
