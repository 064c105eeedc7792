"""RTMP streams of nginx that are pulled and kept up; `Inlet`: on one timeline over all reconnects.

inlet = Inlet(port, "out", "play_abc", on_tag=…, on_change=…)
await inlet.run()
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

from bridge.rtmp.backlog import Tag
from playback.rtmp.errors import RtmpError
from playback.rtmp.player import Event, Media, Metadata, PublisherGone, Refused
from playback.rtmp.pull import pull
from playback.timeline import Timeline

logger = logging.getLogger(__name__)
RETRY_SECS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)  # the last again and again
STEADY_SECS: Final = 5.0  # a pull that lasted so long is retried at once


async def keep_pulling(
    host: str,
    port: int,
    app: str,
    name: str,
    *,
    got: Callable[[Event], None],
    ended: Callable[[str], None],
) -> None:
    """For ever. `ended`: a connection is over, because of no_source | rtmp_down."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        problem = "rtmp_down"
        try:
            await _pull(host, port, app, name, got)
            problem = "no_source"
        except RtmpError as error:
            logger.warning("nginx is not understood: %s", error)
        except (OSError, TimeoutError) as error:
            logger.debug("the pull ended: %r", error)
        ended(problem)
        failures = 0 if loop.time() - began > STEADY_SECS else failures + 1
        await asyncio.sleep(RETRY_SECS[min(failures, len(RETRY_SECS) - 1)])


async def _pull(host: str, port: int, app: str, name: str, got: Callable[[Event], None]) -> None:
    async with aclosing(pull(host, port, app, name)) as reads:
        async for events in reads:
            for event in events:
                if isinstance(event, PublisherGone | Refused):
                    return  # the next publisher's time is another one
                got(event)


class Inlet:
    """`on_tag`: each audio and video message, sequence headers too. `on_change`: whether it comes.

    Time goes on by the clock while nothing comes; frames of another publisher begin with headers.
    """

    def __init__(
        self,
        port: int,
        app: str,
        name: str,
        *,
        on_tag: Callable[[Tag], None],
        on_change: Callable[[bool], None] = lambda comes: None,
        host: str = "127.0.0.1",
    ) -> None:
        self._where = (host, port, app, name)
        self._on_tag = on_tag
        self._on_change = on_change
        self._timeline = Timeline()
        self._lost_at: float | None = None
        self.comes = False
        self.problem = "no_source"  # why it does not: no_source | rtmp_down
        self.received_bytes = 0
        self.metadata: dict[str, object] = {}

    async def run(self) -> None:
        """For ever."""
        await keep_pulling(*self._where, got=self._got, ended=self._ended)

    def _ended(self, problem: str) -> None:
        self.problem = problem
        if self.comes:
            self._lost_at = asyncio.get_running_loop().time()
        self._set(False)

    def _got(self, event: Event) -> None:
        match event:
            case Media(kind, timestamp_ms, body):
                self._got_media(kind, timestamp_ms, body)
            case Metadata(values):
                self.metadata = values
            case _:
                pass

    def _got_media(self, kind: int, timestamp_ms: int, body: bytes) -> None:
        if not self.comes:
            if self._lost_at is not None:
                gap_secs = asyncio.get_running_loop().time() - self._lost_at
                self._timeline.restart(int(gap_secs * 1000))
            self._set(True)
        self.received_bytes += len(body)
        self._on_tag(Tag(kind, self._timeline.at(timestamp_ms), body))

    def _set(self, comes: bool) -> None:
        if comes != self.comes:
            self.comes = comes
            self._on_change(comes)
