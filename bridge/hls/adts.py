"""AAC frames as MPEG-TS wants them: each behind an ADTS header (ISO/IEC 14496-3, 1.A.2). Pure."""

from __future__ import annotations

from dataclasses import dataclass

RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


@dataclass(frozen=True, slots=True)
class AacConfig:
    """Of an AudioSpecificConfig (1.6.2.1): `object_type` 2 is AAC-LC."""

    object_type: int
    rate_index: int
    channels: int


def parse_config(config: bytes) -> AacConfig:
    """ValueError: not one that an ADTS header can say."""
    if len(config) < 2:
        raise ValueError("no AudioSpecificConfig")
    object_type = config[0] >> 3
    rate_index = (config[0] & 7) << 1 | config[1] >> 7
    channels = config[1] >> 3 & 15
    if object_type == 5:  # HE-AAC said openly: the core below it is AAC-LC
        object_type = 2
    if not 1 <= object_type <= 4 or rate_index >= len(RATES) or not 1 <= channels <= 7:
        raise ValueError("an AAC that ADTS has no words for")
    return AacConfig(object_type, rate_index, channels)


def with_header(config: AacConfig, frame: bytes) -> bytes:
    size = len(frame) + 7
    if size >= 1 << 13:
        raise ValueError("too large a frame")
    return (
        bytes(
            (
                0xFF,
                0xF1,  # MPEG-4, no checksum
                (config.object_type - 1) << 6 | config.rate_index << 2 | config.channels >> 2,
                (config.channels & 3) << 6 | size >> 11,
                size >> 3 & 0xFF,
                (size & 7) << 5 | 0x1F,
                0xFC,
            )
        )
        + frame
    )
