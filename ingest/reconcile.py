"""What nginx has × what the rows say → what to do. Pure; done again and again until both agree.

The stat page must have been fetched before the rows were read: then a row is never older than it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.admission import BY_HAND
from ingest.stat import Stream
from live.lifecycle import ON_AIR, RoomState

# An accepted publisher is on the stat page within milliseconds, one who goes off it as well; but
# the row and the page are not read in the same moment.
SETTLING: Final = timedelta(seconds=2)


@dataclass(frozen=True)
class Row:
    """A room as far as it matters here, with its Ingest (client_id "": it has none)."""

    play_id: str
    state: str
    mode: str = "hybrid"
    ended_reason: str = ""
    owner_banned: bool = False
    is_public: bool = True
    private_epoch: int | None = None  # of a private room: which play tokens are good
    wants_video: bool = True
    key_hash_now: str = ""
    client_id: str = ""
    key_hash: str = ""
    accepted_at: datetime | None = None
    media_at: datetime | None = None
    lost_at: datetime | None = None
    sends_webrtc: bool = False  # somebody, of whom a bridge makes RTMP as soon as it is asked for
    bridge_waits: str = ""  # why what comes in by RTMP is not passed on to WebRTC

    @property
    def is_connected(self) -> bool:
        return bool(self.client_id) and self.lost_at is None


# --- Effects ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class MediaSeen:
    play_id: str
    client_id: str


@dataclass(frozen=True)
class Lost:
    play_id: str
    client_id: str


@dataclass(frozen=True)
class DropPublisher:
    play_id: str
    why: str


@dataclass(frozen=True)
class Adopt:
    """nginx has a publisher that the row does not know."""

    play_id: str
    client_id: str
    address: str
    encoder: str


Effect = MediaSeen | Lost | DropPublisher | Adopt


@dataclass(frozen=True)
class Marks:
    """Play ids that may be played now, of them those without a token and those of private rooms,
    these with their epochs as well: "play_a", "play_a.3"."""

    air: frozenset[str]
    open: frozenset[str]
    private: frozenset[str]


def reconcile(
    publishers: Mapping[str, Stream],
    rows: Mapping[str, Row],
    now: datetime,
    silent: Collection[str] = (),
) -> list[Effect]:
    """`publishers`: of nginx's application `live`. Rows by play id. `silent`: see silence.py."""
    effects: list[Effect] = []
    for play_id, stream in publishers.items():
        effects += _sent(stream, rows.get(play_id), now, play_id in silent)
    for row in rows.values():
        if row.is_connected and row.play_id not in publishers and _is_settled(row.accepted_at, now):
            effects.append(Lost(row.play_id, row.client_id))
    return effects


def all_lost(rows: Iterable[Row], now: datetime) -> list[Effect]:
    """nginx does not answer for so long that it must be dead, and all connections with it."""
    return [
        Lost(row.play_id, row.client_id)
        for row in rows
        if row.is_connected and _is_settled(row.accepted_at, now)
    ]


def marks(rows: Iterable[Row]) -> Marks:
    """On air by RTMP: also in the second in which one encoder takes over from another, and where
    the first request starts the bridge."""
    air = [
        row
        for row in rows
        if row.state == RoomState.LIVE and (row.is_connected or row.sends_webrtc)
    ]
    return Marks(
        frozenset(row.play_id for row in air),
        frozenset(row.play_id for row in air if row.is_public),
        frozenset(name for row in air for name in _private_names(row)),
    )


def _private_names(row: Row) -> tuple[str, ...]:
    epoch = row.private_epoch
    return () if epoch is None else (row.play_id, f"{row.play_id}.{epoch}")


def _sent(stream: Stream, row: Row | None, now: datetime, is_silent: bool) -> list[Effect]:
    """Somebody sends this stream; if silent, is lost until something comes again."""
    publisher = stream.publisher
    if publisher is None:
        return []
    if row is None:
        return [DropPublisher(stream.name, "unknown")]
    is_same = bool(row.client_id) and row.client_id == publisher.client_id
    is_known = row.is_connected and is_same
    why = _why_drop(row, is_same)
    if why is not None:
        return [DropPublisher(row.play_id, why)]
    if is_silent:
        return [Lost(row.play_id, row.client_id)] if is_known else []
    if is_known and row.state in ON_AIR:
        is_news = row.media_at is None or row.state != RoomState.LIVE
        return [MediaSeen(row.play_id, row.client_id)] if stream.active and is_news else []
    if is_known and not stream.active:
        return []
    settled = _is_settled(row.accepted_at, now) and _is_settled(row.lost_at, now)
    adopt = Adopt(row.play_id, publisher.client_id, publisher.address, publisher.encoder)
    return [adopt] if is_known or settled else []


def _why_drop(row: Row, is_same: bool) -> str | None:
    if row.state == RoomState.BANNED or row.owner_banned:
        return "banned"
    if row.mode == "webrtc":
        return "mode_webrtc"
    if row.state == RoomState.ENDED and row.ended_reason in BY_HAND:
        return "ended"
    if is_same and row.key_hash != row.key_hash_now:
        return "key_rotated"
    return None


def _is_settled(at: datetime | None, now: datetime) -> bool:
    """A moment in the future is of a clock that was set back: hours of waiting would be wrong."""
    return at is None or not timedelta(0) <= now - at < SETTLING
