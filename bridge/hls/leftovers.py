"""Takes away qualities that nobody makes any more: of processes that died and were not replaced."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

OLD_SECS: Final = 60.0  # a playlist that lives is written every few seconds


def remove_old(ladders: Path, at_work: Collection[str] = ()) -> list[str]:
    """Names of the play ids whose folders went. `at_work`: those that a process has now."""
    gone = []
    for folder in ladders.iterdir() if ladders.is_dir() else ():
        if folder.name in at_work:
            continue
        written = [file.stat().st_mtime for file in folder.rglob("*.m3u8")]
        if time.time() - max(written, default=folder.stat().st_mtime) > OLD_SECS:
            shutil.rmtree(folder, ignore_errors=True)
            gone.append(folder.name)
    return sorted(gone)
