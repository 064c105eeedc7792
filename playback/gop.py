"""What a viewer who joins now is given first: headers, and all since the last keyframe. Pure.

Chunks are shared: the same bytes stand here and in the queues of slow viewers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_FRAMES: Final = 3_000  # 12 s of 60 fps with AAC are 1,300
# OBS's default is up to 8.3 s, x264's 250 frames are 10.4 s at 24 fps. Beyond it a late viewer
# would be kept too far behind by players that never catch up (VLC), so it waits for a keyframe.
MAX_MS: Final = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some whole tags, built once and handed to every viewer."""

    data: bytes
    is_start: bool
    """A viewer may start with it: its first tag is a keyframe, or the stream has no video."""
    frames: int
    """Video frames in it."""
    timestamp_ms: int
    """Of its first tag."""
    made_at: float
    """Monotonic seconds."""


class Gop:
    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self._bytes = 0
        self._frames = 0

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def add(self, chunk: Chunk, *, has_video: bool) -> None:
        if chunk.is_start:
            self.clear()
        elif not self.chunks:
            return  # no keyframe yet, or the group was cut: nothing to start from
        if not has_video:
            return  # sound starts anywhere; a burst of it would only be delay
        self.chunks.append(chunk)
        self._bytes += len(chunk.data)
        self._frames += max(1, chunk.frames)
        length_ms = chunk.timestamp_ms - self.chunks[0].timestamp_ms
        if self._bytes > MAX_BYTES or self._frames > MAX_FRAMES or length_ms > MAX_MS:
            self.clear()

    def clear(self) -> None:
        self.chunks = []
        self._bytes = self._frames = 0
