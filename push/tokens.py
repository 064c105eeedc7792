"""Tokens of broadcasts by WebSocket: who may send into which room. Pure.

A *ticket* opens a WebSocket (`/push?token=…`); a *name* is what nginx is told as the stream's name,
made anew for each RTMP connection. Both carry the same grant and are told apart by their first
word, which the signature covers. A name is a stream key for an hour: neither is ever logged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

TICKET_SECS: Final = 60
# nginx asks within milliseconds. The clocks are one machine's; the app may just be starting again.
NAME_SECS: Final = 60
MAX_CHARS: Final = 200  # nginx-rtmp keeps 256 bytes of a name
FORM: Final = re.compile(
    r"(push[tn])\.([A-Za-z0-9_-]{1,64})\.([0-9]{1,18})\.([0-9]{1,15})\.([0-9]{1,12})"
    r"\.([A-Za-z0-9_-]{11})\.([A-Za-z0-9_-]{11})\.([A-Za-z0-9_-]{22})",
    re.ASCII,
)
_TICKET, _NAME = "pusht", "pushn"


@dataclass(frozen=True)
class Grant:
    """`began_ms`: when the person asked to send by WebSocket (of two ways in, the newer one wins).
    `key_mark`: of the room's stream key as of then: rotating it takes this away as well."""

    room_id: str
    user: int
    began_ms: int
    key_mark: str
    nonce: str
    expires: int


def key_mark(key_hash: str, secret: str) -> str:
    """11 characters that change with the key and tell nothing of it."""
    return _signature(f"key {key_hash}", secret)[:11]


def build_ticket(room_id: str, user: int, mark: str, secret: str, now: float, random: bytes) -> str:
    """`random`: 8 bytes that were never used before."""
    nonce = base64.urlsafe_b64encode(random[:8]).decode().rstrip("=")
    grant = Grant(room_id, user, int(now * 1000), mark, nonce, int(now) + TICKET_SECS)
    return _build(_TICKET, grant, secret)


def build_name(grant: Grant, secret: str, now: float) -> str:
    """A stream name for what the ticket of `grant` opened."""
    fresh = Grant(
        grant.room_id, grant.user, grant.began_ms, grant.key_mark, grant.nonce, int(now) + NAME_SECS
    )
    return _build(_NAME, fresh, secret)


def parse_ticket(token: str, secret: str, now: float) -> Grant | None:
    grant = _parse(_TICKET, token, secret)
    return grant if grant is not None and grant.expires >= now else None


def parse_name(token: str, secret: str, now: float | None = None) -> Grant | None:
    """Without `now` also one that has expired: of a stream that began before."""
    grant = _parse(_NAME, token, secret)
    fresh = grant is not None and (now is None or grant.expires >= now)
    return grant if fresh else None


def is_name(token: str) -> bool:
    """By its form alone. No stream key has a dot."""
    return token.startswith(f"{_NAME}.")


def _build(kind: str, grant: Grant, secret: str) -> str:
    text = ".".join(
        (
            *(kind, grant.room_id, str(grant.user), str(grant.began_ms), str(grant.expires)),
            *(grant.key_mark, grant.nonce),
        )
    )
    token = f"{text}.{_signature(text, secret)}"
    if not FORM.fullmatch(token) or len(token) > MAX_CHARS:
        raise ValueError("not what a token can hold")
    return token


def _parse(kind: str, token: str, secret: str) -> Grant | None:
    if len(token) > MAX_CHARS or not secret:
        return None
    found = FORM.fullmatch(token)
    if found is None or found[1] != kind:
        return None
    text, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature, _signature(text, secret)):
        return None
    return Grant(found[2], int(found[3]), int(found[4]), found[6], found[7], int(found[5]))


def _signature(text: str, secret: str) -> str:
    """128 bits; the word in front keeps it apart from whatever else the secret signs."""
    digest = hmac.new(secret.encode(), b"push " + text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")
