"""What a page sends, as bytes → frozen values. Pure; bounded, and nothing in it is believed.

Byte 0 kind (1 video, 2 audio, 3 config as JSON), byte 1 flags (1 keyframe), bytes 2–9 time in µs.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from bridge.h264 import parse_config

MAX_FRAME_BYTES: Final = 4 * 1024 * 1024
MAX_CONFIG_BYTES: Final = 16 * 1024
MAX_OPUS_BYTES: Final = 4 * 1275 + 64  # RFC 6716, 3.2: 120 ms are a few frames of 1275 bytes
HEAD_BYTES: Final = 10
MAX_TIME_US: Final = 2**53 - 1  # what a page can count exactly
VIDEO, AUDIO, CONFIG = 1, 2, 3
KEYFRAME: Final = 1
SAMPLE_RATES: Final = (8_000, 12_000, 16_000, 24_000, 44_100, 48_000)


class BadFrame(ValueError):
    """The text is one of a few words for the page."""


@dataclass(frozen=True)
class Media:
    kind: int  # VIDEO or AUDIO
    is_keyframe: bool
    time_us: int
    payload: bytes


@dataclass(frozen=True)
class VideoConfig:
    width: int
    height: int
    record: bytes  # AVCDecoderConfigurationRecord


@dataclass(frozen=True)
class AudioConfig:
    """Opus."""

    channels: int


@dataclass(frozen=True)
class Config:
    video: VideoConfig | None
    audio: AudioConfig | None


def parse_frame(data: bytes) -> Media | Config:
    """BadFrame for all else."""
    if len(data) < HEAD_BYTES + 1 or len(data) > MAX_FRAME_BYTES:
        raise BadFrame("size")
    kind, flags = data[0], data[1]
    time_us = int.from_bytes(data[2:10])
    if flags & ~KEYFRAME or time_us > MAX_TIME_US:
        raise BadFrame("head")
    if kind == CONFIG:
        return _parse_config(data[HEAD_BYTES:])
    if kind == AUDIO and len(data) - HEAD_BYTES > MAX_OPUS_BYTES:
        raise BadFrame("size")
    if kind not in (VIDEO, AUDIO):
        raise BadFrame("kind")
    return Media(kind, bool(flags & KEYFRAME), time_us, data[HEAD_BYTES:])


def build_frame(kind: int, time_us: int, payload: bytes, *, keyframe: bool = False) -> bytes:
    return bytes((kind, KEYFRAME if keyframe else 0)) + time_us.to_bytes(8) + payload


def _parse_config(data: bytes) -> Config:
    if len(data) > MAX_CONFIG_BYTES:
        raise BadFrame("config")
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        raise BadFrame("config") from None
    if not isinstance(said, dict):
        raise BadFrame("config")
    video, audio = _video(said.get("video")), _audio(said.get("audio"))
    if video is None and audio is None:
        raise BadFrame("config")
    return Config(video, audio)


def _video(said: Any) -> VideoConfig | None:
    if said is None:
        return None
    match said:
        case {
            "codec": str() as codec,
            "width": int() as width,
            "height": int() as height,
            "description": str() as description,
        } if codec.startswith("avc1.") and 16 <= width <= 4096 and 16 <= height <= 4096:
            pass
        case _:
            raise BadFrame("video")
    try:
        record = base64.b64decode(description, validate=True)
        sets = parse_config(record)
    except (binascii.Error, ValueError):
        raise BadFrame("video") from None
    if not sets.sps or not sets.pps or sets.length_bytes != 4:
        raise BadFrame("video")
    return VideoConfig(width, height, record)


def _audio(said: Any) -> AudioConfig | None:
    match said:
        case None:
            return None
        case {"codec": "opus", "sample_rate": int() as rate, "channels": 1 | 2 as channels} if (
            rate in SAMPLE_RATES
        ):
            return AudioConfig(channels)
        case _:
            raise BadFrame("audio")
