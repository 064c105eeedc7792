"""Builds the server's messages: values in, one JSON text out. No I/O here."""

from __future__ import annotations

import json
from typing import Any, Final

_ROOM: Final = (
    *("title", "description", "state", "streaming_mode", "stream_type"),
    *("owner", "broadcast", "ended_reason", "grace_until", "publishing", "replay"),
    "stage",
)
_WELCOME: Final = (
    *("version", "participant_id", "resume", "resumed", "role", "user", "sessions", "room"),
    *("presence", "likes", "ice_servers", "playback", "gifts", "history"),
    *("guest", "guests"),
)

# Of each message: the payload's keys (None: a plain value) and the fields beside the payload.
SHAPES: Final[dict[str, tuple[frozenset[str] | None, frozenset[str]]]] = {
    "welcome": (frozenset(_WELCOME), frozenset()),
    "room": (frozenset(_ROOM), frozenset()),
    "presence": (frozenset({"viewers", "peak"}), frozenset()),
    "user_joined": (frozenset({"participant_id", "user", "role"}), frozenset()),
    "user_left": (frozenset({"participant_id", "user", "role"}), frozenset()),
    "offer": (None, frozenset({"session_id", "offer_id", "target"})),
    "answer": (None, frozenset({"session_id", "target"})),
    "ice": (None, frozenset({"session_id", "target"})),
    "tracks": (frozenset({"tracks"}), frozenset()),
    "layer": (frozenset({"stream_id", "layer", "auto"}), frozenset({"session_id"})),
    "session_lost": (frozenset({"code", "message", "retry_in_ms"}), frozenset({"session_id"})),
    "playback": (frozenset({"rungs", "publish"}), frozenset()),
    "chat": (frozenset({"id", "text", "at", "user", "by_owner"}), frozenset()),
    "chat_deleted": (frozenset({"id"}), frozenset()),
    "like": (frozenset({"count", "total"}), frozenset()),
    "gift": (frozenset({"gift", "emoji", "name", "count", "user", "at"}), frozenset()),
    "guest": (frozenset({"state", "muted", "reason", "from"}), frozenset()),
    "guests": (frozenset({"guests", "max_on_stage"}), frozenset()),
    "pong": (None, frozenset()),
    "error": (frozenset({"code", "message", "about"}), frozenset()),
}
OPTIONAL_FIELDS: Final = frozenset({"ref"})  # of error
OPTIONAL_KEYS: Final = frozenset({"data"})  # of error's payload: {"retry_in_ms": …}


def build(kind: str, room_id: str, payload: Any, **fields: Any) -> str:
    """One frame. `fields`: what stands beside the payload; a None among them is left out."""
    if kind not in SHAPES:
        raise ValueError(f"no such message: {kind}")
    message = {"type": kind, "room_id": room_id}
    message |= {name: value for name, value in fields.items() if value is not None}
    message["payload"] = payload
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str)


def error(
    room_id: str,
    code: str,
    message: str,
    *,
    about: str = "",
    ref: str | None = None,
    session_id: str | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    payload: dict[str, Any] = {"code": str(code), "message": message or str(code), "about": about}
    if data:
        payload["data"] = data
    return build("error", room_id, payload, ref=ref, session_id=session_id)


def problems(message: dict[str, Any]) -> list[str]:
    """How a server message departs from SHAPES; empty when it doesn't (for tests and documents)."""
    kind = message.get("type")
    if kind not in SHAPES:
        return [f"unknown type {kind!r}"]
    keys, fields = SHAPES[kind]
    found = []
    beside = set(message) - {"type", "room_id", "payload"} - OPTIONAL_FIELDS
    if kind == "error":
        beside -= {"session_id"}
    if beside != fields:
        found.append(f"{kind}: beside the payload stand {sorted(beside)}, not {sorted(fields)}")
    if keys is not None:
        payload = message.get("payload")
        if not isinstance(payload, dict):
            found.append(f"{kind}: payload is not an object")
        elif set(payload) - OPTIONAL_KEYS != keys:
            found.append(f"{kind}: payload has {sorted(payload)}, not {sorted(keys)}")
    return found
