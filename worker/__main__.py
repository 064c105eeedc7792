"""`python -m worker`: the jobs beside the app, each level-triggered: it compares what should be
with what is and closes the gap, so that nothing is lost when a message or a process is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from typing import Final

from worker.job import Job, run_job

logger = logging.getLogger("worker")
CONNECTION_SECS: Final = 60


def jobs() -> list[Job]:
    from bridge.jobs import bridge_jobs  # after django.setup()
    from ingest.jobs import ingest_jobs
    from recording.jobs import recording_jobs

    return [*ingest_jobs(), *recording_jobs(), *bridge_jobs()]


async def run() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with contextlib.AsyncExitStack() as leaving:
        tasks = []
        for job in jobs():
            await leaving.enter_async_context(job)
            tasks.append(asyncio.create_task(run_job(job), name=job.name))
        await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def keep_connections() -> None:
    """Jobs ask the database ten times a second from one thread, and to connect takes 3 ms."""
    from django.db import connections

    for alias in connections:
        connections.settings[alias] |= {
            "CONN_MAX_AGE": CONNECTION_SECS,
            "CONN_HEALTH_CHECKS": True,
        }


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microvibe.settings")
    import django

    django.setup()
    from microvibe.checks import refuse_bad_settings

    refuse_bad_settings()
    keep_connections()
    asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
