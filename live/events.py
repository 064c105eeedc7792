"""What the rest of the house is told after a commit: high-level facts, never frames or SDP.

`publish(event)`: one message per app process, to the group "room.<room_id>" (or "all"):
    {"type": "room.event", "event": {"event": "chat_sent", "room_id": "room_…", "payload": {…}}}
`parse(message["event"])` gives the dataclass back.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

logger = logging.getLogger(__name__)
ALL_GROUP = "all"


@dataclass(frozen=True)
class RoomChanged:
    """State, title, mode … : read the room again."""

    room_id: str


@dataclass(frozen=True)
class PresenceChanged:
    """Counts changed. `joined`/`left`: {"participant_id", "user", "role"}; None for guests."""

    room_id: str
    joined: dict[str, Any] | None = None
    left: dict[str, Any] | None = None


@dataclass(frozen=True)
class ChatSent:
    room_id: str
    payload: dict[str, Any]  # views_of.chat_payload


@dataclass(frozen=True)
class ChatDeleted:
    room_id: str
    id: int


@dataclass(frozen=True)
class GiftSentEvent:
    room_id: str
    payload: dict[str, Any]  # views_of.gift_payload


@dataclass(frozen=True)
class Liked:
    room_id: str
    count: int
    total: int


@dataclass(frozen=True)
class KickSession:
    """Close this SFU session wherever it lives; `code` is the reason told to its browser."""

    room_id: str
    session_id: str
    code: str = "forbidden"


@dataclass(frozen=True)
class PublisherDisallowed:
    """Close this user's publisher connections to the room."""

    room_id: str
    user_id: int


@dataclass(frozen=True)
class GuestChanged:
    """Read the room's guests again. `cut`: close what this user publishes in the room."""

    room_id: str
    user_id: int
    cut: bool = False


@dataclass(frozen=True)
class UserBanned:
    """Close all connections of this user, in every room."""

    user_id: int


Event = (
    RoomChanged
    | PresenceChanged
    | ChatSent
    | ChatDeleted
    | GiftSentEvent
    | Liked
    | KickSession
    | PublisherDisallowed
    | GuestChanged
    | UserBanned
)


def _name_of(kind: type[Any]) -> str:
    """RoomChanged → room_changed, GiftSentEvent → gift_sent."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__.removesuffix("Event")).lower()


_KINDS: dict[str, type[Any]] = {_name_of(kind): kind for kind in Event.__args__}


def room_group(room_id: str) -> str:
    return f"room.{room_id}"


def group_of(event: Event) -> str:
    room_id = getattr(event, "room_id", None)
    return room_group(room_id) if room_id else ALL_GROUP


def build(event: Event) -> dict[str, Any]:
    return {"event": _name_of(type(event)), **asdict(event)}


def parse(message: dict[str, Any]) -> Event | None:
    """None: an event of a newer version of us."""
    fields = dict(message)
    kind = _KINDS.get(fields.pop("event", ""))
    try:
        return kind(**fields) if kind else None
    except TypeError:
        return None


_listeners: list[Callable[[Event], object]] = []


def listen(listener: Callable[[Event], object]) -> Callable[[], None]:
    """Called with what this process publishes, in the thread that does; returns its undo.

    For jobs of the worker, which share no channel layer with app processes on one machine.
    """
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def publish(event: Event) -> None:
    """For actions, in a sync thread. Sent when the transaction commits; at once without one."""
    transaction.on_commit(lambda: _send(event))


_last_complaint_at = 0.0


def _send(event: Event) -> None:
    """Never raises: what was written is written; listeners look at the database now and then."""
    global _last_complaint_at
    try:
        for listener in _listeners:
            listener(event)
        layer = get_channel_layer()
        if layer is not None:
            message = {"type": "room.event", "event": build(event)}
            async_to_sync(layer.group_send)(group_of(event), message)
    except Exception:
        now = time.monotonic()
        if now - _last_complaint_at >= 1.0:
            _last_complaint_at = now
            logger.exception("channel layer: %s was not sent", type(event).__name__)
