"""What the worker found beside the rooms: how the parts are, and who plays elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from live.access import ON_AIR_STATES, viewers_now
from live.models import Broadcast, Ingest, Part, Room

BEAT_SECS: Final = 3.0  # a part that nobody looked at for three beats is not believed any more


@transaction.atomic
def do_set_part(name: str, ok: bool, detail: str = "") -> bool:
    """Whether anything was written: a change, or the beat that says that somebody looks."""
    now, detail = timezone.now(), detail[:200]
    part = Part.objects.filter(name=name).first()
    if part is None:
        Part.objects.create(name=name, ok=ok, detail=detail)
        return True
    if (part.ok, part.detail) == (ok, detail):
        if now - part.seen_at < timedelta(seconds=BEAT_SECS):
            return False
        Part.objects.filter(name=name).update(seen_at=now)
        return True
    changed_at = now if part.ok != ok else part.changed_at
    Part.objects.filter(name=name).update(ok=ok, detail=detail, seen_at=now, changed_at=changed_at)
    return True


@transaction.atomic
def do_set_outside_viewers(found: Mapping[str, tuple[int, int]]) -> int:
    """play id → (FLV, HLS) players outside our pages; all others have none. How many changed.

    A room on air that never had an encoder gets its row here: a bridge runs for such viewers.
    """
    for room in Room.objects.filter(
        play_id__in=list(found), ingest__isnull=True, state__in=ON_AIR_STATES
    ):
        Ingest.objects.get_or_create(room=room)
    some = Q(flv_viewers__gt=0) | Q(hls_viewers__gt=0) | Q(room__play_id__in=list(found))
    changed = []
    for ingest in Ingest.objects.filter(some).select_related("room"):
        flv, hls = found.get(ingest.room.play_id, (0, 0))
        if (ingest.flv_viewers, ingest.hls_viewers) != (flv, hls):
            ingest.flv_viewers, ingest.hls_viewers = flv, hls
            changed.append(ingest)
    Ingest.objects.bulk_update(changed, ["flv_viewers", "hls_viewers"], batch_size=100)
    for ingest in changed:
        _raise_peak(ingest)
    return len(changed)


def _raise_peak(ingest: Ingest) -> None:
    viewers = viewers_now(ingest.room)
    opened = Broadcast.objects.filter(room=ingest.room, ended_at__isnull=True)
    opened.filter(peak_viewers__lt=viewers).update(peak_viewers=viewers)
