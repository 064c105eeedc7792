"""The permissioned look-ups of guests: who may come by a link, wait, and send.

A guest may know the room (also when it is private) and connect to it as a publisher while invited,
waiting or on stage; may send while on stage. Raises MicroVibeError: unauthenticated, banned,
forbidden, room_not_found, not_on_stage, invite_not_found, guest_removed, already_publisher.
"""

from __future__ import annotations

import re
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from live import access
from live.access import Person, access_room_to_manage, access_room_to_publish, access_signed_in
from live.errors import MicroVibeError
from live.guest_states import PRESENT, GuestState
from live.lifecycle import RoomState
from live.models import Guest, Room, RoomInvite, User
from live.refusals import refusal
from live.secrets import Unreadable, hash_guest_link, open_sealed

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,128}", re.ASCII)


def access_room_to_join(user: Person, room_id: str) -> tuple[Room, Guest | None]:
    """To connect as a publisher. The guest: None for the owner and allowed publishers."""
    try:
        return access_room_to_publish(user, room_id), None
    except MicroVibeError as error:
        if error.code != "forbidden":
            raise
    person = access_signed_in(user)
    found = Guest.objects.select_related("room__owner", "user", "invited_by")
    guest = found.filter(room__room_id=room_id, user=person, state__in=PRESENT).first()
    if guest is None:
        raise refusal("forbidden")
    if guest.room.state == RoomState.BANNED:
        raise refusal("banned")
    return guest.room, guest


def access_room_to_send(user: Person, room_id: str) -> Room:
    """To send media: the owner, allowed publishers, guests on stage."""
    room, guest = access_room_to_join(user, room_id)
    if guest is not None and guest.state != GuestState.ON_STAGE:
        raise refusal("not_on_stage")
    return room


def access_room_as_guest(user: Person, room_id: str) -> Room:
    """The green room of somebody who was invited, waits, or is on stage."""
    room, guest = access_room_to_join(user, room_id)
    if guest is None:
        raise refusal("already_publisher")
    return room


def access_room_by_invite(user: Person, token: str) -> Room:
    """Of a link, for who opens it. Wrong, expired and revoked ones get the same answer."""
    person = access_signed_in(user)
    room = room_of_invite(token)
    if may_publish_anyway(person, room):
        raise refusal("already_publisher")
    guest = guest_of(person, room)
    if guest is not None and guest.state == GuestState.REMOVED:
        raise refusal("guest_removed")
    return room


def room_of_invite(token: str) -> Room:
    """For whoever has the link, signed in or not: its secret is all there is to know."""
    known = TOKEN.fullmatch(token)
    links = open_links().select_related("room__owner")
    link = links.filter(lookup_hash=hash_guest_link(token)).first() if known else None
    if link is None or link.room.owner.is_banned:
        raise refusal("invite_not_found")
    if link.room.state == RoomState.BANNED:
        raise refusal("banned")
    return link.room


def access_guest_to_manage(user: Person, room_id: str, user_id: int) -> tuple[Room, Guest]:
    """For the room's owner, or staff."""
    room = access_room_to_manage(user, room_id)
    guest = room.guests.select_related("user").filter(user_id=user_id).first()
    if guest is None:
        raise refusal("guest_not_found")
    return room, guest


def access_own_guest(user: Person, room_id: str) -> tuple[Room, Guest]:
    """One's own place as a guest, whatever became of it."""
    person = access_signed_in(user)
    found = Guest.objects.select_related("room__owner", "user")
    guest = found.filter(room__room_id=room_id, user=person).first()
    if guest is None:
        access.access_room_to_watch(person, room_id)
        raise refusal("guest_not_found")
    return guest.room, guest


def access_invite_to_manage(user: Person, room_id: str, invite_id: int) -> RoomInvite:
    room = access_room_to_manage(user, room_id)
    link = room.invites.filter(pk=invite_id, revoked_at__isnull=True).first()
    if link is None:
        raise refusal("invite_not_found")
    return link


def invite_token(user: Person, link: RoomInvite) -> str | None:
    """In clear for the room's owner and for who made it; None for others, or under a new secret."""
    if not isinstance(user, User) or user.pk not in (link.room.owner_id, link.created_by_id):
        return None
    try:
        return open_sealed(link.ciphertext)
    except Unreadable:
        return None


def open_links() -> QuerySet[RoomInvite]:
    return RoomInvite.objects.filter(revoked_at__isnull=True, expires_at__gt=timezone.now())


def guest_of(user: Person, room: Room) -> Guest | None:
    if not isinstance(user, User):
        return None
    return Guest.objects.select_related("invited_by").filter(room=room, user=user).first()


def may_publish_anyway(user: User, room: Room) -> bool:
    """The owner and allowed publishers are no guests."""
    return room.owner_id == user.pk or room.publishers.filter(user=user).exists()


def may_send(user_id: int, room_id: str) -> bool:
    """For a connection that was let in as a guest's."""
    try:
        access_room_to_send(User.objects.filter(pk=user_id).first(), room_id)
    except MicroVibeError:
        return False
    return True


def may_put_on_air(user_id: int | None, room: Room) -> bool:
    """A guest's media neither begins a broadcast nor opens one again that has just ended."""
    if user_id is None or user_id == room.owner_id or room.is_on_air:
        return True
    is_guest = Guest.objects.filter(room=room, user_id=user_id).exists()
    return not is_guest or room.publishers.filter(user_id=user_id).exists()
