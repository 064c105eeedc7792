"""What the API says of a room. Only `created` and `key_shown` know the stream key."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from live.models import Room, RoomPublisher, StreamingMode, StreamKey
from live.play_urls import flv_url, hls_url
from live.views_of import iso, room_state, user_payload


def addresses(room: Room) -> dict[str, str | None]:
    """Where a viewer finds the room; null where the mode has no such way. For who may watch it."""
    by_rtmp = room.streaming_mode != StreamingMode.WEBRTC
    by_webrtc = room.streaming_mode != StreamingMode.RTMP
    return {
        "play_url": hls_url(room) if by_rtmp else None,
        "flv_url": flv_url(room) if by_rtmp else None,
        "webrtc_play_url": f"webrtc://room/{room.room_id}" if by_webrtc else None,
    }


def stream_url(room: Room, key: str) -> str | None:
    if room.streaming_mode == StreamingMode.WEBRTC:
        return None
    return f"{settings.RTMP_SERVER}/{key}"


def created(room: Room, key: str) -> dict[str, Any]:
    """The answer to `live/create`, field by field as the first design has it."""
    by_webrtc = room.streaming_mode != StreamingMode.RTMP
    return {
        "id": room.pk,
        "room_id": room.room_id,
        "stream_key": key,
        "stream_url": stream_url(room, key),
        "webrtc_url": f"webrtc://room/{room.room_id}" if by_webrtc else None,
        **addresses(room),
        "streaming_mode": str(room.streaming_mode),
    }


def key_shown(room: Room, key: str) -> dict[str, Any]:
    stored = StreamKey.objects.get(room=room)
    return {
        "room_id": room.room_id,
        "stream_key": key,
        "stream_url": stream_url(room, key),
        "created_at": iso(stored.created_at),
        "rotated_at": iso(stored.rotated_at),
    }


def room_shape(room: Room, viewers: int) -> dict[str, Any]:
    return {
        "id": room.pk,
        "room_id": room.room_id,
        **room_state(room),
        "push_protocol": str(room.push_protocol),
        "visibility": str(room.visibility),
        "record": room.record,
        "layout": str(room.layout),
        "viewers": viewers,
        "likes": room.likes_total,
        "state_changed_at": iso(room.state_changed_at),
        "created_at": iso(room.created_at),
        **addresses(room),
    }


def publisher_shape(allowed: RoomPublisher) -> dict[str, Any]:
    return {"user": user_payload(allowed.user), "added_at": iso(allowed.added_at)}
