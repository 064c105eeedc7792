"""Sessions at the SFU, as rows: who joined what, and what their browsers report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from live.access import viewers_now
from live.models import Broadcast, Participant, Room, SessionState, SfuSession, User, Via
from live.models.presence import OPEN_SESSION
from live.refusals import refusal
from live.reports import clean_report

MAX_STREAMS: Final = 32  # of one session, renegotiated ones included


def do_open_session(
    session_id: str,
    room: Room,
    participant: Participant | None,
    user: User | None,
    role: str,
    node: str = "",
    process_id: str = "",
    via: str = Via.BROWSER,
) -> SfuSession:
    """Raises session_exists: ids are never used twice."""
    try:
        with transaction.atomic():
            return SfuSession.objects.create(
                session_id=session_id,
                room=room,
                participant=participant,
                user=user,
                role=role,
                node=node,
                process_id=process_id,
                via=via,
            )
    except IntegrityError:
        raise refusal("session_exists") from None


def do_session_connected(session_id: str) -> bool:
    """joining → connected; False when it is not joining (any more)."""
    joining = SfuSession.objects.filter(session_id=session_id, state=SessionState.JOINING)
    now = timezone.now()
    return bool(joining.update(state=SessionState.CONNECTED, last_seen_at=now))


def do_set_sources(session_id: str, sources: Mapping[str, str]) -> None:
    """What each stream shows ({stream id: "camera" | "screen"}), beside what was told before."""
    with transaction.atomic():
        session = SfuSession.objects.select_for_update().filter(session_id=session_id).first()
        if session is None:
            return
        told = {**session.sources, **sources}
        session.sources = dict(list(told.items())[-MAX_STREAMS:])
        session.save(update_fields=["sources"])


def do_player_connected(session_id: str) -> bool:
    """joining → connected of one who watches by WHEP and counts as a viewer from now on."""
    if not do_session_connected(session_id):
        return False
    session = SfuSession.objects.select_related("room").get(session_id=session_id)
    opened = Broadcast.objects.filter(room=session.room, ended_at__isnull=True)
    viewers = viewers_now(session.room)
    opened.filter(peak_viewers__lt=viewers).update(peak_viewers=viewers)
    opened.update(total_viewers=F("total_viewers") + 1)
    return True


def do_session_lost(session_id: str, reason: str) -> bool:
    """The SFU's side of it died; nothing more will come of it."""
    return _end(SfuSession.objects.filter(session_id=session_id), SessionState.LOST, reason)


def do_close_session(session_id: str, reason: str) -> bool:
    """False: was closed already."""
    return _end(SfuSession.objects.filter(session_id=session_id), SessionState.CLOSED, reason)


def do_report_session(session_id: str, report: Mapping[str, Any]) -> bool:
    """From the browser: clamped here, for display only."""
    values = clean_report(report)
    if not values:
        return False
    now = timezone.now()
    opened = SfuSession.objects.filter(session_id=session_id, ended_at__isnull=True)
    return bool(opened.update(**values, reported_at=now, last_seen_at=now))


def do_touch_sessions(process_id: str, session_ids: Collection[str], now: datetime) -> int:
    """Those of this process that still live, in one UPDATE."""
    mine = SfuSession.objects.filter(
        process_id=process_id, session_id__in=session_ids, ended_at__isnull=True
    )
    return mine.update(last_seen_at=now)


def do_close_stale_sessions(before: datetime, process_id: str | None = None) -> int:
    """Open ones not touched since `before` (of one process, if named): their process died."""
    stale = SfuSession.objects.filter(last_seen_at__lt=before)
    if process_id is not None:
        stale = stale.filter(process_id=process_id)
    stale = stale.filter(state__in=OPEN_SESSION)
    return stale.update(state=SessionState.LOST, ended_at=timezone.now(), end_reason="process_gone")


def _end(sessions: Any, state: SessionState, reason: str) -> bool:
    opened = sessions.filter(ended_at__isnull=True)
    return bool(opened.update(state=state, ended_at=timezone.now(), end_reason=reason[:40]))
