"""Settings of the playback process, from the environment; explained in .env.example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DEFAULT_DATA_DIR = Path(__file__).parents[1] / "var"


class ConfigError(Exception):
    """Says which setting is wrong and how."""


@dataclass(frozen=True, slots=True)
class Config:
    media_dir: Path
    flv_port: int
    rtmp_out_port: int
    token_secret: str
    cors_origins: tuple[str, ...]
    max_viewers: int


def read_config(env: Mapping[str, str]) -> Config:
    secret = env.get("PLAY_TOKEN_SECRET", "")
    if len(secret) < 16:
        raise ConfigError("PLAY_TOKEN_SECRET must have at least 16 characters")
    data_dir = env.get("DATA_DIR", "") or str(_DEFAULT_DATA_DIR)
    origins = env.get("PLAYBACK_CORS_ORIGINS", "*").split(",")
    return Config(
        media_dir=Path(data_dir).resolve() / "media",
        flv_port=_number("FLV_PORT", env.get("FLV_PORT", ""), 8082),
        rtmp_out_port=_number("RTMP_OUT_PORT", env.get("RTMP_OUT_PORT", ""), 1936),
        token_secret=secret,
        cors_origins=tuple(origin.strip() for origin in origins if origin.strip()),
        max_viewers=_number("FLV_MAX_VIEWERS", env.get("FLV_MAX_VIEWERS", ""), 5000),
    )


def _number(name: str, text: str, default: int) -> int:
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 65_535:
        raise ConfigError(f"{name} must be a number from 1 to 65535, not {text[:20]!r}")
    return int(text)
