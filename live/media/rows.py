"""The journal's entries: ids in, actions of the domain called. Sync, run in the database thread."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from live import actions
from live.access_guests import may_put_on_air
from live.actions.away import do_session_away, do_session_back
from live.actions.sessions import do_player_connected
from live.media.session import Person
from live.models import Participant, Role, Room, SfuSession, User, Via
from live.views_of import user_payload


@transaction.atomic
def start_broadcast(room_id: str, user_id: int | None) -> None:
    room = Room.objects.select_for_update().get(room_id=room_id)
    if may_put_on_air(user_id, room):
        actions.do_start_broadcast(room)


def open_session(
    session_id: str,
    room_id: str,
    participant_id: str | None,
    user_id: int | None,
    role: str,
    node: str,
    process_id: str,
    via: str,
) -> None:
    participant = None
    if participant_id is not None:
        participant = Participant.objects.filter(participant_id=participant_id).first()
    user = None if user_id is None else User.objects.filter(pk=user_id).first()
    room = Room.objects.get(room_id=room_id)
    actions.do_open_session(session_id, room, participant, user, role, node, process_id, via)


def set_sources(session_id: str, sources: dict[str, str]) -> None:
    actions.do_set_sources(session_id, sources)


@transaction.atomic
def media_started(session_id: str, room_id: str, user_id: int | None) -> None:
    actions.do_session_connected(session_id)
    room = Room.objects.select_for_update().get(room_id=room_id)
    if may_put_on_air(user_id, room):
        actions.do_media_started(room)


def session_connected(session_id: str) -> None:
    actions.do_session_connected(session_id)


def player_connected(session_id: str) -> None:
    do_player_connected(session_id)


def session_away(session_id: str, room_id: str, is_publisher: bool) -> None:
    """Its WebSocket is gone; the peer is kept for a while."""
    do_session_away(session_id)
    if is_publisher:
        actions.do_publisher_lost(Room.objects.get(room_id=room_id))


def session_back(session_id: str, room_id: str, was_live: bool) -> None:
    """Its WebSocket is back."""
    if do_session_back(session_id) and was_live:
        actions.do_publisher_back(Room.objects.get(room_id=room_id))


def close_session(session_id: str, reason: str, room_id: str, is_publisher: bool) -> None:
    actions.do_close_session(session_id, reason)
    if is_publisher:
        actions.do_publisher_lost(Room.objects.get(room_id=room_id))


def report_session(session_id: str, report: dict[str, Any]) -> None:
    actions.do_report_session(session_id, report)


def set_rung(participant_id: str, rung: str) -> None:
    actions.do_set_rung(participant_id, rung)


def people_of_sessions(session_ids: list[str]) -> dict[str, Person]:
    sessions = SfuSession.objects.filter(session_id__in=session_ids)
    return {
        session.session_id: Person(
            participant_id=session.participant.participant_id if session.participant else None,
            user_id=session.user_id,
            user=user_payload(session.user),
            via="rtmp" if session.via == Via.BRIDGE else "webrtc",
        )
        for session in sessions.select_related("participant", "user")
    }


def open_publisher(session_id: str) -> SfuSession | None:
    """With its room; None when it is closed, or no publisher's."""
    opened = SfuSession.objects.filter(
        session_id=session_id, role=Role.PUBLISHER, ended_at__isnull=True
    )
    return opened.select_related("room").first()
