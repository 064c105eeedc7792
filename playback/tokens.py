"""Play tokens: who has one may play one thing until it expires. Pure; nginx checks the same ones.

`1795276755-E1tNJxert8dGHcOamrQx5Q`: seconds since 1970 when it expires, and the URL-safe base64 of
MD5("<expires> <name> <secret>"), the only keyed form nginx's secure_link module knows. The secret
stands last and everything before it is ours by form, so neither an extension nor a made-up
collision gives a token (docs/decisions/0006-play-tokens.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

FORM: Final = re.compile(r"([0-9]{10,12})-([A-Za-z0-9_-]{22})", re.ASCII)
NAME: Final = re.compile(r"play_[0-9a-z]{1,40}(?:\.private)?|rec_[0-9a-z]{1,40}", re.ASCII)


def play_name(play_id: str, *, is_private: bool) -> str:
    """What a play token is made for. Another one once the room is private: the addresses that were
    given to everybody before then open nothing."""
    return f"{play_id}.private" if is_private else play_id


def build_token(name: str, secret: str, expires: int) -> str:
    """`name`: of `play_name`, or a recording id. ValueError for any other."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a play or recording id: {name!r}")
    return f"{expires}-{_digest(name, secret, expires)}"


def is_valid(token: str, name: str, secret: str, now: float) -> bool:
    found = FORM.fullmatch(token)
    if found is None or not NAME.fullmatch(name):
        return False
    expires = int(found[1])
    good = hmac.compare_digest(found[2], _digest(name, secret, expires))
    return good and expires >= now


def expiry(now: float, ttl_secs: int) -> int:
    """When a token made now ends: `ttl_secs` from now, or up to half of that later.

    In steps, so that a URL asked for again is the same for a while.
    """
    step = max(1, ttl_secs // 2)
    return (int(now) // step + 1) * step + ttl_secs


def _digest(name: str, secret: str, expires: int) -> str:
    raw = hashlib.md5(f"{expires} {name} {secret}".encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
