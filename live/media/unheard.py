"""What the owner of a session must hear when it comes back, the latest of each kind. Pure.

A WebSocket may be dead for seconds before anybody notices: what was sent into it meanwhile counts
as unheard too, if it still matters (the offer that waits, the tracks, the layers).
"""

from __future__ import annotations

from typing import Final

from sfu_relay.events import (
    CandidateFound,
    LayerChanged,
    Offered,
    PeerEvent,
    Refused,
    Target,
    TracksChanged,
)

MAX_KEPT: Final = 64  # an answer, and candidates of both transports


class Unheard:
    def __init__(self) -> None:
        self._tracks: TracksChanged | None = None
        self._offered: Offered | None = None
        self._offer_candidates: list[PeerEvent] = []
        self._layers: dict[str, LayerChanged] = {}
        self._missed: list[PeerEvent] = []

    def got(self, event: PeerEvent, *, away: bool) -> bool:
        """`away`: nobody listens. Returns False when too much waits; then the session is to end."""
        match event:
            case TracksChanged():
                self._tracks = event
                streams = {track.stream_id for track in event.tracks}
                self._layers = {k: v for k, v in self._layers.items() if k in streams}
            case Offered():
                self._offered = event
                self._offer_candidates.clear()
            case LayerChanged(stream_id=stream_id):
                self._layers[stream_id] = event
            case CandidateFound(target=Target.SUBSCRIBER) if self._offered is not None:
                self._offer_candidates.append(event)
            case Refused():
                pass  # about a message of a page that is gone
            case _ if away:
                self._missed.append(event)
        return len(self._missed) + len(self._offer_candidates) <= MAX_KEPT

    def got_answer(self) -> None:
        """The browser answered the SFU's offer: it heard that one and its candidates."""
        self._offered = None
        self._offer_candidates.clear()

    def take(self) -> list[PeerEvent]:
        """All of it, in the order in which a browser needs it."""
        missed, self._missed = self._missed, []
        offered = [] if self._offered is None else [self._offered, *self._offer_candidates]
        tracks = [] if self._tracks is None else [self._tracks]
        return [*missed, *tracks, *offered, *self._layers.values()]
