"""Sessions whose WebSocket broke while the peer itself is kept for those who come back."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from live.models import SessionState, SfuSession
from live.models.presence import OPEN_SESSION


def do_session_away(session_id: str) -> bool:
    """Not counted as publishing until do_session_back; False when it is closed."""
    mine = SfuSession.objects.filter(session_id=session_id, ended_at__isnull=True)
    return bool(mine.filter(state__in=OPEN_SESSION).update(state=SessionState.LOST))


def do_session_back(session_id: str) -> bool:
    """False: it was not away, or is closed."""
    away = SfuSession.objects.filter(
        session_id=session_id, ended_at__isnull=True, state=SessionState.LOST
    )
    return bool(away.update(state=SessionState.CONNECTED, last_seen_at=timezone.now()))


def do_close_stale_away(before: datetime) -> int:
    """Those away when their process died; do_close_stale_sessions closes the others."""
    stale = SfuSession.objects.filter(
        state=SessionState.LOST, ended_at__isnull=True, last_seen_at__lt=before
    )
    return stale.update(ended_at=timezone.now(), end_reason="process_gone")
