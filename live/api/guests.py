"""Guests over REST: come by a link, invite, admit, mute, remove, leave."""

from __future__ import annotations

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from live import access, access_guests
from live.actions.guests import do_move_guest
from live.api.auth import person
from live.api.base import ApiView, checked
from live.api.describe import described
from live.api.envelope import ok
from live.api.guest_shapes import (
    GUEST,
    GUESTS,
    TOKEN,
    GuestDoRequest,
    GuestList,
    GuestRequest,
    GuestShape,
    Joined,
    JoinRequest,
)
from live.guest_states import BY_GUEST, PRESENT, GuestVerb
from live.guests_of import guest_payload, guests_payload, guests_with_presence
from live.models import Guest, User
from live.refusals import refusal
from live.tries import count_try, refuse_too_many

COMING: Final = ("already_publisher", "room_not_webrtc", "guest_removed")


class GuestJoinView(ApiView):
    @described(
        "GuestJoin",
        "Come to the green room by a link",
        tag="guests",
        request=JoinRequest,
        request_example={"token": TOKEN},
        answer=Joined(),
        example={"room_id": "room_abc123", "guest": GUEST},
        errors=("bad_json", "invalid", "invite_not_found", *COMING),
    )
    def post(self, request: Request) -> Response:
        user = access.access_signed_in(person(request))
        token = checked(JoinRequest, request.data)["token"]
        room = access_guests.access_room_by_invite(user, token)
        guest = do_move_guest(room, user, GuestVerb.JOIN)
        return ok({"room_id": room.room_id, "guest": _shown(guest)})


class GuestListView(ApiView):
    @described(
        "GuestList",
        "Who is invited, waits in the green room, or is on stage",
        tag="guests",
        answer=GuestList(),
        example=GUESTS,
        errors=("room_not_found", "forbidden"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        return ok(guests_payload(guests_with_presence().filter(room=room, state__in=PRESENT)))

    @described(
        "GuestInvite",
        "Invite somebody who is in the room now",
        tag="guests",
        request=GuestRequest,
        request_example={"user_id": 7},
        answer=GuestShape(),
        example={**GUEST, "state": "invited", "invited_by": {"id": 1, "name": "demo"}},
        status=201,
        errors=(
            *("bad_json", "invalid", "room_not_found", "user_not_found", "forbidden"),
            *("guest_declined", "already_publisher", "room_not_webrtc"),
        ),
    )
    def post(self, request: Request, room_id: str) -> Response:
        caller = access.access_signed_in(person(request))
        room = access.access_room_to_manage(caller, room_id)
        user_id = checked(GuestRequest, request.data)["user_id"]
        refuse_too_many("invitation_by_owner", str(caller.pk))
        count_try("invitation_by_owner", str(caller.pk))
        user = User.objects.filter(pk=user_id, is_active=True, banned_at__isnull=True).first()
        if user is None:
            raise refusal("user_not_found")
        return ok(_shown(do_move_guest(room, user, GuestVerb.INVITE, caller)), 201)


class GuestView(ApiView):
    @described(
        "GuestDo",
        "Admit, remove, mute, unmute (the owner or staff); ask, decline, leave (of oneself)",
        tag="guests",
        request=GuestDoRequest,
        request_example={"do": "admit"},
        answer=GuestShape(),
        example={**GUEST, "state": "on_stage"},
        errors=(
            *("bad_json", "invalid", "room_not_found", "guest_not_found", "forbidden"),
            *("stage_full", "not_live", "wrong_order", *COMING),
        ),
    )
    def post(self, request: Request, room_id: str, user_id: int) -> Response:
        caller = access.access_signed_in(person(request))
        verb = GuestVerb(checked(GuestDoRequest, request.data)["do"])
        if verb not in BY_GUEST:
            room, guest = access_guests.access_guest_to_manage(caller, room_id, user_id)
        elif user_id != caller.pk:
            access.access_room_to_watch(caller, room_id)
            raise refusal("forbidden")
        else:
            room, guest = access_guests.access_own_guest(caller, room_id)
        return ok(_shown(do_move_guest(room, guest.user, verb, caller)))


def _shown(guest: Guest) -> dict[str, object]:
    """As it is now, with `connected`."""
    return guest_payload(guests_with_presence().get(pk=guest.pk))
