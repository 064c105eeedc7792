"""Settings that can't work are refused at start, with an explanation."""

from __future__ import annotations

from typing import Any

import pytest

from microvibe import checks

GOOD = {
    "SFU_ENABLED": True,
    "SFU_SERVER_URL": "sfu.example:5551",
    "SFU_MODE": "standalone",
    "SFU_CLUSTER_NODES": [],
    "SFU_LOAD_BALANCE_METHOD": "roundrobin",
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789",
    "STREAM_KEY_SECRET": "zyxwvutsrqponmlkjihgfedcba9876543210",
    "WEBRTC_ICE_SERVERS": [{"urls": ["stun:stun.example:3478"]}],
    "PUBLISHER_GRACE_SECS": 20.0,
    "STARTING_TIMEOUT_SECS": 120.0,
    "TRIES": {"sign_up_by_address": "20/hour"},
}


@pytest.mark.parametrize(
    ("changes", "complaint", "words"),
    [
        ({}, None, ""),
        ({"SFU_SERVER_URL": "http://localhost:7000"}, "microvibe.E001", "not http"),
        ({"SFU_SERVER_URL": "ws://localhost:7001"}, "microvibe.E001", "not ws"),
        ({"SFU_SERVER_URL": "localhost"}, "microvibe.E001", "host:port"),
        ({"SFU_SERVER_URL": "http://x", "SFU_ENABLED": False}, None, ""),
        ({"SFU_MODE": "solo"}, "microvibe.E001", "SFU_MODE"),
        ({"SFU_MODE": "cluster"}, "microvibe.E001", "SFU_CLUSTER_NODES"),
        ({"SFU_MODE": "cluster", "SFU_CLUSTER_NODES": ["a:1", "b:2"]}, None, ""),
        ({"SFU_LOAD_BALANCE_METHOD": "luck"}, "microvibe.E001", "SFU_LOAD_BALANCE_METHOD"),
        ({"SECRET_KEY": "short"}, "microvibe.E002", "SECRET_KEY"),
        ({"STREAM_KEY_SECRET": "a" * 40}, "microvibe.E002", "STREAM_KEY_SECRET"),
        ({"STREAM_KEY_SECRET": GOOD["SECRET_KEY"]}, "microvibe.E003", "the same"),
        ({"WEBRTC_ICE_SERVERS": ["stun:x"]}, "microvibe.E004", "WEBRTC_ICE_SERVERS"),
        ({"TRIES": {"sign_up_by_address": ""}}, None, ""),
        ({"TRIES": {"sign_up_by_address": "often"}}, "microvibe.E006", "sign_up_by_address"),
        ({"PUBLISHER_GRACE_SECS": 0}, "microvibe.E005", "PUBLISHER_GRACE_SECS"),
        ({"PUBLISHER_GRACE_SECS": 900.0}, "microvibe.W001", "10 minutes"),
    ],
)
def test_settings(
    settings: Any, changes: dict[str, Any], complaint: str | None, words: str
) -> None:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    every = (
        *(checks.check_sfu, checks.check_secrets, checks.check_ice_servers),
        *(checks.check_rates, checks.check_times),
    )
    found = [message for check in every for message in check()]
    assert [message.id for message in found] == ([complaint] if complaint else [])
    assert all(words in message.msg for message in found)
    assert not any(str(GOOD["SECRET_KEY"]) in str(message) for message in found)


def test_a_server_does_not_start_with_bad_settings(settings: Any) -> None:
    for name, value in GOOD.items():
        setattr(settings, name, value)
    checks.refuse_bad_settings()
    settings.PUBLISHER_GRACE_SECS = 900.0  # odd, but it works
    checks.refuse_bad_settings()
    settings.SECRET_KEY = "changeme"
    with pytest.raises(SystemExit, match="SECRET_KEY is shorter"):
        checks.refuse_bad_settings()
