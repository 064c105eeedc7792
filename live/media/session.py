"""One SFU session as this process knows it, and who is told about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from live.media.unheard import Unheard
from sfu_relay.events import PeerEvent, Role

if TYPE_CHECKING:
    from sfu_relay.relay import Peer


class SessionOwner(Protocol):
    """A WebSocket connection, or a REST request that waits."""

    def got_media_event(self, session: MediaSession, event: PeerEvent) -> None:
        """Called in the event loop; must not raise and not wait."""

    def got_session_end(self, session: MediaSession, code: str) -> None:
        """The session was closed by us for `code` (a kick, the end of the broadcast …)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose session it is. `user`: {"id", "name"} as others see it; None for guests.
    `via`: "rtmp" when a bridge passes on what they send."""

    participant_id: str | None
    user_id: int | None
    user: dict[str, Any] | None
    via: str = "webrtc"


@dataclass(slots=True, eq=False)
class MediaSession:
    session_id: str
    room_id: str
    role: Role
    person: Person
    owner: SessionOwner | None
    via: str = "browser"
    peer: Peer = field(init=False)
    replaces: tuple[MediaSession, ...] = ()  # closed some time after this one is answered
    opened: bool = False
    answered: bool = False
    connected: bool = False
    offer_id: int | None = None  # of the SFU's newest offer
    closing: bool = False
    tracks_version: int = 0
    refs: dict[str, str | None] = field(default_factory=dict)  # by kind: the newest message's
    unheard: Unheard = field(default_factory=Unheard)
    timer: asyncio.TimerHandle | None = None  # while its WebSocket is away

    def tell(self, event: PeerEvent) -> bool:
        """To the owner, and kept for the one who comes back. False: too much waits for it."""
        fits = self.unheard.got(event, away=self.owner is None)
        if self.owner is not None:
            self.owner.got_media_event(self, event)
        return fits

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
