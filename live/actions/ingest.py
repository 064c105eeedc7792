"""What comes in by RTMP, as rows: accepted, sending, lost, refused; its figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from live import events
from live.actions._room import locked
from live.actions.air import do_media_started, do_publisher_lost, do_start_broadcast
from live.lifecycle import RoomState
from live.models import Ingest, Room, User
from live.refusals import refusal

REFUSAL_AGAIN_SECS: Final = 1.0  # an encoder that knocks all the time is not written all the time
OFF_AIR = (RoomState.IDLE.value, RoomState.ENDED.value)


@transaction.atomic
def do_ingest_accepted(
    room: Room,
    client_id: str,
    key_hash: str,
    address: str = "",
    encoder: str = "",
    sender: User | None = None,
) -> Ingest:
    """This connection sends now, whoever did before; off the air → starting. Raises banned.

    `sender`: who sends by WebSocket; None for an encoder.
    """
    fresh = locked(room)
    if fresh.state in OFF_AIR or fresh.state == RoomState.BANNED:
        do_start_broadcast(room)
    ingest, _ = Ingest.objects.update_or_create(
        room=fresh,
        defaults={
            "client_id": client_id[:32],
            "key_hash": key_hash,
            "address": address[:45],
            "encoder": encoder[:100],
            "sender": sender,
            "accepted_at": timezone.now(),
            "media_at": None,
            "seen_at": None,
            "lost_at": None,
            "figures": {},
            "advice": [],
            "refused_at": None,
            "refused_why": "",
        },
    )
    events.publish(events.RoomChanged(fresh.room_id))
    return ingest


@transaction.atomic
def do_ingest_media(
    room: Room, figures: Mapping[str, Any] | None = None, client_id: str | None = None
) -> bool:
    """The first video or audio came: the room is live.

    False: nobody is connected, another than `client_id` is, or the room is off the air.
    """
    fresh = locked(room)
    ingest = Ingest.objects.filter(room=fresh).first()
    if ingest is None or not ingest.is_connected or not fresh.is_on_air:
        return False
    if client_id is not None and ingest.client_id != client_id:
        return False  # taken over meanwhile
    now = timezone.now()
    if ingest.media_at is None:
        ingest.media_at = now
        events.publish(events.RoomChanged(fresh.room_id))
    ingest.seen_at = now
    ingest.figures = dict(figures or ingest.figures)
    ingest.save(update_fields=["media_at", "seen_at", "figures"])
    do_media_started(room, "rtmp")
    return True


@transaction.atomic
def do_ingest_lost(room: Room, client_id: str | None = None, at: datetime | None = None) -> bool:
    """live → interrupted, unless a browser sends. False: that connection is not the one we know."""
    fresh = locked(room)
    ingest = Ingest.objects.filter(room=fresh).first()
    if ingest is None or not ingest.is_connected:
        return False
    if client_id is not None and ingest.client_id != client_id:
        return False  # the late word of one that was taken over
    ingest.lost_at = at or timezone.now()
    ingest.save(update_fields=["lost_at"])
    do_publisher_lost(room, at)
    events.publish(events.RoomChanged(fresh.room_id))
    return True


@transaction.atomic
def do_ingest_refused(room: Room, why: str) -> None:
    """Somebody with the right key was sent away: for the owner's dashboard."""
    now = timezone.now()
    ingest, _ = Ingest.objects.get_or_create(room=room)
    before = ingest.refused_at
    again = before is not None and now - before < timedelta(seconds=REFUSAL_AGAIN_SECS)
    if again and ingest.refused_why == why:
        return
    ingest.refused_at, ingest.refused_why = now, why[:30]
    ingest.save(update_fields=["refused_at", "refused_why"])
    events.publish(events.RoomChanged(room.room_id))


def do_cut_off_sender(user: User, room: Room | None = None) -> None:
    """Who sends by WebSocket may do so no longer, in this room or in any.

    A row without its key's hash is one whose key was changed: the worker drops that publisher.
    """
    sent = Ingest.objects.filter(sender=user, lost_at__isnull=True)
    (sent if room is None else sent.filter(room=room)).update(key_hash="")


@transaction.atomic
def do_set_figures(
    found: Mapping[str, tuple[Mapping[str, Any], list[dict[str, Any]]]],
) -> int:
    """play id → figures and advice; those that send only, and only what changed. How many were."""
    rows = Ingest.objects.filter(room__play_id__in=list(found), lost_at__isnull=True)
    changed, now = [], timezone.now()
    for ingest in rows.exclude(client_id="").select_related("room"):
        figures, advice = found[ingest.room.play_id]
        if (ingest.figures, ingest.advice) != (dict(figures), advice):
            ingest.figures, ingest.advice, ingest.seen_at = dict(figures), advice, now
            changed.append(ingest)
    Ingest.objects.bulk_update(changed, ["figures", "advice", "seen_at"], batch_size=100)
    return len(changed)


def do_adopt_ingest(room: Room, client_id: str, address: str = "", encoder: str = "") -> Ingest:
    """nginx has a publisher that no row tells of. Its key was right when nginx took it in."""
    key = getattr(room, "stream_key", None)
    if key is None:
        raise refusal("room_not_found")
    return do_ingest_accepted(room, client_id, key.lookup_hash, address, encoder)
