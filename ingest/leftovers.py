"""Takes away the playlists of broadcasts that are over.

nginx goes on with a playlist that it finds, which is right after an interruption; but a broadcast
that begins within the 15 s until nginx cleans up would begin with the end of the one before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

from live.access import ON_AIR_STATES
from live.models import Room


def remove_leftovers(media_dir: Path, sent: Collection[str]) -> list[str]:
    """`sent`: play ids that nginx has. Segments, which nobody finds any more, are left to nginx."""
    folder = media_dir / "hls"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    over = {name for name in names if name not in sent and _playlist(folder, name).is_file()}
    if not over:
        return []
    on_air = Room.objects.filter(play_id__in=over, state__in=ON_AIR_STATES)
    over -= set(on_air.values_list("play_id", flat=True))
    for name in over:
        with contextlib.suppress(OSError):  # another user's: nginx will do it
            _playlist(folder, name).unlink()
    return sorted(over)


def _playlist(folder: Path, name: str) -> Path:
    return folder / name / "index.m3u8"
