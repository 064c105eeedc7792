"""Who is in a room. Also keeps the numbers of the open broadcast: peak, total, seconds watched."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from live import events
from live.access import viewers_now
from live.models import Broadcast, Participant, Role, Room, Rung, User
from live.views_of import user_payload
from live.watch_time import watched_secs


@transaction.atomic
def do_join_presence(
    room: Room,
    user: User | None,
    role: str,
    process_id: str,
    participant_id: str | None = None,
) -> Participant:
    """participant_id: whom to go on as; somebody new, when it is not this person in this room."""
    now = timezone.now()
    known = _resumable(room, user, role, participant_id)
    left_at = known.left_at if known else None
    if known is None:
        known = Participant(room=room, user=user, role=role, connected_at=now)
    elif left_at is not None:
        known.connected_at = now
    known.process_id, known.last_seen_at, known.left_at = process_id, now, None
    came = known._state.adding or left_at is not None
    known.save()
    if came:
        _count_in(known, left_at)
        events.publish(events.PresenceChanged(room.room_id, joined=_who(known)))
    return known


def do_touch_presence(process_id: str, participant_ids: Collection[str], now: datetime) -> int:
    """Those of this process that are still there, in one UPDATE; how many were."""
    present = Participant.objects.filter(
        process_id=process_id, participant_id__in=participant_ids, left_at__isnull=True
    )
    return present.update(last_seen_at=now)


def do_set_rung(participant_id: str, rung: str) -> None:
    """Ignored when `rung` is none that we know: it comes from a browser."""
    if rung in Rung.values:
        Participant.objects.filter(participant_id=participant_id).exclude(rung=rung).update(
            rung=rung
        )


def do_leave_presence(participant_id: str, process_id: str | None = None) -> bool:
    """False: had left already, or (process_id given) came back at another process meanwhile."""
    present = Participant.objects.filter(participant_id=participant_id, left_at__isnull=True)
    if process_id is not None:
        present = present.filter(process_id=process_id)
    return any(_leave(pk, timezone.now()) for pk in present.values_list("pk", flat=True))


def do_close_stale_presence(before: datetime) -> int:
    """Those not seen since: their process died. They left when they were last seen."""
    stale = Participant.objects.filter(left_at__isnull=True, last_seen_at__lt=before)
    return sum(_leave(pk, None, before) for pk in list(stale.values_list("pk", flat=True)))


@transaction.atomic
def _leave(pk: int, at: datetime | None, before: datetime | None = None) -> bool:
    present = Participant.objects.select_for_update(of=("self",)).select_related("room", "user")
    gone = present.filter(pk=pk, left_at__isnull=True).first()
    if gone is None or (before is not None and gone.last_seen_at >= before):
        return False
    at = at or gone.last_seen_at
    gone.left_at = at
    _count_out(gone, at)
    gone.save(update_fields=["left_at", "counted_secs"])
    events.publish(events.PresenceChanged(gone.room.room_id, left=_who(gone)))
    return True


def _resumable(
    room: Room, user: User | None, role: str, participant_id: str | None
) -> Participant | None:
    if participant_id is None:
        return None
    mine = Participant.objects.select_for_update(of=("self",))
    return mine.filter(room=room, user=user, role=role, participant_id=participant_id).first()


def _count_in(participant: Participant, left_at: datetime | None) -> None:
    """The first UPDATE also holds the broadcast's row: simultaneous joins see each other."""
    if participant.role != Role.SUBSCRIBER:
        return
    opened = Broadcast.objects.filter(room=participant.room, ended_at__isnull=True)
    back_again = opened.filter(started_at__lte=left_at).exists() if left_at else False
    opened.update(total_viewers=F("total_viewers") + (0 if back_again else 1))
    viewers = viewers_now(participant.room)
    opened.filter(peak_viewers__lt=viewers).update(peak_viewers=viewers)


def _count_out(participant: Participant, at: datetime) -> None:
    if participant.role != Role.SUBSCRIBER:
        return
    broadcast = Broadcast.objects.filter(room=participant.room, ended_at__isnull=True).first()
    if broadcast is None:
        return  # counted when the broadcast was closed
    secs = watched_secs(broadcast.started_at, participant.connected_at, at)
    participant.counted_secs += secs
    Broadcast.objects.filter(pk=broadcast.pk).update(watch_secs=F("watch_secs") + secs)


def _who(participant: Participant) -> dict[str, Any] | None:
    if participant.user is None:
        return None
    return {
        "participant_id": participant.participant_id,
        "user": user_payload(participant.user),
        "role": str(participant.role),
    }
