"""Fragments of trickled candidates: RFC 8840's own shape, browsers' ones, and junk."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.whip.sdpfrag import MAX_CANDIDATES, BadFragment, parse_fragment

HOST = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


def test_candidates_of_two_sections() -> None:
    text = (
        "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uY\r\n"
        f"m=audio 9 RTP/AVP 0\r\na=mid:0\r\na={HOST}\r\na=end-of-candidates\r\n"
        f"m=video 9 RTP/AVP 0\r\na=mid:1\r\na={HOST}\r\n"
    )
    fragment = parse_fragment(text)
    assert fragment.ufrag == "EsAw"
    assert fragment.candidates == (
        {"candidate": HOST, "sdpMLineIndex": 0, "sdpMid": "0"},
        {"candidate": HOST, "sdpMLineIndex": 1, "sdpMid": "1"},
    )


def test_without_a_section_it_is_the_first_one() -> None:
    fragment = parse_fragment(f"a=ice-ufrag:EsAw\na={HOST}\n")
    assert fragment.candidates == ({"candidate": HOST, "sdpMLineIndex": 0},)


def test_an_end_alone_is_no_candidate() -> None:
    assert parse_fragment("a=mid:0\r\na=end-of-candidates\r\n").candidates == ()


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "\r\n",
        "junk",
        "a=candidate:\x00",
        "a=ice-ufrag:ü",
        "a=x\r\n" * 10_000,
        f"a={HOST}\n" * (MAX_CANDIDATES + 1),
    ],
)
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(BadFragment):
        parse_fragment(junk)


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(BadFragment):
        parse_fragment(text)
