"""What lies in the recordings folder."""

from __future__ import annotations

import os
from pathlib import Path

from recording.decide import Written
from recording.pieces import parse_piece


def written_pieces(folder: Path) -> list[Written]:
    """All FLV pieces, oldest first."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                piece = parse_piece(entry.name)
                if piece is None:
                    continue
                try:
                    info = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # just now deleted
                found.append(Written(piece, info.st_mtime, info.st_size))
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda one: (one.piece.opened_at, one.piece.name))


def newest_of_each(written: list[Written]) -> dict[str, Written]:
    """By play id; `written` oldest first."""
    return {one.piece.play_id: one for one in written}


def changed_at(path: Path) -> float | None:
    """None: it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
