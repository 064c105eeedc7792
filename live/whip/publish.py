"""A WHIP session from its offer to its answer: may it be, open it, and end what it replaces."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from live.errors import MicroVibeError
from live.ids import new_session_id
from live.lifecycle import EndReason, RoomState
from live.media import Person
from live.media.remote import TIMEOUT_SECS
from live.media.rest import ANSWER_SECS, open_by_rest
from live.models import Role, Room, SfuSession, StreamingMode, User, Via
from live.models.presence import OPEN_SESSION
from live.refusals import refusal
from live.views_of import user_payload
from live.whip.process import needed_process, wait
from sfu_relay.events import Role as PeerRole

logger = logging.getLogger(__name__)
MAX_OPEN: Final = 8  # WHIP sessions of one user at once, in all rooms
BY_HAND: Final = (EndReason.BY_OWNER.value, EndReason.BY_STAFF.value)


def open_publisher(room: Room, user: User, offer: str) -> tuple[str, str]:
    """The session's id and the answer. Raises MicroVibeError."""
    refuse_where_not(room, user)
    process = needed_process()
    session_id = new_session_id()
    answer = wait(
        process,
        open_by_rest(
            process.media,
            room_id=room.room_id,
            role=PeerRole.PUBLISHER,
            person=Person(None, user.pk, user_payload(user)),
            session_id=session_id,
            sdp=offer,
            via=Via.WHIP.value,
        ),
        ANSWER_SECS + 6,
    )
    _end_replaced(room, user, session_id)
    return session_id, answer


def refuse_where_not(room: Room, user: User) -> None:
    if room.streaming_mode == StreamingMode.RTMP:
        raise refusal("room_not_webrtc")
    since_secs = (timezone.now() - room.state_changed_at).total_seconds()
    if (
        room.state == RoomState.ENDED
        and room.ended_reason in BY_HAND
        and since_secs < settings.RTMP_REFUSE_AFTER_END_SECS
    ):
        raise MicroVibeError("just_ended")  # encoders come back by themselves after 2 s
    if _open(user=user).count() >= MAX_OPEN:
        raise refusal("too_many_sessions")


def _end_replaced(room: Room, user: User, session_id: str) -> None:
    """An encoder that crashed and came back is one encoder: its older sessions end now.

    Older ones only, so that two that start at once do not end each other.
    """
    mine = SfuSession.objects.filter(session_id=session_id).first()
    if mine is None:
        return
    process = needed_process()
    for old in _open(user=user, room=room, pk__lt=mine.pk):
        try:
            asked = process.remote.ask(old.process_id, old.session_id, "close")
            wait(process, asked, TIMEOUT_SECS + 2)
        except MicroVibeError as error:
            # Its process is gone or has just let it go: the housekeeper closes the row.
            logger.info("the older session %s was not closed: %s", old.session_id, error.code)


def _open(**fields: Any) -> QuerySet[SfuSession]:
    opened = SfuSession.objects.filter(via=Via.WHIP, role=Role.PUBLISHER, ended_at__isnull=True)
    return opened.filter(state__in=OPEN_SESSION, **fields)
