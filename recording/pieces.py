"""Pure: what the names of FLV pieces say, whose they are, and when it is time to make an MP4."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

NAME: Final = re.compile(r"(play_[0-9a-z]{1,40})-([0-9]{9,12})\.flv", re.ASCII)
NAME_SLACK_SECS: Final = 1.0  # the name has whole seconds, cut off
CLOCK_SLACK_SECS: Final = 2.0
# After a broadcast's end until its last piece is believed to be closed: nginx writes each frame
# as it comes, and drops a publisher that is silent for 10 s.
SETTLED_AFTER_SECS: Final = 2.0
GROWING_WITHIN_SECS: Final = 3.0
LONGEST_WAIT_FOR_KEYFRAME_SECS: Final = 30.0


@dataclass(frozen=True)
class Piece:
    """A file that nginx wrote: "play_abc-1795276755.flv"."""

    name: str
    play_id: str
    opened_at: int  # seconds since 1970


@dataclass(frozen=True)
class Span:
    """A broadcast in time; seconds since 1970. `ended_at` None: it goes on."""

    broadcast_pk: int
    started_at: float
    ended_at: float | None


def parse_piece(name: str) -> Piece | None:
    found = NAME.fullmatch(name)
    return Piece(name, found[1], int(found[2])) if found else None


def owner_of(piece: Piece, spans: Iterable[Span]) -> Span | None:
    """The broadcast that had begun last when it was opened.

    Also when that one had just ended: only a recorder that was started for it can have been late.
    """
    begun = [span for span in spans if span.started_at <= piece.opened_at + NAME_SLACK_SECS]
    return max(begun, key=lambda span: span.started_at, default=None)


def is_growing(changed_at: float, now: float) -> bool:
    """Somebody wrote to it just now."""
    return now - changed_at < GROWING_WITHIN_SECS


def is_due(ended_at: float | None, changed_at: Iterable[float], now: float) -> bool:
    """The broadcast is over, and none of its pieces is written to any more."""
    if ended_at is None or now - ended_at < SETTLED_AFTER_SECS:
        return False
    return not any(now - at < SETTLED_AFTER_SECS for at in changed_at)


def first_frame_at(piece: Piece, changed_at: float, duration_secs: float) -> float:
    """When its first frame came, to a fraction of a second.

    The last frame came when the file was last written, so the first one came a length earlier.
    A file that somebody touched since, or with a jump in its timestamps, has only its name.
    """
    found = changed_at - duration_secs
    late = found - piece.opened_at
    if -CLOCK_SLACK_SECS <= late <= LONGEST_WAIT_FOR_KEYFRAME_SECS:
        return found
    return float(piece.opened_at)
