"""One viewer's end of the fan-out: what is not sent yet, when to skip, when it counts as dead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from playback.gop import Chunk

# Waiting chunks are shared with all others, so a long queue costs one stream's memory, not one of
# each viewer. Time rules: a radio gap of a few seconds is survived; then the viewer is taken back
# to now. Bytes bound what a stream of any rate can hold.
QUEUE_SECS: Final = 5.0
QUEUE_BYTES: Final = 4 * 1024 * 1024
WRITE_BYTES: Final = 256 * 1024  # copied by asyncio when the socket is full: the only copy there is
DEAD_SECS: Final = 20.0
FLUSH_SECS: Final = 5.0


class Viewer:
    """`is_page`: one of our own pages. `by_mark`: came without a token, by the mark `open`.
    `by_epoch`: with a token of the private room, of this epoch."""

    __slots__ = (
        "_allowance",
        "_flush_timer",
        "_is_closing",
        "_last_left_bytes",
        "_queue",
        "_queued_bytes",
        "_transport",
        "_waits_for_start",
        "by_epoch",
        "by_mark",
        "dropped_frames",
        "is_page",
        "is_paused",
        "is_started",
        "joined_at",
        "progress_at",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        now: float,
        *,
        is_page: bool,
        by_mark: bool,
        by_epoch: int | None = None,
    ) -> None:
        self.is_page = is_page
        self.by_mark = by_mark
        self.by_epoch = by_epoch
        self.dropped_frames = 0
        self.is_paused = False
        self.is_started = False
        self.joined_at = self.progress_at = now
        self._transport = transport
        self._queue: deque[Chunk] = deque()
        self._queued_bytes = 0
        self._allowance = QUEUE_BYTES
        self._waits_for_start = True
        self._last_left_bytes = 0
        self._is_closing = False
        self._flush_timer: asyncio.TimerHandle | None = None
        # Told at the first byte the socket does not take: what waits then waits here, shared.
        transport.set_write_buffer_limits(high=0)

    def start(self, head: bytes, burst: Iterable[Chunk]) -> None:
        """Headers first, then what is since the last keyframe."""
        self.is_started = True
        self._transport.write(head)
        for chunk in burst:
            self._waits_for_start = False
            self._queue.append(chunk)
            self._queued_bytes += len(chunk.data)
        self._allowance = QUEUE_BYTES + self._queued_bytes
        self.drain()

    def wait_for_start(self) -> None:
        """Nothing more until a chunk that one may start with."""
        self._waits_for_start = True

    def send(self, chunk: Chunk) -> None:
        """The hot path: each viewer, each chunk."""
        if self._waits_for_start:
            if not chunk.is_start:
                self.dropped_frames += chunk.frames
                return
            self._waits_for_start = False
        if not self.is_paused:
            self._transport.write(chunk.data)
            return
        queue = self._queue
        queue.append(chunk)
        self._queued_bytes += len(chunk.data)
        if (
            self._queued_bytes > self._allowance
            or chunk.made_at - max(queue[0].made_at, self.joined_at) > QUEUE_SECS
        ):
            self._skip()

    def drain(self) -> None:
        """As much as the socket takes; called when it takes again."""
        queue = self._queue
        while queue and not self.is_paused:
            parts, size = [], 0
            while queue and size < WRITE_BYTES:
                data = queue.popleft().data
                parts.append(data)
                size += len(data)
            self._queued_bytes -= size
            self._transport.write(b"".join(parts))
        if not queue:
            self._allowance = QUEUE_BYTES
            if self._is_closing:
                self._transport.close()

    def _skip(self) -> None:
        """Forget what waits up to the latest chunk to start with; without one, until one comes."""
        queue = self._queue
        kept: list[Chunk] = []
        for chunk in reversed(queue):
            kept.append(chunk)
            if chunk.is_start:
                break
        else:
            kept = []
        if len(kept) == len(queue):
            kept = []  # it is the whole queue that is too long
        frames = sum(chunk.frames for chunk in queue) - sum(chunk.frames for chunk in kept)
        self.dropped_frames += frames
        self._queue = deque(reversed(kept))
        self._queued_bytes = sum(len(chunk.data) for chunk in kept)
        self._allowance = QUEUE_BYTES
        self._waits_for_start = not kept

    def is_dead(self, now: float) -> bool:
        """Ask about once a second: whether its socket took nothing for DEAD_SECS."""
        left_bytes = self._transport.get_write_buffer_size()
        if not self.is_paused or left_bytes != self._last_left_bytes:
            self.progress_at = now
        self._last_left_bytes = left_bytes
        return now - self.progress_at > DEAD_SECS

    def close(self) -> None:
        """In order: what waits is sent first, for FLUSH_SECS at most."""
        self._is_closing = True
        if self._queue or self._transport.get_write_buffer_size():
            loop = asyncio.get_running_loop()
            self._flush_timer = loop.call_later(FLUSH_SECS, self._transport.abort)
        if not self._queue:
            self._transport.close()

    def lost(self) -> None:
        """Its connection is no more."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()

    def abort(self) -> None:
        self._transport.abort()
