"""The head of an HTTP/1 request, as much of it as we need; and heads of answers. No I/O here."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

MAX_HEAD_BYTES: Final = 8 * 1024
_METHOD: Final = re.compile(rb"[A-Z]{1,20}")
_REASONS: Final = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    503: "Service Unavailable",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


class HeadError(Exception):
    """Not an HTTP/1 request."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    """The first value of each name."""
    origin: str
    """Of the page that asks, empty outside browsers and on our own pages."""
    address: str = ""
    """Of who asks, as the front tells it; empty where nobody stands between."""


def parse_head(head: bytes) -> Request:
    """`head` without the empty line at its end. HeadError: answer 400."""
    line, *fields = head.split(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3 or not _METHOD.fullmatch(parts[0]) or not parts[2].startswith(b"HTTP/1."):
        raise HeadError
    target = parts[1].decode("latin-1")
    path, _, query = target.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise HeadError from None
    known = {b"origin": "", b"x-forwarded-for": ""}
    for field in fields:
        name, _, value = field.partition(b":")
        if name.lower() in known:
            known[name.lower()] = value.strip().decode("latin-1")
    return Request(parts[0].decode(), path, dict(reversed(pairs)), *known.values())


def build_cors(origin: str, allowed: Collection[str]) -> dict[str, str]:
    """`allowed`: origins, or "*" among them. Without a match nothing, which browsers read as no."""
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*"}
    if origin and origin in allowed:
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return {"Vary": "Origin"}


def build_head(status: int, fields: dict[str, str]) -> bytes:
    """Without a length where there is none: the body ends with the connection."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    lines += ["Cache-Control: no-store", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def build_json(status: int, content: object, fields: dict[str, str]) -> bytes:
    body = json.dumps(content).encode()
    given = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return build_head(status, given | fields) + body
