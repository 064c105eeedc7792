"""Which publishers are connected and send nothing: a cut cable, a suspended machine. Pure.

nginx drops them after 10 s; viewers shall not look at a still picture for so long. A paused OBS
goes on sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ingest.stat import Stream

SILENT_AFTER_SECS: Final = 4.0  # a jam of a mobile line is mostly shorter
MOST_BETWEEN_SECS: Final = 1.0  # of one page to the next: longer, it is we who were away


@dataclass(frozen=True)
class _Heard:
    client_id: str
    bytes_in: int
    silent_secs: float


class Silence:
    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}
        self._page_at: float | None = None

    def got_page(self, publishers: Mapping[str, Stream], at: float) -> frozenset[str]:
        """The play ids of those who are silent. `at`: monotonic seconds."""
        passed = 0.0 if self._page_at is None else min(at - self._page_at, MOST_BETWEEN_SECS)
        self._page_at = at
        self._heard = {
            play_id: self._next(play_id, stream, passed)
            for play_id, stream in publishers.items()
            if stream.active  # before its first frame nobody waits for the next one
        }
        return frozenset(
            play_id
            for play_id, heard in self._heard.items()
            if heard.silent_secs >= SILENT_AFTER_SECS
        )

    def _next(self, play_id: str, stream: Stream, passed: float) -> _Heard:
        client_id = stream.publisher.client_id if stream.publisher is not None else ""
        before = self._heard.get(play_id)
        if before is None or (before.client_id, before.bytes_in) != (client_id, stream.bytes_in):
            return _Heard(client_id, stream.bytes_in, 0.0)
        return _Heard(client_id, stream.bytes_in, before.silent_secs + passed)
