"""A room's RTMP side over REST: for its owner and staff."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from live import access
from live.api import examples
from live.api.auth import person
from live.api.base import ApiView
from live.api.describe import described
from live.api.envelope import ok
from live.api.serializers import IngestShape
from live.ingest_of import ingest_payload


class RoomIngestView(ApiView):
    @described(
        "RoomIngest",
        "What OBS sends, and what to change in it (the room's owner or staff)",
        tag="live",
        answer=IngestShape(),
        example=examples.INGEST,
        errors=("room_not_found", "forbidden"),
    )
    def get(self, request: Request, room_id: str) -> Response:
        room = access.access_room_to_manage(person(request), room_id)
        return ok(ingest_payload(room, timezone.now()))
