"""What the jobs of ingest know together: who sends now, and since when. In memory of one worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.figures import Figures
from ingest.reconcile import Row
from ingest.silence import Silence
from ingest.stat import Stream


@dataclass
class Now:
    figures: Figures = field(default_factory=Figures)
    silence: Silence = field(default_factory=Silence)
    streams: Mapping[str, Stream] = field(default_factory=dict)  # nginx's, by play id
    fed: Mapping[str, Stream] = field(default_factory=dict)  # `out`, whoever feeds it
    rows: Mapping[str, Row] = field(default_factory=dict)

    def sending(self) -> list[Stream]:
        """Those with media of rooms that are on the air."""
        return [
            stream
            for play_id, stream in self.streams.items()
            if stream.active and (row := self.rows.get(play_id)) is not None and row.is_connected
        ]
