"""The worker's jobs, running inside of a test."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from channels.db import database_sync_to_async

from live.models import Recording
from worker.job import Job, run_job

PATIENCE_SECS = 40.0
db = database_sync_to_async


@contextlib.asynccontextmanager
async def working(*jobs: Job) -> AsyncIterator[None]:
    async with contextlib.AsyncExitStack() as leaving:
        tasks = []
        for job in jobs:
            job.every_secs = min(job.every_secs, 0.5)
            await leaving.enter_async_context(job)
            tasks.append(asyncio.create_task(run_job(job)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], Any], why: str, secs: float = PATIENCE_SECS) -> Any:
    """`true` may ask the database. Returns what it said last."""
    deadline = time.monotonic() + secs
    while not (found := await db(true)()):
        assert time.monotonic() < deadline, f"not within {secs:g} s: {why}"
        await asyncio.sleep(0.05)
    return found


def states() -> list[tuple[int, str, str]]:
    """(number, state, problem) of all recordings, oldest first."""
    rows = Recording.objects.order_by("number", "pk")
    return list(rows.values_list("number", "state", "problem"))
