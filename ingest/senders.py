"""Who a stream's name lets in: whoever has the room's key, or a person who sends by WebSocket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

from live import access
from live.errors import MicroVibeError
from live.models import Room, User
from live.secrets import hash_key
from push.tokens import Grant, is_name, key_mark, parse_name

BROWSER: Final = "browser"  # what Ingest.encoder says of them


@dataclass(frozen=True)
class Sender:
    """`user`: who sends by WebSocket, since `began`. None: an encoder with the key."""

    room: Room
    key_hash: str
    user: User | None = None
    began: datetime | None = None


def sender_of(name: str) -> Sender | None:
    """None: nobody may send under this name."""
    if is_name(name):
        grant = parse_name(name, settings.INGEST_SECRET, timezone.now().timestamp())
        return _page(grant) if grant is not None else None
    key_hash = hash_key(name)
    room = access.room_of_stream_key_hash(key_hash)
    return Sender(room, key_hash) if room is not None else None


def room_id_of(name: str) -> str | None:
    """Of a page's stream, which may have begun long ago. None: it is an encoder's."""
    grant = parse_name(name, settings.INGEST_SECRET)
    return grant.room_id if grant is not None else None


def _page(grant: Grant) -> Sender | None:
    """Asked anew each time: they may be banned by now, no longer allowed, or the key rotated."""
    if not settings.STREAMING_SOCKET_FALLBACK:
        return None
    user = User.objects.filter(pk=grant.user, is_active=True).first()
    try:
        pk = access.access_room_to_publish(user, grant.room_id).pk
    except MicroVibeError:
        return None
    room = Room.objects.select_related("owner", "stream_key", "ingest").get(pk=pk)
    key = getattr(room, "stream_key", None)
    if key is None or key_mark(key.lookup_hash, settings.INGEST_SECRET) != grant.key_mark:
        return None
    began = datetime.fromtimestamp(grant.began_ms / 1000, UTC)
    return Sender(room, key.lookup_hash, user, began)
