"""Addresses of RTMP servers."""

from __future__ import annotations

import pytest

from bridge.rtmp.target import Target, parse_url


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("rtmp://a.example/live/key", Target("a.example", 1935, "live", "key")),
        ("rtmps://a.example/app/key", Target("a.example", 443, "app", "key", True)),
        ("rtmp://a.example:1936/x/y/key?a=1", Target("a.example", 1936, "x/y", "key?a=1")),
        ("rtmp://[::1]:1936/live/key", Target("::1", 1936, "live", "key")),
    ],
)
def test_taken_apart(url: str, target: Target) -> None:
    assert parse_url(url) == target


@pytest.mark.parametrize(
    "url",
    [
        *("", "http://a/live/secret", "rtmp://a", "rtmp://a/secret", "rtmp://a/live/"),
        *("rtmp:///live/secret", "rtmp://me:secret@a/live/x", "rtmp://a:99999/live/secret"),
        *("rtmp://a/live/secret\n", "rtmp://[::1/live/secret", "rtmp://a/live/" + "secret" * 500),
    ],
)
def test_refused_without_naming_the_key(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)


def test_the_key_is_in_no_repr_and_standard_ports_in_no_address() -> None:
    target = parse_url("rtmps://a.example:443/app/secret")
    assert "secret" not in repr(target)
    assert target.app_url == "rtmps://a.example/app"
    assert parse_url("rtmp://[::1]:5/a/b").app_url == "rtmp://[::1]:5/a"
