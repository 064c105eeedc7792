"""The form of every answer: {"code", "message", "data"}; code 0 is success, else a stable word."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

SUCCESS = 0


def ok(data: Any = None, status: int = 200) -> Response:
    return Response({"code": SUCCESS, "message": "success", "data": data}, status=status)


def refused(code: str, message: str, data: dict[str, Any] | None, status: int) -> Response:
    return Response({"code": code, "message": message, "data": data or {}}, status=status)
