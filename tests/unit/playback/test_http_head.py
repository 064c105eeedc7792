"""Requests that are read, those that are refused, and who may read answers elsewhere."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.http_head import HeadError, Request, build_cors, build_json, parse_head


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"GET /flv/play_a.flv HTTP/1.1\r\nHost: x", Request("GET", "/flv/play_a.flv", {}, "")),
        (
            b"GET /a?token=1-x&v=page&token=2 HTTP/1.0",
            Request("GET", "/a", {"token": "1-x", "v": "page"}, ""),
        ),
        (
            b"OPTIONS /a? HTTP/1.1\r\nORIGIN:  https://b.example ",
            Request("OPTIONS", "/a", {}, "https://b.example"),
        ),
        (b"HEAD /%70 HTTP/1.1", Request("HEAD", "/%70", {}, "")),
        (
            b"GET /a HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1",
            Request("GET", "/a", {}, "", "192.0.2.1"),
        ),
    ],
)
def test_requests(head: bytes, expected: Request) -> None:
    assert parse_head(head) == expected


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /",
        b"GET / HTTP/2",
        b"get / HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"\x16\x03\x01\x02",  # TLS
        b"GET /?" + b"&".join(b"a=1" for _ in range(30)) + b" HTTP/1.1",
    ],
)
def test_what_is_no_request(head: bytes) -> None:
    with pytest.raises(HeadError):
        parse_head(head)


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda b: b"GET /" + b + b" HTTP/1.1"))
def test_any_bytes(head: bytes) -> None:
    with contextlib.suppress(HeadError):
        parse_head(head)


@pytest.mark.parametrize(
    ("origin", "allowed", "answer"),
    [
        ("https://a.example", ["*"], "*"),
        ("", ["*"], "*"),
        ("https://a.example", ["https://a.example"], "https://a.example"),
        ("https://b.example", ["https://a.example"], None),
        ("", ["https://a.example"], None),
        ("https://a.example", [], None),
    ],
)
def test_cors(origin: str, allowed: list[str], answer: str | None) -> None:
    assert build_cors(origin, allowed).get("Access-Control-Allow-Origin") == answer


def test_json_says_its_length() -> None:
    head, _, body = build_json(404, {"code": "not_on_air"}, {}).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
