"""Which SFU there is, from the settings: for app processes and for bridges."""

from __future__ import annotations

from django.conf import settings

from sfu_relay.config import RelayConfig


def relay_config() -> RelayConfig:
    """Raises ConfigError; microvibe.checks says so at start."""
    return RelayConfig(
        enabled=settings.SFU_ENABLED,
        server_url=settings.SFU_SERVER_URL,
        mode=settings.SFU_MODE,
        cluster_nodes=tuple(settings.SFU_CLUSTER_NODES),
        load_balance_method=settings.SFU_LOAD_BALANCE_METHOD,
        video_codecs=tuple(name.strip().upper() for name in settings.SFU_VIDEO_CODECS),
    )
