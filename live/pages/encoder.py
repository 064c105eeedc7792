"""What the OBS card shows beside server and key: recommended settings, and the profiles to load."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from live.encoder_table import KEYFRAME_SECS, ROW_OF, TABLE

PRESETS = ("720p30", "1080p30")  # live/pages/views/obs.py makes a profile of each


def obs_words() -> dict[str, Any]:
    """For templates/parts/obs_card.html."""
    return {
        "rtmp_server": settings.RTMP_SERVER,
        "keyframe_secs": KEYFRAME_SECS,
        "encoder_table": TABLE,
        "obs_presets": [ROW_OF[name] for name in PRESETS],
    }
