"""Whether this process answers (`/health`) and whether all that it needs does (`/health/ready`)."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error, connection
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from live import parts
from live.api.base import ApiView
from live.api.serializers import HealthShape, ReadyShape
from live.models import Room

CHECK_SECS = 2.0
CONNECT_SECS = 1.0
# Told only, no reason to take the site away: a full disk stops recording, bridges that can't start
# leave each world to itself, without the gateway of push a studio that lost WebRTC asks for OBS.
NOT_NEEDED = ("disk", "bridge", "push")
BESIDE = ("rtmp", "playback", "worker", "disk", "bridge", "push")
READY_EXAMPLE = {
    "status": "ok",
    "parts": {
        "database": {"ok": True, "detail": "sqlite"},
        "channel_layer": {"ok": True, "detail": "InMemoryChannelLayer"},
        "sfu": {"ok": True, "detail": "answers"},
        "rtmp": {"ok": True, "detail": "answers"},
        "playback": {"ok": True, "detail": "answers"},
        "worker": {"ok": True, "detail": "seen 1 s ago"},
        "disk": {"ok": True, "detail": "41.2 GB free"},
        "bridge": {"ok": True, "detail": "2 running, 0 waiting"},
        "push": {"ok": True, "detail": "answers"},
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
        found = {"database": _database(), "channel_layer": _channel_layer(), "sfu": _sfu()}
        found |= _beside(found["database"]["ok"])
        ready = all(part["ok"] for name, part in found.items() if name not in NOT_NEEDED)
        status = "ok" if ready else "unavailable"
        return Response({"status": status, "parts": found}, status=200 if ready else 503)


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


def _beside(database_ok: bool) -> dict[str, Any]:
    """The processes beside the app: as the worker found them, and whether they answer now.

    Both, because the rows may be some seconds old, or of the run before.
    """
    if not settings.RTMP_ENABLED:
        off = _part(True, "switched off")
        return dict.fromkeys(BESIDE, off)
    if not database_ok:  # which is where the worker writes what it finds
        unknown = _part(False, "unknown")
        return dict.fromkeys(BESIDE, unknown)
    return {
        "rtmp": _process("rtmp", settings.RTMP_CONTROL_PORT),
        "playback": _process("flv", settings.FLV_PORT),
        "worker": _worker(),
        "disk": _part(parts.disk_ok(), _detail("disk") or "enough free"),
        "bridge": _part(parts.bridge_ok(), _detail("bridge") or "not looked at yet"),
        "push": _push(),
    }


def _process(name: str, port: int) -> dict[str, Any]:
    try:
        socket.create_connection(("127.0.0.1", port), CONNECT_SECS).close()
    except OSError:
        return _part(False, "does not answer")
    if name not in parts.parts_now():
        return _part(False, "not looked at yet")
    return _part(parts.is_ok(name), _detail(name) or "answers")


def _push() -> dict[str, Any]:
    if not (settings.STREAMING_SOCKET_FALLBACK and settings.BEHIND_FRONT):
        return _part(True, "switched off")
    return _process("push", settings.PUSH_PORT)


def _worker() -> dict[str, Any]:
    if parts.worker_runs():
        return _part(True, f"seen {parts.worker_silent_for().total_seconds():.0f} s ago")
    return _part(False, "not running")


def _detail(name: str) -> str:
    found = parts.parts_now().get(name)
    return found.detail if found else ""
