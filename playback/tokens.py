"""Play tokens: who has one may play one thing until it expires. Pure; nginx checks the same ones.

`1795276755-E1tNJxert8dGHcOamrQx5Q`: seconds since 1970 when it expires, and the URL-safe base64 of
MD5("<expires> <name> <secret>"), the only keyed form nginx's secure_link module knows. The secret
stands last and everything before it is ours by form, so neither an extension nor a made-up
collision gives a token (docs/decisions/0006-play-tokens.md).

Those of private rooms end in the room's epoch, `….3`, which is in the name too: it goes up when
somebody may know of the room no more, and a mark says which one is good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

FORM: Final = re.compile(r"([0-9]{10,12})-([A-Za-z0-9_-]{22})(?:\.([0-9]{1,9}))?", re.ASCII)
NAME: Final = re.compile(
    r"play_[0-9a-z]{1,40}(?:\.private\.([0-9]{1,9}))?|rec_[0-9a-z]{1,40}", re.ASCII
)


def play_name(play_id: str, epoch: int | None) -> str:
    """What a play token is made for. Another one once the room is private: the addresses that were
    given to everybody before then open nothing. `epoch`: of a private room, None of others."""
    return play_id if epoch is None else f"{play_id}.private.{epoch}"


def epoch_of(token: str) -> int | None:
    """As it says: whether that is true, only `is_valid` knows. None: of no private room."""
    found = FORM.fullmatch(token)
    return int(found[3]) if found is not None and found[3] is not None else None


def build_token(name: str, secret: str, expires: int) -> str:
    """`name`: of `play_name`, or a recording id. ValueError for any other."""
    found = NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"not a play or recording id: {name!r}")
    suffix = "" if found[1] is None else f".{found[1]}"
    return f"{expires}-{_digest(name, secret, expires)}{suffix}"


def is_valid(token: str, name: str, secret: str, now: float) -> bool:
    found = FORM.fullmatch(token)
    named = NAME.fullmatch(name)
    if found is None or named is None or found[3] != named[1]:
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
