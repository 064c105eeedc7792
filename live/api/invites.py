"""Links for guests, over REST."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from live import access, access_guests
from live.actions.invites import do_make_invite, do_revoke_invite
from live.api.auth import person
from live.api.base import ApiView
from live.api.describe import described
from live.api.envelope import ok
from live.api.guest_shapes import INVITE, InviteList, InviteShape, invite_shape


class InviteListView(ApiView):
    @described(
        "InviteList",
        "Links for guests that are open, newest first",
        tag="guests",
        answer=InviteList(),
        example={"items": [INVITE]},
        errors=("room_not_found", "forbidden"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        caller = person(request)
        room = access.access_room_to_manage(caller, room_id)
        links = access_guests.open_links().filter(room=room).select_related("room")
        return ok({"items": [invite_shape(link, caller) for link in links]})

    @described(
        "InviteCreate",
        "Make a link; whoever has it can ask to come on stage",
        tag="guests",
        answer=InviteShape(),
        example=INVITE,
        status=201,
        errors=("room_not_found", "forbidden", "too_many_invites", "room_not_webrtc"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        caller = access.access_signed_in(person(request))
        room = access.access_room_to_manage(caller, room_id)
        link, _ = do_make_invite(room, caller)
        return ok(invite_shape(link, caller), 201)


class InviteView(ApiView):
    @described(
        "InviteRevoke",
        "Revoke a link; guests who came by it stay",
        tag="guests",
        errors=("room_not_found", "invite_not_found", "forbidden"),
    )
    def delete(self, request: Request, room_id: str, invite_id: int) -> Response:
        do_revoke_invite(access_guests.access_invite_to_manage(person(request), room_id, invite_id))
        return ok()
