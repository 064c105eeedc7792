"""Who is counted as one, and how rates are written."""

from __future__ import annotations

import pytest

from live.address import client_address
from live.tries import parse_rate


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "proxies", "expected"),
    [
        ("192.0.2.7", "", 0, "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", 0, "192.0.2.7"),  # made up by the browser
        ("127.0.0.1", "203.0.113.9", 1, "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.9", 1, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 10.0.0.2", 2, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9", 5, "203.0.113.9"),
        ("127.0.0.1", " , ", 1, "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::/64"),
        ("2001:db8:1:2::99", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", 0, "192.0.2.7"),
        ("", "", 0, ""),
        ("127.0.0.1", "x" * 500, 1, "x" * 64),
    ],
)
def test_the_address_that_counts(
    remote: str, forwarded_for: str, proxies: int, expected: str
) -> None:
    assert client_address(remote, forwarded_for, proxies) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20/hour", (20, 3600)), ("3/m", (3, 60)), ("1/day", (1, 86_400)), ("", None), (" ", None)],
)
def test_rates(text: str, expected: tuple[int, int] | None) -> None:
    assert parse_rate(text) == expected


@pytest.mark.parametrize("text", ["20", "x/hour", "0/hour", "5/year", "5/"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rate(text)
