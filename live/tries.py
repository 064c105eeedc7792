"""How often something may be tried by somebody: counted in the cache, in windows of fixed length.

Wrong passwords count by address (many accounts, one guesser) and by name (one account, many
addresses); new accounts by address. Nothing is counted for those who make no mistake.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from live.address import client_address
from live.refusals import refusal

SECS_OF: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def address_of(request: HttpRequest) -> str:
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    proxies = int(settings.REST_FRAMEWORK["NUM_PROXIES"])
    return client_address(request.META.get("REMOTE_ADDR") or "", forwarded_for, proxies)


def count_try(kind: str, who: str) -> None:
    """One more of `kind` (a name in settings.TRIES) by `who`."""
    rate = _rate(kind)
    if rate is None:
        return
    key, left_secs = _window(kind, who, rate[1])
    cache.add(key, 0, left_secs + 1)
    try:
        cache.incr(key)
    except ValueError:  # it ended just now
        cache.set(key, 1, left_secs + 1)


def refuse_too_many(kind: str, who: str) -> None:
    """Raises rate_limited (data.retry_in_ms) when `who` used up what the window allows."""
    rate = _rate(kind)
    if rate is None:
        return
    most, secs = rate
    key, left_secs = _window(kind, who, secs)
    if int(cache.get(key, 0)) >= most:
        raise refusal("rate_limited", retry_in_ms=left_secs * 1000)


def parse_rate(text: str) -> tuple[int, int] | None:
    """ "20/hour" → (20, 3600); None for no limit. Raises ValueError."""
    if not text.strip():
        return None
    most, slash, unit = text.partition("/")
    if not slash or unit.strip()[:1] not in SECS_OF or int(most) < 1:
        raise ValueError(f"{text!r} is no rate; write for example 20/hour")
    return int(most), SECS_OF[unit.strip()[:1]]


def _rate(kind: str) -> tuple[int, int] | None:
    return parse_rate(settings.TRIES[kind])


def _window(kind: str, who: str, secs: int) -> tuple[str, int]:
    """The key of the running window (no name or address can be read from it), and its rest."""
    now = time.time()
    number = int(now // secs)
    digest = hashlib.sha256(f"{kind}\n{who}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"tries.{number}.{digest}", math.ceil((number + 1) * secs - now)
