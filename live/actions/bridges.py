"""Rows of bridges and of their sessions at the SFU, as their manager finds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from live import events
from live.models import BridgeJob, Role, Room, SessionState, SfuSession, User, Via

BRIDGE_PROCESS: Final = "bridge"  # process id of sessions that no app process has
SHOWN: Final = ("state", "reason", "session_id")  # what pages of the room may hear of


@dataclass(frozen=True)
class BridgeNow:
    """One job, as its manager knows it."""

    key: str
    room_id: str
    kind: str
    mode: str
    state: str
    reason: str
    since: datetime
    target_id: int | None = None
    run_id: str = ""
    pid: int | None = None
    session_id: str = ""
    starts: int = 0
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BridgeSession:
    """A bridge's publisher session at the SFU."""

    session_id: str
    room_id: str
    person: int  # whose encoder it is: a user's primary key
    connected: bool  # media flows


@transaction.atomic
def do_set_bridges(found: Collection[BridgeNow], gone: Collection[str] = ()) -> int:
    """Writes these rows and deletes those of keys that are `gone`. How many rooms were told."""
    now = timezone.now()
    rows = {row.key: row for row in _rows({one.key for one in found} | set(gone))}
    rooms = {room.room_id: room for room in _rooms({one.room_id for one in found})}
    told: set[str] = set()
    for one in found:
        if one.room_id not in rooms:
            continue  # deleted meanwhile
        row = rows.get(one.key)
        if row is None or _is_news(row, one):
            told.add(one.room_id)
        _write(row or BridgeJob(key=one.key, room=rooms[one.room_id]), one, now)
    for key in gone:
        if key in rows:
            rows[key].delete()
            told.add(rows[key].room.room_id)
    for room_id in told:
        events.publish(events.RoomChanged(room_id))
    return len(told)


def _rows(keys: Collection[str]) -> Collection[BridgeJob]:
    return BridgeJob.objects.filter(key__in=keys).select_related("room")


def _rooms(room_ids: Collection[str]) -> Collection[Room]:
    return Room.objects.filter(room_id__in=room_ids).select_related("owner")


def _is_news(row: BridgeJob, one: BridgeNow) -> bool:
    """Viewers hear of WebRTC through a bridge and of HLS's qualities, the owner why not."""
    if row.figures.get("qualities") != one.figures.get("qualities"):
        return True
    return any(getattr(row, name) != getattr(one, name) for name in SHOWN)


def _write(row: BridgeJob, one: BridgeNow, now: datetime) -> None:
    if one.state != "running":
        row.running_at = None
    elif row.running_at is None or row.run_id != one.run_id:
        row.running_at = now
    row.kind, row.mode, row.state, row.reason = one.kind, one.mode, one.state, one.reason
    row.target_id, row.run_id, row.pid = one.target_id, one.run_id, one.pid
    row.session_id, row.starts, row.figures = one.session_id, one.starts, dict(one.figures)
    row.since, row.seen_at = one.since, now
    row.save()


def do_restart_bridge(job: BridgeJob) -> bool:
    """Its manager ends the process whose run id the row has no more, and starts another."""
    return bool(BridgeJob.objects.filter(pk=job.pk).exclude(run_id="").update(run_id="", pid=None))


@transaction.atomic
def do_set_bridge_sessions(found: Collection[BridgeSession]) -> int:
    """All that bridges have at the SFU now: new ones get rows, others are touched, and those that
    are no more there end. How many ended."""
    now = timezone.now()
    ours = SfuSession.objects.filter(process_id=BRIDGE_PROCESS, via=Via.BRIDGE)
    ids = [one.session_id for one in found]
    known = {row.session_id: row for row in SfuSession.objects.filter(session_id__in=ids)}
    rooms = {room.room_id: room for room in _rooms({one.room_id for one in found})}
    for one in found:
        state = SessionState.CONNECTED if one.connected else SessionState.JOINING
        row, room = known.get(one.session_id), rooms.get(one.room_id)
        if row is None and room is not None:
            SfuSession.objects.create(
                session_id=one.session_id,
                room=room,
                user=User.objects.filter(pk=one.person).first() or room.owner,
                role=Role.PUBLISHER,
                process_id=BRIDGE_PROCESS,
                via=Via.BRIDGE,
                state=state,
            )
        elif row is not None and (row.ended_at is not None or row.state != state):
            # One that was taken for dead while no manager touched it, too; never somebody else's.
            ours.filter(pk=row.pk).update(state=state, ended_at=None, end_reason="")
    ours.filter(session_id__in=ids).update(last_seen_at=now)
    over = ours.filter(ended_at__isnull=True).exclude(session_id__in=ids)
    return over.update(state=SessionState.CLOSED, ended_at=now, end_reason="left")
