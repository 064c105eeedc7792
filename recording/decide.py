"""Pure: what nginx should record, against what it does → what to ask it for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recording.pieces import Piece, is_growing

ASK_AGAIN_SECS: Final = 0.4
GIGABYTE: Final = 1_000_000_000
ENOUGH_AGAIN: Final = 1.1  # of the limit must be free before recording goes on: no to and fro


@dataclass(frozen=True)
class Source:
    """A room whose stream `client_id` feeds. `wanted`: its broadcast is to be recorded."""

    play_id: str
    client_id: str
    wanted: bool
    began_at: float  # its broadcast; seconds since 1970
    sound_only: bool = False


@dataclass(frozen=True)
class Written:
    """A piece in the folder. nginx opens it when asked, and writes from the first keyframe on."""

    piece: Piece
    changed_at: float
    size_bytes: int


@dataclass(frozen=True)
class Asked:
    """Our last wish to record a play id. `answered`: with the name of the file."""

    client_id: str
    at: float
    answered: bool


@dataclass(frozen=True)
class Plan:
    start: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()


def plan(
    sources: Iterable[Source],
    newest: Mapping[str, Written],
    asked: Mapping[str, Asked],
    disk_ok: bool,
    now: float,
) -> Plan:
    """Starting what runs and stopping what does not changes nothing, so both may be repeated."""
    wanted = {one.play_id: one for one in sources if one.wanted and disk_ok}
    start, stop = [], []
    for play_id, written in newest.items():
        if not is_growing(written.changed_at, now):
            continue
        source = wanted.get(play_id)
        if source is None or written.piece.opened_at + 1 < source.began_at:
            stop.append(play_id)  # of another broadcast: a piece has one
    for play_id, source in wanted.items():
        if play_id not in stop and _must_start(source, newest.get(play_id), asked, now):
            start.append(play_id)
    return Plan(tuple(start), tuple(stop))


def _must_start(
    source: Source, written: Written | None, asked: Mapping[str, Asked], now: float
) -> bool:
    if written is not None and abs(now - written.piece.opened_at) < 1.5:
        return False  # within the same second it would be the same file, written over
    last = asked.get(source.play_id)
    if last is None or last.client_id != source.client_id:
        return True
    if written is not None and is_growing(written.changed_at, now):
        # No answer: not there yet, or recording already; then it is written to after our question.
        return not (last.answered or written.changed_at > last.at) and _again(last, now)
    return _again(last, now)


def _again(last: Asked, now: float) -> bool:
    return now - last.at >= ASK_AGAIN_SECS


def disk_ok(free_bytes: int, min_free_gb: float, was_ok: bool) -> bool:
    wanted = min_free_gb * GIGABYTE * (1.0 if was_ok else ENOUGH_AGAIN)
    return free_bytes >= wanted
