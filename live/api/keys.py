"""Stream keys over REST: shown to the owner alone."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from live import access, actions
from live.api import examples, shapes
from live.api.auth import person
from live.api.base import ApiView
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import KeyShape


class RoomKeyView(ApiView):
    @described(
        "RoomKey",
        "See the stream key again (the owner alone)",
        tag="live",
        answer=KeyShape(),
        example=examples.KEY,
        errors=("room_not_found", "forbidden", "key_unreadable"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_own(person(request), room_id)
        return ok(shapes.key_shown(room, access.access_stream_key(room.owner, room_id)))


class RoomRotateKeyView(ApiView):
    @described(
        "RoomRotateKey",
        "A new stream key; the old one is void. Staff may rotate it, but are not shown it",
        tag="live",
        answer=KeyShape(),
        example={**examples.KEY, "rotated_at": "2026-11-21T10:00:00.000Z"},
        errors=("room_not_found", "forbidden"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        caller = person(request)
        room = access.access_room_to_manage(caller, room_id)
        shown = shapes.key_shown(room, actions.do_rotate_key(room))
        if caller is None or caller.pk != room.owner_id:
            shown.update(stream_key=None, stream_url=None)
        return ok(shown)
