"""A process and its cost: CPU time and memory, as the kernel counts them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

END_SECS = 5.0


@dataclass(frozen=True)
class Cost:
    cpu_percent: float  # of one core
    rss_mb: float


class Running:
    """One that is measured; what it prints goes into a file."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log

    def check(self) -> None:
        if self._process.poll() is not None:
            raise SystemExit(
                f"it ended by itself: {self._log.read_text(errors='replace')[-2_000:]}"
            )

    async def cost(self, secs: float) -> Cost:
        """Over so long a time."""
        before, began = self._cpu_secs(), time.monotonic()
        await asyncio.sleep(secs)
        self.check()
        spent = self._cpu_secs() - before
        return Cost(100 * spent / (time.monotonic() - began), self._rss_mb())

    def _cpu_secs(self) -> float:
        """Of all its threads."""
        values = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")

    def _rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.asynccontextmanager
async def started(command: list[str], log: Path) -> AsyncIterator[Running]:
    process = await asyncio.to_thread(_start, command, log)
    try:
        yield Running(process, log)
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, END_SECS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
