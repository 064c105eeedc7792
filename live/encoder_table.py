"""What to set in an encoder: keyframes, and the bitrate a picture wants. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KEYFRAME_SECS: Final = 1  # HLS segments can't be shorter, and players start at a keyframe
AUDIO_KBPS: Final = 160
LITTLE: Final = 0.35  # of what is wanted; a still picture needs little in variable bitrate
MUCH: Final = 1.75


@dataclass(frozen=True)
class Row:
    """H.264. `video_kbps`: what we recommend; from `from_kbps` to `to_kbps` is fine, too."""

    width: int
    height: int
    fps: int
    video_kbps: int
    from_kbps: int
    to_kbps: int

    @property
    def name(self) -> str:
        """ "720p30"."""
        return f"{self.height}p{self.fps}"


TABLE: Final = (
    Row(1920, 1080, 60, 6000, 4500, 9000),
    Row(1920, 1080, 30, 4500, 3500, 6000),
    Row(1280, 720, 60, 4500, 3500, 6000),
    Row(1280, 720, 30, 3000, 2500, 4000),
    Row(854, 480, 30, 1500, 1000, 2000),
    Row(640, 360, 30, 800, 500, 1200),
)
ROW_OF: Final = {row.name: row for row in TABLE}
_HIGH_FPS: Final = 40  # from here on the rows for 60 fps
_TALLEST: Final = 1080 * 1.1
_LOWEST: Final = 360 * 0.8


def row_for(width: float, height: float, fps: float) -> Row | None:
    """The row that is nearest to a picture, upright ones too. None: far outside of the table."""
    side = min(width, height)
    if not _LOWEST <= side <= _TALLEST:
        return None
    nearest = min({row.height for row in TABLE}, key=lambda known: abs(known - side))
    rows = [row for row in TABLE if row.height == nearest]
    wanted_fps = 60 if fps > _HIGH_FPS else 30
    return next((row for row in rows if row.fps == wanted_fps), rows[-1])
