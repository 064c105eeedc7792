"""Whether this process answers (`/health`) and whether all that it needs does (`/health/ready`)."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error, connection
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from live.api.base import ApiView
from live.api.serializers import HealthShape, ReadyShape
from live.models import Room

CHECK_SECS = 2.0
READY_EXAMPLE = {
    "status": "ok",
    "parts": {
        "database": {"ok": True, "detail": "sqlite"},
        "channel_layer": {"ok": True, "detail": "InMemoryChannelLayer"},
        "sfu": {"ok": True, "detail": "answers"},
    },
}


class HealthView(ApiView):
    authentication_classes = ()
    throttle_classes = ()

    @extend_schema(
        operation_id="health",
        summary="This process answers (no envelope)",
        tags=["health"],
        responses=HealthShape,
        examples=[OpenApiExample("success", value={"status": "ok"}, response_only=True)],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(ApiView):
    authentication_classes = ()
    throttle_classes = ()

    @extend_schema(
        operation_id="ready",
        summary="All that this process needs answers (no envelope); 503 when one part does not",
        tags=["health"],
        responses={
            200: OpenApiResponse(ReadyShape, "Every part answers."),
            503: OpenApiResponse(ReadyShape, "`ok` is false for the parts that do not."),
        },
        examples=[OpenApiExample("success", value=READY_EXAMPLE, response_only=True)],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        parts = {"database": _database(), "channel_layer": _channel_layer(), "sfu": _sfu()}
        ready = all(part["ok"] for part in parts.values())
        status = "ok" if ready else "unavailable"
        return Response({"status": status, "parts": parts}, status=200 if ready else 503)


def _part(ok: bool, detail: str) -> dict[str, Any]:
    return {"ok": ok, "detail": detail}


def _database() -> dict[str, Any]:
    try:
        Room.objects.exists()  # not SELECT 1: a database that was never migrated is not ready
    except Error as error:
        return _part(False, type(error).__name__)  # the message may name hosts and users
    return _part(True, connection.vendor)


def _channel_layer() -> dict[str, Any]:
    layer = get_channel_layer()
    if layer is None:
        return _part(False, "not configured")

    async def round_trip() -> None:
        channel = await layer.new_channel("ready.")
        await layer.send(channel, {"type": "ready.ping"})
        await layer.receive(channel)

    async def in_time() -> None:
        await asyncio.wait_for(round_trip(), CHECK_SECS)

    try:
        async_to_sync(in_time)()
    except Exception as error:  # whatever a broker's client raises: it is reported as not ready
        return _part(False, type(error).__name__)
    return _part(True, type(layer).__name__)


def _sfu() -> dict[str, Any]:
    """Media are needed unless they are switched off."""
    if not settings.SFU_ENABLED:
        return _part(True, "switched off")
    from live.media import sfu_ok  # late: it loads gRPC

    return _part(True, "answers") if sfu_ok() else _part(False, "no node answers")
