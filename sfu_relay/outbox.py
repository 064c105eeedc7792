"""Events on their way from a peer to the application; kept, bounded, while nobody listens."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from sfu_relay.events import LayerChanged, Lost, Offered, PeerEvent, Refused, TracksChanged

logger = logging.getLogger(__name__)

MAX_KEPT = 64  # events while detached: an answer or offer, and candidates of both transports
OnEvent = Callable[[PeerEvent], None]


class Outbox:
    """Delivers in order, from the event loop, never from inside the call that caused an event."""

    def __init__(self, on_event: OnEvent | None) -> None:
        self._on_event = on_event
        self._events: deque[PeerEvent] = deque()
        self._scheduled = False
        self._closed = False

    @property
    def attached(self) -> bool:
        return self._on_event is not None

    def put(self, event: PeerEvent) -> bool:
        """Returns False when too much waits for a listener that is away."""
        if self._closed:
            return True
        if not self.attached:
            self._drop_outdated(event)
            if len(self._events) >= MAX_KEPT and not isinstance(event, Lost):
                return False
        self._events.append(event)
        self._schedule()
        return True

    def attach(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._schedule()

    def detach(self) -> None:
        self._on_event = None

    def close(self) -> None:
        """Nothing is delivered any more."""
        self._closed = True
        self._events.clear()

    def _drop_outdated(self, event: PeerEvent) -> None:
        """Whoever comes back needs the latest of each kind only."""
        match event:
            case TracksChanged() | Offered():
                kept = [old for old in self._events if type(old) is not type(event)]
            case LayerChanged(stream_id):
                kept = [
                    old
                    for old in self._events
                    if not (isinstance(old, LayerChanged) and old.stream_id == stream_id)
                ]
            case Refused():
                kept = [old for old in self._events if not isinstance(old, Refused)]
            case Lost():
                kept = []
            case _:
                return
        self._events = deque(kept)

    def _schedule(self) -> None:
        if self._scheduled or not self.attached or not self._events:
            return
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        while self._events and self._on_event is not None and not self._closed:
            event = self._events.popleft()
            try:
                self._on_event(event)
            except Exception:  # the application's bug must not end the peer's stream
                logger.exception("an event of a peer could not be handled")
