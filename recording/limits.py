"""What a child process that reads media may use: a file that fools the library costs only that."""

from __future__ import annotations

import os
import resource
import signal
from typing import Final

MEMORY_BYTES: Final = 2_000_000_000  # address space; the library alone maps 300 MB
NICE: Final = 10


def limit_myself(secs: int) -> None:
    """Called first thing in the child. `secs`: of CPU, and as many again of waiting."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (secs, secs + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(secs * 2)  # ends it also when the worker is no more there to do so
