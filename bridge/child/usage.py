"""What a child costs and sends: percent of a core, memory, rates. For its figures."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from playback.flv import VIDEO

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Usage:
    """Rates are over the time since the last look."""

    def __init__(self) -> None:
        self._bytes = 0
        self._frames = 0
        self._at = time.monotonic()
        self._cpu = time.process_time()

    def sent(self, kind: int, size: int) -> None:
        self._bytes += size
        self._frames += kind == VIDEO

    def figures(self, now: float) -> dict[str, Any]:
        passed = max(0.001, now - self._at)
        cpu = time.process_time()
        found = {
            "kbps": round(self._bytes * 8 / passed / 1000),
            "fps": round(self._frames / passed, 1),
            "cpu_percent": round((cpu - self._cpu) / passed * 100, 1),
            "rss_mb": round(rss_bytes() / 1e6),
        }
        self._bytes = self._frames = 0
        self._at, self._cpu = now, cpu
        return found


def rss_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
