"""A room with at least one connection in this process, and what its connections were told last."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from live.signalling.connection import Connection
from live.signalling.snapshots import Snapshot

FRESH_SECS: Final = 1.5  # each room is read again once a second


@dataclass(eq=False)
class LocalRoom:
    room_id: str
    connections: dict[str, Connection] = field(default_factory=dict)  # by participant id
    last: Snapshot | None = None
    stale: bool = True  # somebody said that it changed
    # When, monotonic. At first: until the channel layer's group is joined changes are not heard of.
    changed_at: float = field(default_factory=time.monotonic)
    presence_due: bool = False  # somebody was told a count by guess
    likes_in: int = 0  # from connections here, not written yet
    likes_out: int = 0  # written by anyone, not told yet
    likes_total: int = 0

    def changed(self) -> None:
        self.stale = True
        self.changed_at = time.monotonic()

    def fresh(self) -> Snapshot | None:
        """What was read last, if it is as good as reading it again; but for who comes and goes."""
        last = self.last
        if last is None or last.taken_at < self.changed_at:
            return None
        return last if time.monotonic() - last.taken_at < FRESH_SECS else None

    def catch_up(self, connection: Connection, told: Snapshot) -> None:
        """`told`: what its welcome said. The others may have been told something newer since."""
        last = self.last
        self.presence_due = True
        if last is None or last is told or last.taken_at <= told.taken_at:
            return
        if last.room != told.room:
            connection.send("room", last.room)
        language = connection.language
        ladder = last.ladders.get(language)
        if ladder is not None and ladder != told.ladders.get(language):
            connection.send("playback", ladder)
