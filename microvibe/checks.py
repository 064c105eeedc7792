"""System checks: settings that can't work are refused at start, with what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, Warning, register

from live.tries import parse_rate
from microvibe import media_checks
from sfu_relay.config import ConfigError, RelayConfig

MIN_SECRET_CHARS = 32


@register(Tags.compatibility)
def check_sfu(**kwargs: Any) -> list[CheckMessage]:
    """SFU_SERVER_URL is host:port, SFU_MODE and SFU_LOAD_BALANCE_METHOD are known words."""
    try:
        config = RelayConfig(
            enabled=settings.SFU_ENABLED,
            server_url=settings.SFU_SERVER_URL,
            mode=settings.SFU_MODE,
            cluster_nodes=tuple(settings.SFU_CLUSTER_NODES),
            load_balance_method=settings.SFU_LOAD_BALANCE_METHOD,
        )
        _ = config.nodes
    except ConfigError as error:
        return [Error(str(error), hint="See the SFU part of .env.example.", id="microvibe.E001")]
    return []


@register(Tags.security)
def check_secrets(**kwargs: Any) -> list[CheckMessage]:
    return list(_weak_secrets())


def _weak_secrets() -> Iterator[CheckMessage]:
    for name in ("SECRET_KEY", "STREAM_KEY_SECRET"):
        value = getattr(settings, name, "")
        if len(value) < MIN_SECRET_CHARS or len(set(value)) < 5:
            yield Error(
                f"{name} is shorter than {MIN_SECRET_CHARS} characters, or too plain.",
                hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
                id="microvibe.E002",
            )
    if settings.SECRET_KEY == settings.STREAM_KEY_SECRET:
        yield Error(
            "STREAM_KEY_SECRET is the same as SECRET_KEY.",
            hint="Give it a value of its own: else one leak opens sessions and stream keys alike.",
            id="microvibe.E003",
        )


@register(Tags.compatibility)
def check_ice_servers(**kwargs: Any) -> list[CheckMessage]:
    servers = settings.WEBRTC_ICE_SERVERS
    if isinstance(servers, list) and all(isinstance(s, dict) and s.get("urls") for s in servers):
        return []
    hint = 'For example [{"urls": ["stun:stun.example.org:3478"]}].'
    text = 'WEBRTC_ICE_SERVERS must be a JSON list of objects with "urls".'
    return [Error(text, hint=hint, id="microvibe.E004")]


@register(Tags.compatibility)
def check_rates(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name, rate in {**settings.TRIES, **settings.API_THROTTLE_RATES}.items():
        try:
            parse_rate(rate)
        except ValueError as error:
            found.append(Error(f"{name}: {error}.", id="microvibe.E006"))
    return found


@register(Tags.compatibility)
def check_times(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in ("PUBLISHER_GRACE_SECS", "STARTING_TIMEOUT_SECS"):
        if getattr(settings, name) <= 0:
            found.append(Error(f"{name} must be more than 0.", id="microvibe.E005"))
    if settings.PUBLISHER_GRACE_SECS > 600:
        text = "PUBLISHER_GRACE_SECS is over 10 minutes: viewers wait that long for nothing."
        found.append(Warning(text, id="microvibe.W001"))
    return found


def refuse_bad_settings() -> None:
    """For servers, which run no checks of their own: ends the process, saying what to write."""
    ours = (check_sfu, check_secrets, check_ice_servers, check_rates, check_times)
    checks = (*ours, *media_checks.EVERY)
    errors = [found for check in checks for found in check() if found.level >= ERROR]
    if errors:
        sys.exit("\n".join(str(found) for found in errors))
