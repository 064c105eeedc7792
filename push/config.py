"""Settings of the gateway, from the environment; explained in .env.example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


class ConfigError(Exception):
    """Says which setting is wrong and how."""


@dataclass(frozen=True, slots=True)
class Config:
    port: int
    rtmp_host: str
    rtmp_port: int
    secret: str
    hosts: frozenset[str]  # "example.org:8080": pages of these may connect, and of the same host


def read_config(env: Mapping[str, str]) -> Config:
    secret = env.get("INGEST_SECRET", "")
    if len(secret) < 16:
        raise ConfigError("INGEST_SECRET must have at least 16 characters")
    host = env.get("HOST", "") or "127.0.0.1"
    origins = (env.get("PUBLIC_URL", ""), *env.get("CSRF_TRUSTED_ORIGINS", "").split(","))
    return Config(
        port=_number("PUSH_PORT", env.get("PUSH_PORT", ""), 8083),
        rtmp_host="127.0.0.1" if host in ("0.0.0.0", "::") else host,  # noqa: S104 (compared)
        rtmp_port=_number("RTMP_PORT", env.get("RTMP_PORT", ""), 1935),
        secret=secret,
        hosts=frozenset(host_of(origin) for origin in origins if origin.strip()),
    )


def host_of(origin: str) -> str:
    """As in Host; "" for what is none."""
    try:
        parts = urlsplit(origin.strip())
        port = parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    name = parts.netloc.rpartition("@")[2].lower()
    return name.removesuffix(f":{port}") if port is not None and port == usual else name


def _number(name: str, text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 65_535:
        raise ConfigError(f"{name} must be a number from 1 to 65535, not {text[:20]!r}")
    return int(text)
