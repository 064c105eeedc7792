"""Links by which guests come to the green room."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from live import secrets
from live.access_guests import open_links
from live.actions._room import locked
from live.models import Room, RoomInvite, StreamingMode, User
from live.refusals import refusal

MAX_OPEN: Final = 20  # of one room
KEPT_DAYS: Final = 30  # after they expired, for staff to look at


@transaction.atomic
def do_make_invite(room: Room, by: User) -> tuple[RoomInvite, str]:
    """The link and its token in clear. Raises too_many_invites, room_not_webrtc."""
    fresh = locked(room)
    if fresh.streaming_mode == StreamingMode.RTMP:
        raise refusal("room_not_webrtc")
    if open_links().filter(room=fresh).count() >= MAX_OPEN:
        raise refusal("too_many_invites", limit=MAX_OPEN)
    now = timezone.now()
    fresh.invites.filter(expires_at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    token = secrets.new_key()
    link = RoomInvite.objects.create(
        room=fresh,
        lookup_hash=secrets.hash_guest_link(token),
        ciphertext=secrets.seal(token),
        created_by=by,
        created_at=now,
        expires_at=now + timedelta(hours=settings.GUEST_LINK_HOURS),
    )
    return link, token


def do_revoke_invite(link: RoomInvite) -> bool:
    """Nobody else comes by it; those who came stay. False: was revoked already."""
    links = RoomInvite.objects.filter(pk=link.pk, revoked_at__isnull=True)
    return bool(links.update(revoked_at=timezone.now()))
