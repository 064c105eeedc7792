"""Settings of RTMP, HLS, HTTP-FLV and recordings that can't work are refused at start."""

from __future__ import annotations

from typing import Any

import pytest

from microvibe.media_checks import EVERY

GOOD = {
    "RTMP_ENABLED": True,
    "BEHIND_FRONT": True,
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789",
    "STREAM_KEY_SECRET": "zyxwvutsrqponmlkjihgfedcba9876543210",
    "INGEST_SECRET": "ingest-abcdefghijklmnopqrstuvwxyz_01",
    "PLAY_TOKEN_SECRET": "play-abcdefghijklmnopqrstuvwxyz_0123",
    "PORT": 8080,
    "APP_PORT": 8081,
    "FLV_PORT": 8082,
    "PUSH_PORT": 8083,
    "RTMP_PORT": 1935,
    "RTMP_OUT_PORT": 1936,
    "RTMP_CONTROL_PORT": 1937,
    "RTMP_TAKEOVER": "newest",
    "PLAYBACK_CORS_ORIGINS": ["*"],
    "RECORDING_KEEP_DAYS": 0,
    "RECORDING_QUOTA_GB": 0.0,
    "RECORDING_MIN_FREE_GB": 2.0,
    "RTMP_REFUSE_AFTER_END_SECS": 30.0,
    "PLAY_TOKEN_SECS": 60,
    "RTMP_MAX_STREAMS": 1,
    "RTMP_MAX_STREAMS_PER_USER": 1,
    "THUMBNAIL_EVERY_SECS": 10.0,
}


@pytest.mark.parametrize(
    ("changes", "complaint", "words"),
    [
        ({}, None, ""),
        ({"INGEST_SECRET": ""}, "microvibe.E007", "INGEST_SECRET"),
        ({"INGEST_SECRET": "short"}, "microvibe.E007", "INGEST_SECRET"),
        ({"PLAY_TOKEN_SECRET": "a" * 40}, "microvibe.E007", "PLAY_TOKEN_SECRET"),
        # It stands in nginx's configuration: nothing there may end the string it is in.
        ({"PLAY_TOKEN_SECRET": 'abcdefgh"; return 200; #' * 2}, "microvibe.E007", "PLAY_TOKEN"),
        ({"PLAY_TOKEN_SECRET": GOOD["INGEST_SECRET"]}, "microvibe.E008", "PLAY_TOKEN_SECRET"),
        ({"INGEST_SECRET": GOOD["SECRET_KEY"]}, "microvibe.E008", "INGEST_SECRET"),
        ({"INGEST_SECRET": "", "RTMP_ENABLED": False}, None, ""),
        ({"FLV_PORT": 8080}, "microvibe.E009", "PORT and FLV_PORT are both 8080"),
        ({"APP_PORT": 8080}, "microvibe.E009", "PORT and APP_PORT"),
        ({"APP_PORT": 8080, "BEHIND_FRONT": False}, None, ""),
        ({"RTMP_OUT_PORT": 1935}, "microvibe.E009", "RTMP_PORT and RTMP_OUT_PORT"),
        ({"RTMP_PORT": 0}, "microvibe.E009", "RTMP_PORT"),
        ({"RTMP_PORT": 8080, "RTMP_ENABLED": False}, None, ""),
        ({"RTMP_TAKEOVER": "last"}, "microvibe.E010", "newest or oldest"),
        ({"PLAYBACK_CORS_ORIGINS": []}, None, ""),
        ({"PLAYBACK_CORS_ORIGINS": ["https://a.example", "http://b:8000"]}, None, ""),
        ({"PLAYBACK_CORS_ORIGINS": ["a.example"]}, "microvibe.E011", "a.example"),
        ({"PLAYBACK_CORS_ORIGINS": ["https://a.example/"]}, "microvibe.E011", "not an origin"),
        ({"PLAYBACK_CORS_ORIGINS": ['https://a"; x']}, "microvibe.E011", "not an origin"),
        ({"RECORDING_QUOTA_GB": -1.0}, "microvibe.E012", "RECORDING_QUOTA_GB"),
        ({"RECORDING_KEEP_DAYS": -1}, "microvibe.E012", "RECORDING_KEEP_DAYS"),
        ({"PLAY_TOKEN_SECS": 0}, "microvibe.E012", "PLAY_TOKEN_SECS"),
    ],
)
def test_settings(
    settings: Any, changes: dict[str, Any], complaint: str | None, words: str
) -> None:
    for name, value in (GOOD | changes).items():
        setattr(settings, name, value)
    found = [message for check in EVERY for message in check()]
    assert [message.id for message in found] == ([complaint] if complaint else [])
    assert all(words in message.msg for message in found)
    assert not any(GOOD["INGEST_SECRET"] in str(message) for message in found)
