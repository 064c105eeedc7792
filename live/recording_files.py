"""Where the files of recordings and live thumbnails are, and how they go."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.conf import settings

logger = logging.getLogger(__name__)
PIECE: Final = re.compile(r"(play_[0-9a-z]{1,40})-([0-9]{9,12})\.flv", re.ASCII)


def recordings_dir() -> Path:
    return Path(settings.MEDIA_DIR) / "recordings"


def mp4_file(recording_id: str) -> Path:
    return recordings_dir() / f"{recording_id}.mp4"


def thumbnail_file(recording_id: str) -> Path:
    return recordings_dir() / f"{recording_id}.jpg"


def live_thumbnail_file(play_id: str) -> Path:
    return Path(settings.MEDIA_DIR) / "thumbnails" / f"{play_id}.jpg"


def piece_names(pieces: Iterable[dict[str, Any]]) -> list[str]:
    """The FLV files of `Recording.pieces`; only names that have the form of one."""
    names = (str(piece.get("file", "")) for piece in pieces)
    return [name for name in names if PIECE.fullmatch(name)]


def remove_pieces(pieces: Iterable[dict[str, Any]]) -> None:
    for name in piece_names(pieces):
        _remove(recordings_dir() / name)


def remove_made(recording_id: str) -> None:
    """The MP4 and its thumbnail."""
    _remove(mp4_file(recording_id))
    _remove(thumbnail_file(recording_id))


def _remove(path: Path) -> None:
    """Best effort: what is left over, the worker's sweep finds."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s was not deleted: %s", path.name, error.strerror)
