"""Rooms over REST: make, list, read, change, go on and off the air."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from live import access, actions, views_of
from live.api import examples, shapes
from live.api.auth import person
from live.api.base import ApiView, checked, paged
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import (
    Created,
    PageQuery,
    PlaybackShape,
    RoomCreateRequest,
    RoomPage,
    RoomShape,
    RoomStats,
    RoomUpdateRequest,
)
from live.lifecycle import EndReason
from live.models import Room
from live.stage_of import read_stages
from live.stats import room_stats


def _room_answer(room: Room, status: int = 200) -> Response:
    return ok(shapes.room_shape(room, access.viewers_now(room)), status)


class RoomCreateView(ApiView):
    @described(
        "RoomCreate",
        "Make a room",
        tag="live",
        request=RoomCreateRequest,
        request_example=examples.CREATE_REQUEST,
        answer=Created(),
        example=examples.CREATED,
        status=201,
        errors=("bad_json", "invalid", "too_many_rooms", "too_large", "unsupported_media_type"),
    )
    def post(self, request: Request) -> Response:
        owner = access.access_signed_in(person(request))
        room, key = actions.do_create_room(owner, **checked(RoomCreateRequest, request.data))
        return ok(shapes.created(room, key), 201)


class RoomListView(ApiView):
    @described(
        "RoomList",
        "Public rooms that are live now, most watched first",
        tag="live",
        parameters=[PageQuery],
        answer=RoomPage(),
        example=examples.ROOM_PAGE,
        errors=("invalid",),
        guests=True,
    )
    def get(self, request: Request) -> Response:
        rooms, place = paged(request, access.live_rooms_query())
        read_stages(rooms)
        return ok({"items": [shapes.room_shape(r, r.viewers) for r in rooms], **place})


class RoomMineView(ApiView):
    @described(
        "RoomMine",
        "One's own rooms, newest first",
        tag="live",
        parameters=[PageQuery],
        answer=RoomPage(),
        example=examples.ROOM_PAGE,
        errors=("invalid",),
    )
    def get(self, request: Request) -> Response:
        owner = access.access_signed_in(person(request))
        rooms, place = paged(request, access.rooms_of(owner))
        read_stages(rooms)
        return ok({"items": [shapes.room_shape(r, r.viewers) for r in rooms], **place})


class RoomView(ApiView):
    @described(
        "RoomRead",
        "One room",
        tag="live",
        answer=RoomShape(),
        example=examples.ROOM,
        errors=("room_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, room_id: str) -> Response:
        return _room_answer(access.access_room_to_watch(person(request), room_id))

    @described(
        "RoomUpdate",
        "Change a room (its owner or staff)",
        tag="live",
        request=RoomUpdateRequest,
        request_example={"title": "A better title"},
        answer=RoomShape(),
        example={**examples.ROOM, "title": "A better title"},
        errors=("bad_json", "invalid", "room_not_found", "forbidden", "room_on_air"),
    )
    def patch(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        changes = checked(RoomUpdateRequest, request.data)
        return _room_answer(actions.do_update_room(room, **changes))


class RoomStartView(ApiView):
    @described(
        "RoomStart",
        "Get ready to go live: idle or ended → starting; it is live at the first packet",
        tag="live",
        answer=RoomShape(),
        example={**examples.ROOM, "state": "starting"},
        errors=("room_not_found", "forbidden"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_publish(person(request), room_id)
        return _room_answer(actions.do_start_broadcast(room))


class RoomEndView(ApiView):
    @described(
        "RoomEnd",
        "End the broadcast (the room's owner or staff)",
        tag="live",
        answer=RoomShape(),
        example={**examples.ROOM, "state": "ended", "broadcast": None, "ended_reason": "by_owner"},
        errors=("room_not_found", "forbidden", "not_live"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        caller = person(request)
        room = access.access_room_to_manage(caller, room_id)
        by_owner = caller is not None and caller.pk == room.owner_id
        reason = EndReason.BY_OWNER if by_owner else EndReason.BY_STAFF
        return _room_answer(actions.do_end_broadcast(room, reason))


class RoomStatsView(ApiView):
    @described(
        "RoomStats",
        "Numbers of the broadcast on air, else of the last one",
        tag="live",
        answer=RoomStats(),
        example=examples.STATS,
        errors=("room_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_watch(person(request), room_id)
        return ok(room_stats(room, timezone.now()))


class RoomPlaybackView(ApiView):
    @described(
        "RoomPlayback",
        "Every way to watch and to publish, and why each missing one is missing",
        tag="live",
        answer=PlaybackShape(),
        example=examples.PLAYBACK,
        errors=("room_not_found", "banned"),
        guests=True,
    )
    def get(self, request: Request, room_id: str) -> Response:
        from live.media import sfu_ok  # late: it loads gRPC

        room = access.access_room_to_watch(person(request), room_id)
        return ok(views_of.playback(room, sfu_ok()))
