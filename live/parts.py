"""How the parts beside the app are (rows of Part, written by the worker), read once a second.

A worker that has been silent for 10 s is said not to run. What it found last still holds for the
rungs: OBS and players go on without it, and a rung that fails costs a viewer one try, a rung that
is hidden costs them the picture. After 30 s nobody is invited to publish by RTMP any more: nothing
that is sent would go live.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from live.ladder import RtmpParts
from live.models import Part

CACHE_SECS: Final = 1.0
SILENT_AFTER: Final = timedelta(seconds=10)
FORGOTTEN_AFTER: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Seen:
    """One part, as it was found."""

    ok: bool
    detail: str
    changed_at: datetime
    seen_at: datetime


_cached: tuple[float, Mapping[str, Seen]] | None = None


def parts_now() -> Mapping[str, Seen]:
    """By name; at most a second old in this process. Empty when the worker never ran."""
    global _cached
    now = time.monotonic()
    if _cached is None or now - _cached[0] >= CACHE_SECS:
        found = {p.name: Seen(p.ok, p.detail, p.changed_at, p.seen_at) for p in Part.objects.all()}
        _cached = (now, found)
    return _cached[1]


def forget_parts() -> None:
    """The next look reads the rows again."""
    global _cached
    _cached = None


def is_ok(name: str) -> bool:
    """As it was found last; false for a part that nobody has looked at."""
    found = parts_now().get(name)
    return found is not None and found.ok


def worker_silent_for(now: datetime | None = None) -> timedelta:
    """timedelta.max: it never ran."""
    found = parts_now().get("worker")
    return timedelta.max if found is None else (now or timezone.now()) - found.seen_at


def worker_runs() -> bool:
    return worker_silent_for() <= SILENT_AFTER


def bridges_run() -> bool:
    """Somebody is there who would start one; as with RTMP, silence is believed for 30 s."""
    found = parts_now().get("bridge")
    return (
        settings.RTMP_ENABLED
        and found is not None
        and found.ok
        and timezone.now() - found.seen_at <= FORGOTTEN_AFTER
        and worker_silent_for() <= FORGOTTEN_AFTER
    )


def rtmp_parts() -> RtmpParts:
    """For the ladders."""
    if not settings.RTMP_ENABLED:
        return RtmpParts()
    rtmp = is_ok("rtmp")
    heard = worker_silent_for() <= FORGOTTEN_AFTER
    return RtmpParts(on=True, rtmp=rtmp, flv=is_ok("flv"), takes_in=rtmp and heard)


def disk_ok() -> bool:
    """False: recording has stopped because the disk is nearly full."""
    found = parts_now().get("disk")
    return found is None or found.ok


def bridge_ok() -> bool:
    """False: their manager can't start them."""
    found = parts_now().get("bridge")
    return found is None or found.ok
