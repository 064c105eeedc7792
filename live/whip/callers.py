"""Whose request it is: a bearer is a room's stream key or a user's access token, nothing else is.

Cookies prove nothing here, so no page elsewhere can make a browser publish.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.exceptions import APIException
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from live import access
from live.errors import MicroVibeError
from live.lifecycle import RoomState
from live.models import Room, User
from live.refusals import refusal
from live.secrets import hash_key
from live.tries import address_of, count_try, refuse_too_many

MAX_BEARER_CHARS: Final = 4096
SAME_MISTAKE_SECS: Final = 3600


@dataclass(frozen=True)
class Caller:
    """`room`: of whose key it is; None with a token."""

    user: User
    room: Room | None = None


def caller_of(request: HttpRequest) -> Caller | None:
    """None without a bearer. Raises token_invalid, rate_limited, banned."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    bearer = bearer.strip()
    if not scheme:
        return None
    address = address_of(request)
    refuse_too_many("wrong_key_by_address", address)
    found = None
    if scheme.lower() == "bearer" and 0 < len(bearer) <= MAX_BEARER_CHARS:
        found = _of_token(bearer) if bearer.count(".") == 2 else _of_key(bearer)
    if found is None:
        _count_mistake(address, bearer)
        raise MicroVibeError("token_invalid")
    if found.user.is_banned or (found.room and found.room.state == RoomState.BANNED):
        raise refusal("banned")
    return found


def room_to_publish(caller: Caller | None, room_id: str | None) -> Room:
    """`room_id` may be left out with a stream key, which is of one room. Raises MicroVibeError."""
    if caller is None:
        raise refusal("unauthenticated")
    if caller.room is None:
        return access.access_room_to_publish(caller.user, room_id or "")
    if room_id is not None and room_id != caller.room.room_id:
        raise MicroVibeError("token_invalid")  # as for a key of no room
    return caller.room


def _of_key(key: str) -> Caller | None:
    room = access.room_of_stream_key_hash(hash_key(key))
    return Caller(room.owner, room) if room is not None and room.owner.is_active else None


def _of_token(token: str) -> Caller | None:
    jwt = JWTAuthentication()
    try:
        user = jwt.get_user(jwt.get_validated_token(token.encode("utf-8", "replace")))
    except (APIException, TokenError):
        return None
    return Caller(user) if isinstance(user, User) and user.is_active else None


def _count_mistake(address: str, bearer: str) -> None:
    """Guesses count, not one encoder that comes back with a key of yesterday every few seconds."""
    digest = hashlib.sha256(f"{address}\n{bearer}".encode("utf-8", "surrogatepass")).hexdigest()
    if cache.add(f"whip.mistake.{digest[:32]}", 1, SAME_MISTAKE_SECS):
        count_try("wrong_key_by_address", address)
