"""A worker with nothing but bridges, and a launcher for it: for tests that kill them.

`python -m tests.fakes.bridge_manager`: the worker. With `launch` before it: starts it, prints its
pid, and stays.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

COMMAND = (sys.executable, "-m", "tests.fakes.bridge_child")


def launch() -> None:
    worker = subprocess.Popen([sys.executable, "-m", "tests.fakes.bridge_manager"])
    print(worker.pid, flush=True)
    worker.wait()


async def run() -> None:
    from bridge.jobs import Bridges
    from worker.job import run_job

    async with Bridges(COMMAND) as job:
        await run_job(job)


if __name__ == "__main__":
    if sys.argv[1:] == ["launch"]:
        launch()
    else:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        import django

        django.setup()
        asyncio.run(run())
