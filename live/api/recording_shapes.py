"""Requests and answers about recordings, and their examples for the description."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from live.api.serializers import UserShape
from live.models import RecordingState, Visibility


class RecordingUpdateRequest(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100, required=False)
    visibility = serializers.ChoiceField(Visibility.choices, required=False)


class ChatQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        min_value=0, max_value=2**62, default=0, help_text="The `next` of the page before."
    )
    limit = serializers.IntegerField(min_value=1, max_value=500, default=200)


class RecordingShape(serializers.Serializer[Any]):
    recording_id = serializers.CharField()
    room_id = serializers.CharField()
    broadcast_id = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    visibility = serializers.ChoiceField(Visibility.choices)
    state = serializers.ChoiceField(RecordingState.choices)
    problem = serializers.CharField(
        allow_null=True, help_text="disk_full, empty, broken, codec, too_long"
    )
    number = serializers.IntegerField(help_text="1, 2 …: a broadcast whose picture changed shape.")
    started_at = serializers.DateTimeField()
    duration_secs = serializers.FloatField()
    size_bytes = serializers.IntegerField()
    width = serializers.IntegerField(help_text="0: sound only.")
    height = serializers.IntegerField()
    views = serializers.IntegerField()
    url = serializers.CharField(allow_null=True, help_text="MP4; null until it is ready.")
    download_url = serializers.CharField(allow_null=True)
    thumbnail_url = serializers.CharField(allow_null=True)
    page_url = serializers.CharField()


class RecordingPage(serializers.Serializer[Any]):
    items = RecordingShape(many=True)
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField()


class SaidShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()
    at = serializers.DateTimeField()
    at_ms = serializers.IntegerField(help_text="Where in the video.")
    user = UserShape()
    by_owner = serializers.BooleanField()


class GivenShape(serializers.Serializer[Any]):
    gift = serializers.CharField()
    emoji = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    count = serializers.IntegerField()
    at = serializers.DateTimeField()
    at_ms = serializers.IntegerField(help_text="Where in the video.")
    user = UserShape()


class ChatPage(serializers.Serializer[Any]):
    items = SaidShape(many=True)
    gifts = GivenShape(many=True, help_text="With the first page only, at most 1000.")
    next = serializers.IntegerField(allow_null=True, help_text="`after` of the next page.")


RECORDING: dict[str, Any] = {
    "recording_id": "rec_4f7kq2",
    "room_id": "room_abc123",
    "broadcast_id": 3,
    "title": "My first broadcast",
    "visibility": "public",
    "state": "ready",
    "problem": None,
    "number": 1,
    "started_at": "2026-11-21T10:00:02.000Z",
    "duration_secs": 3605.2,
    "size_bytes": 958000123,
    "width": 1280,
    "height": 720,
    "views": 12,
    "url": "http://localhost:8080/recordings/rec_4f7kq2.mp4?token=1795276755-E1tNJxert8dGHcOamrQx5Q",
    "download_url": (
        "http://localhost:8080/recordings/rec_4f7kq2.mp4"
        "?token=1795276755-E1tNJxert8dGHcOamrQx5Q&download=1"
    ),
    "thumbnail_url": "http://localhost:8080/replays/rec_4f7kq2.jpg",
    "page_url": "http://localhost:8080/replays/rec_4f7kq2",
}
RECORDING_PAGE = {"items": [RECORDING], "page": 1, "page_size": 20, "total": 1}
CHAT_PAGE = {
    "items": [
        {
            "id": 17,
            "text": "hello",
            "at": "2026-11-21T10:00:05.250Z",
            "at_ms": 3250,
            "user": {"id": 7, "name": "mei"},
            "by_owner": False,
        }
    ],
    "gifts": [],
    "next": None,
}
