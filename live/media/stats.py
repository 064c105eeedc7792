"""One session's figures from both who know: the SFU's counters and the browser's report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BITRATES = ("video_bitrate", "audio_bitrate")  # bit/s
RATIOS_AND_TIMES = ("packet_loss", "jitter", "round_trip_time")  # 0-1, ms, ms


def merge_stats(sfu: Mapping[str, Any] | None, report: Mapping[str, Any]) -> dict[str, float]:
    """The SFU's counters where it has any (they can't be made up), else what the browser says."""
    measured = sfu or {}
    merged: dict[str, float] = {}
    for name in BITRATES:
        merged[name] = round(measured.get(name) or report.get(name) or 0)
    for name in RATIOS_AND_TIMES:
        value = measured.get(name) if measured.get("connected") else None
        if not value:  # 0 from the SFU may mean that it heard nothing of it yet
            value = report.get(name) if report.get(name) is not None else value
        merged[name] = round(float(value or 0.0), 4)
    return merged
