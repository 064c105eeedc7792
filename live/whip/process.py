"""The way from a view's thread into the event loop, where the media service lives."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

from live.process import Process, running_process
from live.refusals import refusal

T = TypeVar("T")


def needed_process() -> Process:
    process = running_process()
    if process is None:
        raise refusal("sfu_unavailable")
    return process


def wait(process: Process, work: Coroutine[Any, Any, T], timeout_secs: float) -> T:
    """In a context of its own: database work in this request's would wait for this very thread."""
    future = Context().run(asyncio.run_coroutine_threadsafe, work, process.loop)
    try:
        return future.result(timeout_secs)
    except TimeoutError:
        future.cancel()
        raise refusal("sfu_timeout") from None
