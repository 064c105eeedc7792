"""Guests and their links: what requests must look like, what answers do, with examples."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from live.access import Person
from live.access_guests import invite_token
from live.api.serializers import UserShape
from live.guest_states import BY_GUEST, BY_MANAGER, GuestReason, GuestState
from live.models import RoomInvite
from live.play_urls import guest_url
from live.views_of import iso


class JoinRequest(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, help_text="The last part of the link.")


class GuestRequest(serializers.Serializer[Any]):
    user_id = serializers.IntegerField(min_value=1, max_value=2**62)


class GuestDoRequest(serializers.Serializer[Any]):
    do = serializers.ChoiceField([verb.value for verb in (*BY_MANAGER, *BY_GUEST)])


class InviteShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    url = serializers.CharField(allow_null=True, help_text="For the owner and who made it.")
    token = serializers.CharField(allow_null=True, help_text="Secret: whoever has it can ask.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class InviteList(serializers.Serializer[Any]):
    items = InviteShape(many=True)


class GuestShape(serializers.Serializer[Any]):
    user = UserShape()
    state = serializers.ChoiceField([state.value for state in GuestState])
    muted = serializers.BooleanField()
    reason = serializers.ChoiceField([reason.value for reason in GuestReason], allow_null=True)
    since = serializers.DateTimeField(help_text="Of the state.")
    connected = serializers.BooleanField(help_text="Their page is open.")
    invited_by = UserShape(allow_null=True)


class GuestList(serializers.Serializer[Any]):
    guests = GuestShape(many=True, help_text="Invited, waiting, on stage.")
    max_on_stage = serializers.IntegerField()


class Joined(serializers.Serializer[Any]):
    room_id = serializers.CharField()
    guest = GuestShape()


def invite_shape(link: RoomInvite, user: Person) -> dict[str, Any]:
    """`link` with its room."""
    token = invite_token(user, link)
    return {
        "id": link.pk,
        "url": guest_url(token) if token else None,
        "token": token,
        "created_at": iso(link.created_at),
        "expires_at": iso(link.expires_at),
    }


TOKEN: Final = "3q2-7wV0o3Zk5mX1bq8sT4uYcN6hRjLpA9dEfGiHkJM"  # noqa: S105  (nobody's)
INVITE: Final[dict[str, Any]] = {
    "id": 4,
    "url": f"http://localhost:8080/guest/{TOKEN}",
    "token": TOKEN,
    "created_at": "2026-11-21T09:50:00.000Z",
    "expires_at": "2026-11-22T09:50:00.000Z",
}
GUEST: Final[dict[str, Any]] = {
    "user": {"id": 7, "name": "mei"},
    "state": "waiting",
    "muted": False,
    "reason": None,
    "since": "2026-11-21T10:00:00.000Z",
    "connected": True,
    "invited_by": None,
}
GUESTS: Final[dict[str, Any]] = {"guests": [GUEST], "max_on_stage": 5}
