"""Where a room's broadcasts are passed on to, over REST. Keys go in and never come out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from live import access
from live.actions.restreams import do_add_restream, do_remove_restream, do_update_restream
from live.api.auth import person
from live.api.base import ApiView, checked
from live.api.describe import described
from live.api.envelope import ok
from live.models import RestreamTarget, Room, User
from live.refusals import refusal
from live.restreams import STATES, BadServer, clean_server, restream_shapes

EXAMPLE = {
    "id": 7,
    "name": "Twitch",
    "url": "rtmps://live.example.net/app",
    "enabled": True,
    "has_key": True,
    "state": "live",
    "reason": None,
    "detail": None,
    "since": "2026-11-21T10:00:03.250Z",
    "kbps": 2650,
}


_REQUIRED = serializers.Field.default_error_messages["required"]


class RestreamRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    url = serializers.CharField(max_length=300, help_text="rtmp(s)://server/application")
    key = serializers.RegexField(
        r"^[!-~]{1,500}$", trim_whitespace=True, help_text="The platform's stream key."
    )
    enabled = serializers.BooleanField(required=False)

    def validate_url(self, value: str) -> str:
        try:
            return clean_server(value)
        except BadServer as error:
            raise serializers.ValidationError(str(error)) from None


class RestreamUpdateRequest(RestreamRequest):
    name = serializers.CharField(max_length=60, required=False)
    url = serializers.CharField(max_length=300, required=False)
    key = serializers.RegexField(r"^[!-~]{1,500}$", trim_whitespace=True, required=False)


class RestreamShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    url = serializers.CharField()
    enabled = serializers.BooleanField()
    has_key = serializers.BooleanField()
    state = serializers.ChoiceField(STATES)
    reason = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_null=True, help_text="`reason` in words")
    since = serializers.DateTimeField(allow_null=True)
    kbps = serializers.IntegerField()


class RestreamList(serializers.Serializer[Any]):
    items = RestreamShape(many=True)
    limit = serializers.IntegerField()


class RestreamListView(ApiView):
    @described(
        "RestreamList",
        "Where broadcasts are passed on to, and how that goes",
        tag="restreams",
        answer=RestreamList(),
        example={"items": [EXAMPLE], "limit": 3},
        errors=("room_not_found", "forbidden"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        return ok(
            {"items": restream_shapes(room, _all(room)), "limit": settings.RESTREAM_MAX_TARGETS}
        )

    @described(
        "RestreamCreate",
        "Pass broadcasts on to one more platform",
        tag="restreams",
        request=RestreamRequest,
        request_example={"name": "Twitch", "url": "rtmps://live.example.net/app", "key": "live_1"},
        answer=RestreamShape(),
        example=EXAMPLE | {"state": "off", "since": None, "kbps": 0},
        status=201,
        errors=("bad_json", "invalid", "room_not_found", "forbidden", "too_many_restreams"),
    )
    def post(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_own(person(request), room_id)
        target = do_add_restream(room, **checked(RestreamRequest, request.data))
        return ok(restream_shapes(room, [target])[0], 201)


class RestreamView(ApiView):
    @described(
        "RestreamUpdate",
        "Change one (the owner), another `url` with its `key`; staff may switch it on and off",
        tag="restreams",
        request=RestreamUpdateRequest,
        request_example={"enabled": False},
        answer=RestreamShape(),
        example=EXAMPLE | {"enabled": False, "state": "off", "since": None, "kbps": 0},
        errors=("bad_json", "invalid", "room_not_found", "restream_not_found", "forbidden"),
    )
    def patch(self, request: Request, room_id: str, target_id: int) -> Response:
        caller = person(request)
        room = access.access_room_to_manage(caller, room_id)
        given = checked(RestreamUpdateRequest, request.data)
        if set(given) - {"enabled"} and not _owns(caller, room):
            raise refusal("forbidden")
        target = _one(room, target_id)
        if given.get("url", target.url) != target.url and "key" not in given:
            # Or whoever has the owner's token for a minute has the key sent to a server of theirs.
            raise serializers.ValidationError({"key": [_REQUIRED]})
        target = do_update_restream(target, **given)
        return ok(restream_shapes(room, [target])[0])

    @described(
        "RestreamDelete",
        "Pass nothing on to it any more",
        tag="restreams",
        errors=("room_not_found", "restream_not_found", "forbidden"),
    )
    def delete(self, request: Request, room_id: str, target_id: int) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        do_remove_restream(_one(room, target_id))
        return ok()


def _all(room: Room) -> list[RestreamTarget]:
    return list(room.restream_targets.all())


def _one(room: Room, target_id: int) -> RestreamTarget:
    target = room.restream_targets.filter(pk=target_id).first()
    if target is None:
        raise refusal("restream_not_found")
    return target


def _owns(user: object, room: Room) -> bool:
    return isinstance(user, User) and room.owner_id == user.pk
