"""The one exception of the domain; each edge maps it once (status, WebSocket error, close code)."""

from __future__ import annotations

from typing import Any


class MicroVibeError(Exception):
    """A refusal with a stable code.

    code: snake_case, stable, e.g. "room_not_found" (docs/signalling-protocol.md, docs/api.md).
    message: plain words for the user, already translated.
    data: JSON-able extras, e.g. {"retry_in_ms": 800}.
    """

    def __init__(self, code: str, message: str = "", data: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data or {}
