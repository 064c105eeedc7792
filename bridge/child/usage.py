"""What a child costs and brings: percent of a core, memory, rates. For its figures."""

from __future__ import annotations

import os
import time
from typing import Final

WINDOW_SECS: Final = 1.0  # shorter than that no new rate is said
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Usage:
    """Rates are over the time since they were last worked out."""

    def __init__(self) -> None:
        self._began = self._at = time.monotonic()
        self._cpu_secs = time.process_time()
        self._sent_bytes = self._frames = 0
        self._kbps, self._fps, self._cpu_percent = 0, 0.0, 0.0

    def figures(
        self, *, sent_bytes: int | None = None, frames: int | None = None
    ) -> dict[str, float]:
        """Both counted since ever, and told if given; a count that fell began anew."""
        now = time.monotonic()
        if now - self._at >= WINDOW_SECS:
            self._measure(now, sent_bytes or 0, frames or 0)
        found: dict[str, float] = {
            "cpu_percent": self._cpu_percent,
            "rss_mb": rss_mb(),
            "uptime_secs": round(now - self._began),
        }
        if sent_bytes is not None:
            found["kbps"] = self._kbps
        if frames is not None:
            found["fps"] = self._fps
        return found

    def _measure(self, now: float, sent_bytes: int, frames: int) -> None:
        secs, cpu_secs = now - self._at, time.process_time()
        self._kbps = round(max(0, sent_bytes - self._sent_bytes) * 8 / secs / 1_000)
        self._fps = round(max(0, frames - self._frames) / secs, 1)
        self._cpu_percent = round((cpu_secs - self._cpu_secs) / secs * 100, 1)
        self._at, self._cpu_secs = now, cpu_secs
        self._sent_bytes, self._frames = sent_bytes, frames


def rss_mb() -> float:
    with open("/proc/self/statm", "rb") as file:
        return round(int(file.read().split()[1]) * _PAGE_BYTES / 1e6, 1)
