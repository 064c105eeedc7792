"""What the rest of the house may ask about the SFU, from any thread."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings

from live.media.service import MediaService

_service: MediaService | None = None  # of this process; set when its event loop has started


def set_service(service: MediaService | None) -> None:
    global _service
    _service = service


def sfu_ok() -> bool:
    """Whether joins would succeed now. Before the first look: whether there is to be an SFU."""
    if not settings.SFU_ENABLED:
        return False
    return _service is None or _service.healthy()


async def sfu_health() -> dict[str, Any]:
    """For /health/ready: {"ok", "enabled", "sessions", "nodes": […]}."""
    report: dict[str, Any] = {
        "ok": sfu_ok(),
        "enabled": bool(settings.SFU_ENABLED),
        "sessions": 0,
        "nodes": [],
    }
    if _service is not None:
        report["sessions"] = len(_service.sessions)
        report["nodes"] = [asdict(node) for node in await _service.relay.node_states()]
    return report
