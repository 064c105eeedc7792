"""Marks: empty files that say what may be played, for those who have no database (nginx, FLV).

`<media>/marks/air/<play id>`: it is on air by RTMP. `<media>/marks/open/<play id>`: no token is
needed. `<media>/marks/private/<play id>`: only tokens of the private room are good, and of those
only the ones of the epoch in `<media>/marks/private/<play id>.<epoch>`. The worker makes them so
from the database, again and again; no mark, no play.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

KINDS = ("private", "open", "air")


def marks_dir(media_dir: Path, kind: str) -> Path:
    return media_dir / "marks" / kind


def has_mark(media_dir: Path, kind: str, play_id: str) -> bool:
    """`play_id` must have been checked by its form: it becomes a path."""
    return (marks_dir(media_dir, kind) / play_id).exists()


def set_marks(media_dir: Path, kind: str, play_ids: Collection[str]) -> None:
    """Exactly these and no others."""
    folder = marks_dir(media_dir, kind)
    folder.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in folder.iterdir()}
    for name in there - set(play_ids):
        (folder / name).unlink(missing_ok=True)
    for name in set(play_ids) - there:
        (folder / name).touch()
