"""Who may come in, and how many pages: a ticket is good once. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from push.config import host_of
from push.tokens import TICKET_SECS, Grant, parse_ticket

MAX_PAGES: Final = 40  # each has a child of some 50 MB
MAX_PAGES_OF_USER: Final = 3


class Doors:
    def __init__(self, secret: str, hosts: Collection[str]) -> None:
        self._secret = secret
        self._hosts = hosts
        self._used: dict[str, float] = {}

    def is_ours(self, origin: str | None, host: str) -> bool:
        """No Origin: not a browser, so nobody's page can have been misled."""
        if origin is None:
            return True
        asked = host_of(origin)
        return bool(asked) and (asked == host.lower() or asked in self._hosts)

    def open(self, ticket: str, now: float) -> Grant | None:
        """None: no ticket of ours, expired, or used before."""
        grant = parse_ticket(ticket, self._secret, now)
        if grant is None or grant.nonce in self._used:
            return None
        self._used = {nonce: at for nonce, at in self._used.items() if now - at <= 2 * TICKET_SECS}
        self._used[grant.nonce] = now
        return grant


def is_full(others: Collection[Grant], grant: Grant) -> bool:
    return (
        len(others) >= MAX_PAGES
        or sum(one.user == grant.user for one in others) >= MAX_PAGES_OF_USER
    )
