"""Knows when another process is gone, also one that is no child of ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Final

LOOK_SECS: Final = 0.5


async def gone(pid: int) -> None:
    """Returns when the process `pid` has ended. By pidfd, where the kernel has it (Linux 5.3)."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (OSError, AttributeError):
        await _poll(pid)
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        loop.add_reader(handle, ended.set)
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def _poll(pid: int) -> None:
    while True:
        try:
            with contextlib.suppress(PermissionError):  # it is there, and another user's
                os.kill(pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(LOOK_SECS)
