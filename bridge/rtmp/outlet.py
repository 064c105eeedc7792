"""An RTMP stream that is kept up: reconnects, begins with headers and a keyframe each time.

outlet = Outlet(target, want_keyframe=…)
outlet.start()
outlet.put(Tag(VIDEO, timestamp_ms, body))
await outlet.aclose()
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridge.rtmp.backlog import LATE_MS, Backlog, Tag
from bridge.rtmp.connection import Connection, PublishError
from bridge.rtmp.target import Target

logger = logging.getLogger(__name__)

TAKEN_RETRY_SECS: Final = 0.05
TAKEN_SECS: Final = 2.0  # so long does it try often to have a name that is being freed
STEADY_SECS: Final = 10.0  # a connection that lived so long begins again with short waits


@dataclass(frozen=True, slots=True)
class OutState:
    """`reason` of not being connected: "" at first, then as in `PublishError`."""

    connected: bool
    reason: str = ""
    detail: str = ""


class Outlet:
    def __init__(
        self,
        target: Target,
        *,
        on_change: Callable[[OutState], None] | None = None,
        want_keyframe: Callable[[], None] | None = None,
        metadata: dict[str, object] | None = None,
        tls: ssl.SSLContext | None = None,
        first_wait_secs: float = 0.1,
        longest_wait_secs: float = 2.0,
        late_ms: int = LATE_MS,
        may_connect: Callable[[str, int], bool] | None = None,
    ) -> None:
        """`may_connect`: see bridge.rtmp.connection."""
        self._target = target
        self._may_connect = may_connect
        self._on_change = on_change
        self._want_keyframe = want_keyframe
        self.metadata = metadata
        """What later connections begin with: players know from it what they have to wait for."""
        self._tls = tls
        self._first_wait_secs = first_wait_secs
        self._longest_wait_secs = longest_wait_secs
        self._backlog = Backlog(late_ms=late_ms)
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._sent_before = 0
        self.connects = 0
        self.state = OutState(False)

    def start(self) -> None:
        self._task = self._task or asyncio.create_task(self._keep(), name="rtmp-outlet")

    async def aclose(self) -> None:
        """Ends the stream in order."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def put(self, tag: Tag) -> None:
        """Headers are kept for later connections; frames are dropped while there is none."""
        wanted = self._backlog.wants_keyframe
        self._backlog.put(tag)
        if self._connection is not None:
            self._connection.wake()
        if self._backlog.wants_keyframe and not wanted:
            self._ask_for_keyframe()

    @property
    def wants_keyframe(self) -> bool:
        return self._backlog.wants_keyframe

    @property
    def queue_ms(self) -> int:
        return self._backlog.queue_ms

    @property
    def dropped_frames(self) -> int:
        return self._backlog.dropped_frames

    @property
    def sent_bytes(self) -> int:
        return self._sent_before + (self._connection.sent_bytes if self._connection else 0)

    # --- inside ---------------------------------------------------------------------------------

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        taken_since: float | None = None
        while True:
            began = loop.time()
            try:
                await self._publish()
            except PublishError as error:
                now = loop.time()
                failures = 1 if now - began > STEADY_SECS else failures + 1
                wait = self._first_wait_secs * 2 ** min(failures - 1, 16)
                wait = min(wait, self._longest_wait_secs)
                if error.reason == "taken":
                    taken_since = taken_since or now
                    if now - taken_since < TAKEN_SECS:
                        wait, failures = TAKEN_RETRY_SECS, 0
                else:
                    taken_since = None
                self._set(OutState(False, error.reason, error.detail))
            await asyncio.sleep(wait)

    async def _publish(self) -> None:
        """Always ends with an error."""
        connection = Connection(
            self._target,
            self._backlog,
            metadata=self.metadata,
            tls=self._tls,
            may_connect=self._may_connect,
        )
        try:
            async with connection:
                self._backlog.restart()
                self._connection = connection
                self.connects += 1
                self._set(OutState(True))
                self._ask_for_keyframe()
                await connection.run()
        finally:
            self._sent_before += connection.sent_bytes
            self._connection = None
            self._backlog.close()

    def _set(self, state: OutState) -> None:
        if state == self.state:
            return
        if state.connected != self.state.connected or state.reason != self.state.reason:
            logger.info("rtmp out: %s", "connected" if state.connected else state.reason)
        self.state = state
        if self._on_change is not None:
            self._on_change(state)

    def _ask_for_keyframe(self) -> None:
        if self._want_keyframe is not None:
            self._want_keyframe()
