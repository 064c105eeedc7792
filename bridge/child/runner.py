"""Runs the work of a child: loads its kind, passes on specs, ends it in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from bridge.child.spec import Spec
from bridge.child.work import Make, Report, Work, load

logger = logging.getLogger("bridge")
CLOSE_SECS: Final = 1.5  # of the 2 s that a manager waits


class Runner:
    """`ended`: set when the work is over by itself; then `code` is what the process ends with."""

    def __init__(self, report: Report, loading: Callable[[str], Make] = load) -> None:
        self._report = report
        self._load = loading
        self._spec: Spec | None = None
        self._work: Work | None = None
        self._task: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        self.code = 0

    def got_spec(self, spec: Spec) -> None:
        self._spec = spec
        if self._task is None:
            self._task = asyncio.create_task(self._run(spec.kind), name=spec.kind)
        elif self._work is not None:
            try:
                self._work.changed(spec)
            except Exception:
                self._crashed()

    async def _run(self, kind: str) -> None:
        try:
            make = await asyncio.to_thread(self._load, kind)
            assert self._spec is not None
            self._work = make(self._spec, self._report)
            await self._work.run()
        except Exception:
            self._crashed()
        self.ended.set()

    def _crashed(self) -> None:
        logger.exception("the work broke")
        self.code = 1
        self._report("waiting", "crashed")
        self.ended.set()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._work is not None:
            try:
                async with asyncio.timeout(CLOSE_SECS):
                    await self._work.close()
            except Exception:
                logger.exception("the work did not end in order")
