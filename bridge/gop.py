"""The pictures since the last keyframe, for a decoder that begins late. Bounded; pure."""

from __future__ import annotations

from typing import Final

from bridge.flv_video import Coded

MOST_PICTURES: Final = 600  # OBS as nobody set it: 250
MOST_BYTES: Final = 8 * 1024 * 1024


class Gop:
    def __init__(self) -> None:
        self._pictures: list[tuple[Coded, int]] = []
        self._bytes = 0

    def push(self, coded: Coded, at_ms: int) -> None:
        """One that grows too long is forgotten whole: its end alone is of no use."""
        if coded.is_key:
            self.clear()
        elif not self._pictures:
            return
        self._pictures.append((coded, at_ms))
        self._bytes += len(coded.data)
        if len(self._pictures) > MOST_PICTURES or self._bytes > MOST_BYTES:
            self.clear()

    def take(self) -> list[tuple[Coded, int]]:
        """All of them; nothing is left."""
        pictures = self._pictures
        self.clear()
        return pictures

    def clear(self) -> None:
        self._pictures, self._bytes = [], 0
