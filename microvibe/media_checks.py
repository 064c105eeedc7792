"""System checks of RTMP, HTTP-FLV, HLS and recordings; see checks.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from ingest.nginx import ORIGIN, SECRET

SECRETS = ("INGEST_SECRET", "PLAY_TOKEN_SECRET")
# Those of one machine that must differ; UDP has numbers of its own.
PORTS = (
    *("PORT", "APP_PORT", "FLV_PORT", "PUSH_PORT"),
    *("RTMP_PORT", "RTMP_OUT_PORT", "RTMP_CONTROL_PORT"),
)
TAKEOVERS = ("newest", "oldest")
NOT_NEGATIVE = (
    *("RECORDING_KEEP_DAYS", "RECORDING_QUOTA_GB", "RECORDING_MIN_FREE_GB"),
    "RTMP_REFUSE_AFTER_END_SECS",
)
AT_LEAST_ONE = (
    *("PLAY_TOKEN_SECS", "RTMP_MAX_STREAMS", "RTMP_MAX_STREAMS_PER_USER"),
    "THUMBNAIL_EVERY_SECS",
)


@register(Tags.security)
def check_media_secrets(**kwargs: Any) -> list[CheckMessage]:
    """Where RTMP is on, nginx and we must share two secrets of their own."""
    return list(_bad_secrets()) if settings.RTMP_ENABLED else []


def _bad_secrets() -> Iterator[CheckMessage]:
    seen = {settings.SECRET_KEY, settings.STREAM_KEY_SECRET}
    for name in SECRETS:
        value = getattr(settings, name)
        hint = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        if not SECRET.fullmatch(value) or len(set(value)) < 5:
            text = f"{name} must be 32 or more letters, digits, - and _, and not too plain."
            yield Error(text, hint=hint, id="microvibe.E007")
        elif value in seen:
            text = f"{name} is the same as another secret."
            yield Error(text, hint=hint, id="microvibe.E008")
        seen.add(value)


@register(Tags.compatibility)
def check_media_ports(**kwargs: Any) -> list[CheckMessage]:
    if not settings.RTMP_ENABLED:
        return []
    found: list[CheckMessage] = []
    names: dict[int, str] = {}
    # Without nginx in front of it the app listens on PORT itself.
    for name in PORTS if settings.BEHIND_FRONT else (n for n in PORTS if n != "APP_PORT"):
        port = getattr(settings, name)
        if not 1 <= port <= 65535:
            text = f"{name} must be from 1 to 65535, not {port}."
            found.append(Error(text, id="microvibe.E009"))
        elif port in names:
            text = f"{names[port]} and {name} are both {port}."
            found.append(Error(text, id="microvibe.E009"))
        names.setdefault(port, name)
    return found


@register(Tags.compatibility)
def check_media_words(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.RTMP_TAKEOVER not in TAKEOVERS:
        text = f"RTMP_TAKEOVER is {' or '.join(TAKEOVERS)}, not {settings.RTMP_TAKEOVER[:40]!r}."
        found.append(Error(text, id="microvibe.E010"))
    for origin in settings.PLAYBACK_CORS_ORIGINS:
        if not ORIGIN.fullmatch(origin):
            text = f"PLAYBACK_CORS_ORIGINS: {origin[:80]!r} is not an origin."
            hint = "For example https://www.example.org, without a path; or * for all."
            found.append(Error(text, hint=hint, id="microvibe.E011"))
    return found


@register(Tags.compatibility)
def check_media_limits(**kwargs: Any) -> list[CheckMessage]:
    texts = [
        *(f"{name} must be 0 or more." for name in NOT_NEGATIVE if getattr(settings, name) < 0),
        *(f"{name} must be 1 or more." for name in AT_LEAST_ONE if getattr(settings, name) < 1),
    ]
    return [Error(text, id="microvibe.E012") for text in texts]


EVERY = (check_media_secrets, check_media_ports, check_media_words, check_media_limits)
