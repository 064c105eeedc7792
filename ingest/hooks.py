"""A call of nginx as bytes → frozen values. Pure; bounded, and nothing in it is believed yet."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl

MAX_BODY_BYTES: Final = 16_384
MAX_FIELDS: Final = 100
# A request with one of these came through a proxy: its peer is not who asks.
PROXY_HEADERS: Final = ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via")


@dataclass(frozen=True)
class Call:
    name: str  # the stream key: never in a log, a message or a row
    client_id: str
    address: str
    encoder: str


def parse_call(body: bytes) -> Call | None:
    """None: not a form, or too long. What the publisher adds ("key?name=…") comes last: the
    first value of a field is nginx's own."""
    if len(body) > MAX_BODY_BYTES:
        return None
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        return None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    client_id = fields.get("clientid", "")
    if not (client_id.isascii() and client_id.isdigit() and len(client_id) <= 20):
        return None
    return Call(
        fields.get("name", ""),
        client_id,
        _printable(fields.get("addr", ""), 45),
        _printable(fields.get("flashver", ""), 100),
    )


def is_from_here(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_secret(given: str, secret: str) -> bool:
    """Never, while there is no secret."""
    same = hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
    return same and bool(secret)


def _printable(text: str, most: int) -> str:
    return "".join(c for c in text if c.isprintable())[:most]
