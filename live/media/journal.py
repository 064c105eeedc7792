"""Writes what happened to sessions into the database, in order, off the signalling path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from typing import Any

from channels.db import database_sync_to_async

from live.errors import MicroVibeError
from live.tasks import end_tasks

logger = logging.getLogger(__name__)


class Journal:
    """One worker, one entry after the other: a session is opened before it is closed.

    An offer that waited for its row would cost a late viewer 5–20 ms of its first frame.
    """

    def __init__(self) -> None:
        self._entries: asyncio.Queue[tuple[Callable[..., Any], tuple[Any, ...]]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    def write(self, action: Callable[..., Any], *args: Any) -> None:
        """`action(*args)` runs in the database thread; what it raises is logged."""
        if self._worker is None:
            # Its own context: in a request's, database work would wait for that request's thread.
            self._worker = asyncio.create_task(self._run(), name="journal", context=Context())
        self._entries.put_nowait((action, args))

    async def flush(self, timeout_secs: float = 5.0) -> None:
        """Wait until all that was asked so far is written."""
        if self._worker is not None and not self._worker.done():
            await asyncio.wait_for(self._entries.join(), timeout_secs)

    async def aclose(self) -> None:
        try:
            await self.flush()
        except TimeoutError:
            logger.warning("journal: %d entries were not written", self._entries.qsize())
        if self._worker is not None:
            await end_tasks([self._worker])

    async def _run(self) -> None:
        while True:
            action, args = await self._entries.get()
            try:
                await database_sync_to_async(action)(*args)
            except MicroVibeError as error:
                logger.info("journal: %s refused: %s", action.__name__, error.code)
            except Exception:
                logger.exception("journal: %s failed", action.__name__)
            finally:
                self._entries.task_done()
