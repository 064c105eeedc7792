"""What a job is, and how it is kept running: a tick that fails is logged and tried again."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import Self

from worker.quiet import Quiet

logger = logging.getLogger("worker")


class Job:
    """Subclasses set `name`, `every_secs` and write `tick`; enter and leave own its resources."""

    name = ""
    every_secs = 1.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    async def rest(self, secs: float) -> None:
        """Between ticks; a job that hears of something may come back earlier."""
        await asyncio.sleep(secs)

    async def tick(self) -> None:
        """Compare and mend, once. Work over 50 ms belongs in a thread or a process."""
        raise NotImplementedError


async def run_job(job: Job) -> None:
    """For ever; a tick that takes longer than `every_secs` is followed by the next one at once."""
    quiet = Quiet()
    while True:
        started = time.monotonic()
        try:
            await job.tick()
        except Exception as error:
            # The whole story once; a database that is away fails twice a second.
            if quiet.may_say(repr(error)):
                logger.exception("%s: a tick failed", job.name)
        await job.rest(max(0.05, job.every_secs - (time.monotonic() - started)))
