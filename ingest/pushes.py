"""Which encoders nginx has stopped pushing to `out`. Pure.

A push that is refused there, since a bridge feeds the name, stays connected and is not heard, also
when the bridge has gone (nginx-rtmp 1.2.2: BadName ends nothing). Dropped, it comes again within
`push_reconnect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ingest.stat import Stream

MISSING_SECS: Final = 0.4  # a fresh one takes some milliseconds, a page is asked for each 0.5 s
AGAIN_SECS: Final = 1.5  # push_reconnect is 0.5 s


class Pushes:
    def __init__(self) -> None:
        self._missing_since: dict[str, float] = {}

    def got_page(
        self, sent: Mapping[str, Stream], fed: Mapping[str, Stream], at: float
    ) -> list[str]:
        """Play ids whose push is to be dropped. `sent`: publishers of `live`; `fed`: of `out`;
        `at`: monotonic seconds."""
        self._missing_since = {
            play_id: self._missing_since.get(play_id, at)
            for play_id, stream in sent.items()
            if stream.active and play_id not in fed
        }
        due = [name for name, since in self._missing_since.items() if at - since >= MISSING_SECS]
        for name in due:
            self._missing_since[name] = at + AGAIN_SECS
        return due
