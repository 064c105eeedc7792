"""Who is on the programme of a room: each person once, with what that person began to send last.

Pure; the same for viewers over WebRTC, for HTTP-FLV, HLS and the recording (docs/bridge.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Source:
    """Something that somebody sends. `session_id`: of the SFU; "" for what comes by RTMP."""

    person: int  # a user's primary key
    since: datetime
    session_id: str = ""
    muted: bool = False

    @property
    def by_rtmp(self) -> bool:
        return not self.session_id


def programme(sources: Iterable[Source], owner: int) -> tuple[Source, ...]:
    """The owner first, then the others as they came. Of one person only what began last."""
    newest: dict[int, Source] = {}
    for source in sorted(sources, key=lambda one: one.since):
        newest[source.person] = source
    return tuple(sorted(newest.values(), key=lambda one: (one.person != owner, one.since)))
