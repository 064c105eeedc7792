"""Where a room's broadcasts are passed on to."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from live.actions._room import locked
from live.models import RestreamTarget, Room
from live.refusals import refusal
from live.secrets import seal


@transaction.atomic
def do_add_restream(
    room: Room, *, name: str, url: str, key: str, enabled: bool = True
) -> RestreamTarget:
    """`url` by live.restreams.clean_server. Raises too_many_restreams."""
    fresh = locked(room)
    if fresh.restream_targets.count() >= settings.RESTREAM_MAX_TARGETS:
        raise refusal("too_many_restreams", limit=settings.RESTREAM_MAX_TARGETS)
    return RestreamTarget.objects.create(
        room=fresh, name=name, url=url, ciphertext=seal(key), enabled=enabled
    )


@transaction.atomic
def do_update_restream(
    target: RestreamTarget,
    *,
    name: str | None = None,
    url: str | None = None,
    key: str | None = None,
    enabled: bool | None = None,
) -> RestreamTarget:
    """What is None stays. A running one goes on with the old address until it is started anew."""
    fresh = RestreamTarget.objects.select_for_update().filter(pk=target.pk).first()
    if fresh is None:
        raise refusal("restream_not_found")
    given = {"name": name, "url": url, "enabled": enabled}
    for field, value in given.items():
        if value is not None:
            setattr(fresh, field, value)
    if key is not None:
        fresh.ciphertext = seal(key)
    fresh.save()
    if url is not None or key is not None:
        fresh.jobs.update(run_id="", pid=None)  # as do_restart_bridge: begins anew
    return fresh


def do_remove_restream(target: RestreamTarget) -> None:
    target.delete()
