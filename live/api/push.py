"""A ticket to broadcast by WebSocket, where WebRTC does not get through."""

from __future__ import annotations

import secrets
import time
from typing import Any, Final

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from live import access, parts
from live.api.auth import person
from live.api.base import ApiView
from live.api.describe import described
from live.api.envelope import ok
from live.models import Room, StreamingMode, StreamKey
from live.refusals import refusal
from push.tokens import TICKET_SECS, build_ticket, key_mark

EXAMPLE: Final = {
    "url": (
        "ws://localhost:8080/push?token=pusht.room_abc123.1.1795276695123.1795276755"
        ".Qm1sKx0pW2c.b3Vyc2VsdmV.ZXhhbXBsZS1zaWduYXR1cg"
    ),
    "token_secs": TICKET_SECS,
}


class PushShape(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="For one connection. Secret.")
    token_secs = serializers.IntegerField(help_text="So long may it be connected to.")


class RoomPushView(ApiView):
    @described(
        "RoomPush",
        "Broadcast by WebSocket: H.264 and Opus as docs/bridge.md says (who may publish)",
        tag="live",
        answer=PushShape(),
        example=EXAMPLE,
        errors=(
            *("room_not_found", "forbidden", "room_not_rtmp", "key_unreadable"),
            *("push_off", "rtmp_down"),
        ),
    )
    def post(self, request: Request, room_id: str) -> Response:
        user = access.access_signed_in(person(request))
        room = access.access_room_to_publish(user, room_id)
        _check(room)
        key = StreamKey.objects.filter(room=room).first()
        if key is None:
            raise refusal("key_unreadable")
        secret = settings.INGEST_SECRET
        mark = key_mark(key.lookup_hash, secret)
        random = secrets.token_bytes(8)
        ticket = build_ticket(room.room_id, user.pk, mark, secret, time.time(), random)
        base = settings.PUBLIC_URL.replace("http", "ws", 1)
        return ok({"url": f"{base}/push?token={ticket}", "token_secs": TICKET_SECS})


def _check(room: Room) -> None:
    if room.streaming_mode == StreamingMode.WEBRTC:
        raise refusal("room_not_rtmp")
    if not (settings.STREAMING_SOCKET_FALLBACK and settings.BEHIND_FRONT):
        raise refusal("push_off")
    if not parts.rtmp_parts().takes_in:
        raise refusal("rtmp_down")
