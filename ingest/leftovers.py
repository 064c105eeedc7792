"""Takes away playlists that nobody goes on with.

nginx goes on with a playlist that it finds, which is right after an interruption; but a broadcast
that begins within the 15 s until nginx cleans up would begin with the end of the one before. And
where a bridge feeds a stream only while it is asked for, whoever asks next would see the past.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from live.access import ON_AIR_STATES
from live.lifecycle import RoomState
from live.models import Room

UNFED_SECS: Final = 5.0  # one that feeds `out` after another is there within 2 s


class Leftovers:
    def __init__(self) -> None:
        self._unfed_since: dict[str, float] = {}

    def remove(
        self, media_dir: Path, sent: Collection[str], fed: Collection[str], at: float
    ) -> list[str]:
        """Play ids that nginx has in `live` and in `out`; `at`: monotonic seconds. Segments, which
        nobody finds any more, are left to nginx."""
        folder = media_dir / "hls"
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        unfed = {name for name in names if name not in fed and _playlist(folder, name).is_file()}
        states = dict(
            Room.objects.filter(play_id__in=unfed, state__in=ON_AIR_STATES).values_list(
                "play_id", "state"
            )
            if unfed
            else ()
        )
        self._unfed_since = {
            name: self._unfed_since.get(name, at)
            for name, state in states.items()
            if state == RoomState.LIVE
        }
        stale = {name for name, since in self._unfed_since.items() if at - since >= UNFED_SECS}
        over = {name for name in unfed if name not in states and name not in sent} | stale
        for name in over:
            with contextlib.suppress(OSError):  # another user's: nginx will do it
                _playlist(folder, name).unlink()
        return sorted(over)


def _playlist(folder: Path, name: str) -> Path:
    return folder / name / "index.m3u8"
