"""What a browser says of its connection, made harmless: clamped, nothing but numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# name: (highest believable value, whether it is whole)
LIMITS: dict[str, tuple[float, bool]] = {
    "video_bitrate": (1e9, True),  # bit/s
    "audio_bitrate": (1e8, True),  # bit/s
    "packet_loss": (1.0, False),  # ratio
    "jitter": (60_000.0, False),  # ms
    "round_trip_time": (60_000.0, False),  # ms
    "fps": (1_000.0, False),
    "width": (16_384, True),  # px
    "height": (16_384, True),  # px
}


def clean_report(report: Mapping[str, Any]) -> dict[str, float | int]:
    """Known fields only, each within 0 … its limit; what is not a finite number is left out."""
    clean: dict[str, float | int] = {}
    for name, (highest, whole) in LIMITS.items():
        value = report.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if isinstance(value, float) and not math.isfinite(value):
            continue
        clamped = min(max(value, 0), highest)
        clean[name] = int(clamped) if whole else float(clamped)
    return clean
