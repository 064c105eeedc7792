"""What the OBS card shows beside the key: servers, recommended settings, profiles to load."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from live.encoder_table import KEYFRAME_SECS, TABLE
from live.obs_profile import PRESETS


def obs_words() -> dict[str, Any]:
    """For templates/parts/obs_card.html."""
    return {
        "rtmp_server": settings.RTMP_SERVER,
        "whip_server": f"{settings.PUBLIC_URL}/whip",
        "keyframe_secs": KEYFRAME_SECS,
        "encoder_table": TABLE,
        "obs_presets": PRESETS,
    }
