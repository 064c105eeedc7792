"""What a child costs and brings, over the last seconds: for its figures."""

from __future__ import annotations

import os
import time
from typing import Final

WINDOW_SECS: Final = 1.0  # shorter than that nothing new is said
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Usage:
    def __init__(self) -> None:
        self._began = self._at = time.monotonic()
        self._cpu_secs = time.process_time()
        self._bytes = self._frames = 0
        self._said: dict[str, float] = {"kbps": 0, "fps": 0.0, "cpu_percent": 0.0}

    def figures(self, *, sent_bytes: int, frames: int) -> dict[str, float]:
        """Both counted since ever; a count that fell began anew."""
        now = time.monotonic()
        secs = now - self._at
        if secs >= WINDOW_SECS:
            cpu_secs = time.process_time()
            self._said = {
                "kbps": round(max(0, sent_bytes - self._bytes) * 8 / secs / 1_000),
                "fps": round(max(0, frames - self._frames) / secs, 1),
                "cpu_percent": round((cpu_secs - self._cpu_secs) / secs * 100, 1),
            }
            self._at, self._cpu_secs = now, cpu_secs
            self._bytes, self._frames = sent_bytes, frames
        return self._said | {"rss_mb": rss_mb(), "uptime_secs": round(now - self._began)}


def rss_mb() -> float:
    with open("/proc/self/statm", "rb") as file:
        return round(int(file.read().split()[1]) * _PAGE_BYTES / 1e6, 1)
