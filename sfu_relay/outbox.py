"""Events on their way from a peer to the application."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from sfu_relay.events import PeerEvent

logger = logging.getLogger(__name__)

OnEvent = Callable[[PeerEvent], None]


class Outbox:
    """Delivers in order, from the event loop, never from inside the call that caused an event."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._events: deque[PeerEvent] = deque()
        self._closed = False

    def put(self, event: PeerEvent) -> None:
        if self._closed:
            return
        if not self._events:
            asyncio.get_running_loop().call_soon(self._flush)
        self._events.append(event)

    def close(self) -> None:
        """Nothing is delivered any more."""
        self._closed = True

    def _flush(self) -> None:
        events, self._events = self._events, deque()
        for event in events:
            if self._closed:
                return
            try:
                self._on_event(event)
            except Exception:  # the application's bug must not end the peer's stream
                logger.exception("an event of a peer could not be handled")
