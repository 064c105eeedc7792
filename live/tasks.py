"""Ends background tasks for certain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

logger = logging.getLogger(__name__)
AGAIN_SECS: Final = 0.2
PATIENCE_SECS: Final = 5.0


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel, and again what goes on: Python 3.11's wait_for and asgiref's sync_to_async may both
    swallow a cancellation that arrives with their result."""
    left = {task for task in tasks if not task.done()}
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECS
    while left and asyncio.get_running_loop().time() < deadline:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECS)
    for task in left:
        logger.error("the task %s does not end", task.get_name())
