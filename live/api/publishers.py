"""Whom a room's owner lets publish, over REST."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from live import access, actions
from live.api import examples, shapes
from live.api.auth import person
from live.api.base import ApiView, checked
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import PublisherList, PublisherRequest, PublisherShape
from live.models import User
from live.refusals import refusal


def _user(**which: object) -> User:
    user = User.objects.filter(is_active=True, **which).first()
    if user is None:
        raise refusal("user_not_found")
    return user


class PublisherListView(ApiView):
    @described(
        "PublisherList",
        "Who may publish beside the owner",
        tag="publishers",
        answer=PublisherList(),
        example={"items": [examples.PUBLISHER]},
        errors=("room_not_found", "forbidden"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        allowed = room.publishers.select_related("user").order_by("pk")
        return ok({"items": [shapes.publisher_shape(one) for one in allowed]})

    @described(
        "PublisherAllow",
        "Let somebody publish (the owner alone decides)",
        tag="publishers",
        request=PublisherRequest,
        request_example={"username": "mei"},
        answer=PublisherShape(),
        example=examples.PUBLISHER,
        status=201,
        errors=("bad_json", "invalid", "room_not_found", "user_not_found", "forbidden"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        caller = person(request)
        room = access.access_room_to_own(caller, room_id)
        given = checked(PublisherRequest, request.data)
        user = _user(pk=given["user_id"]) if "user_id" in given else _user(**given)
        return ok(shapes.publisher_shape(actions.do_allow_publisher(room, user, caller)), 201)


class PublisherView(ApiView):
    @described(
        "PublisherDisallow",
        "Let them no longer; what they publish now is cut",
        tag="publishers",
        errors=("room_not_found", "user_not_found", "forbidden"),
    )
    def delete(self, request: Request, room_id: str, user_id: int) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        if not actions.do_disallow_publisher(room, _user(pk=user_id)):
            raise refusal("user_not_found")
        return ok()
