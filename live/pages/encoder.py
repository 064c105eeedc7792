"""What the OBS card shows beside server and key: recommended settings, and the profiles to load."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def obs_words() -> dict[str, Any]:
    """For templates/parts/obs_card.html."""
    return {"rtmp_server": settings.RTMP_SERVER, "encoder_table": [], "obs_presets": []}
