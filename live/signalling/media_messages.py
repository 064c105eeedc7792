"""Messages about media: each is handed to the media service; none waits for the SFU."""

from __future__ import annotations

import time

from channels.db import database_sync_to_async

from live.access_guests import may_send
from live.errors import MicroVibeError
from live.lifecycle import EndReason, RoomState
from live.media import MediaSession
from live.process import Process
from live.signalling.codes import ErrorCode
from live.signalling.connection import Connection
from live.signalling.limits import SESSIONS_PER_CONNECTION
from live.signalling.schema import Answer, Ice, Join, Layer, Leave, Offer, Report
from sfu_relay.events import Role, Target

WITHOUT_SESSION = {"flv", "hls"}  # rungs whose figures are of no SFU session


async def got_join(process: Process, connection: Connection, message: Join) -> None:
    """Whose room it is joins, too: who sends by OBS or WebSocket sees the stage by that alone."""
    if connection.is_guest:  # they see the others by sending, which the owner allows
        raise MicroVibeError(ErrorCode.WRONG_ROLE)
    if connection.newest(Role.SUBSCRIBER) is not None and not message.rejoin:
        raise MicroVibeError(ErrorCode.WRONG_ORDER)
    _refuse_without_webrtc(process, connection)
    _open(process, connection, Role.SUBSCRIBER)


async def got_offer(process: Process, connection: Connection, message: Offer) -> None:
    if connection.role is not Role.PUBLISHER:
        raise MicroVibeError(ErrorCode.WRONG_ROLE)
    if connection.is_guest:
        await _refuse_off_stage(connection)
    session = None if message.rejoin else _sending(connection, message.session_id)
    if session is None:
        if message.session_id is not None and not message.rejoin:
            raise MicroVibeError(ErrorCode.WRONG_ORDER)
        _refuse_without_webrtc(process, connection)
        _refuse_rejoin_after_end(process, connection, rejoin=message.rejoin)
        session = _open(process, connection, Role.PUBLISHER, watch=message.subscribe)
    session.refs["offer"] = message.ref
    process.media.offer(session, message.sdp, message.sources)


async def got_answer(process: Process, connection: Connection, message: Answer) -> None:
    session = _session(connection, message.session_id)
    offer_id = message.offer_id if message.offer_id is not None else session.offer_id
    if offer_id is None:
        raise MicroVibeError(ErrorCode.WRONG_ORDER)
    session.refs["answer"] = message.ref
    process.media.answer(session, message.sdp, offer_id)


async def got_ice(process: Process, connection: Connection, message: Ice) -> None:
    session = _session(connection, message.session_id)
    if message.target is not None:
        target = Target(message.target)
    else:
        target = Target(str(session.role))
    session.refs["ice"] = message.ref
    process.media.candidate(session, message.candidate, target)


async def got_leave(process: Process, connection: Connection, message: Leave) -> None:
    """Leaving what is gone already is no error: the page and a timer may both do it."""
    leaving = [
        session
        for session in connection.sessions
        if message.session_id in (None, session.session_id)
        and message.target in (None, str(session.role))
    ]
    for session in leaving:
        connection.sessions.remove(session)
        process.media.close(session, "left")


async def got_layer(process: Process, connection: Connection, message: Layer) -> None:
    session = _session(connection, message.session_id)
    session.refs["layer"] = message.ref
    process.media.layer(session, message.stream_id, message.layer)


async def got_report(process: Process, connection: Connection, message: Report) -> None:
    """Written at most once a second per connection; the rung only when it changes."""
    if message.rung is not None and message.rung != connection.rung:
        connection.rung = message.rung
        process.media.set_rung(connection.participant_id, message.rung)
    if message.session_id is None and message.rung in WITHOUT_SESSION:
        return
    session = connection.session(message.session_id)
    if session is not None and message.values and connection.may_report(time.monotonic()):
        process.media.report(session.session_id, dict(message.values))


def _open(
    process: Process, connection: Connection, role: Role, *, watch: bool = False
) -> MediaSession:
    connection.sessions = [s for s in connection.sessions if not s.closing]
    if len(connection.sessions) >= SESSIONS_PER_CONNECTION:
        raise MicroVibeError(ErrorCode.TOO_MANY_SESSIONS)
    wait_secs = connection.limits.sessions.take(time.monotonic())
    if wait_secs > 0:
        retry = {"retry_in_ms": int(wait_secs * 1000) + 1}
        raise MicroVibeError(ErrorCode.RATE_LIMITED, data=retry)
    session = process.media.open(
        room_id=connection.room_id,
        role=role,
        person=connection.person,
        owner=connection,
        watch=watch,
        replaces=[s for s in connection.sessions if s.role is role],
    )
    connection.sessions.append(session)
    return session


def _sending(connection: Connection, session_id: str | None) -> MediaSession | None:
    if session_id is None:
        return connection.newest(Role.PUBLISHER)
    session = connection.session(session_id)
    return session if session is not None and session.role is Role.PUBLISHER else None


def _session(connection: Connection, session_id: str | None) -> MediaSession:
    session = connection.session(session_id)
    if session is None:
        raise MicroVibeError(ErrorCode.WRONG_ORDER)
    return session


def _refuse_without_webrtc(process: Process, connection: Connection) -> None:
    mode = process.hub.room_payload(connection.room_id).get("streaming_mode")
    if mode == "rtmp":
        raise MicroVibeError(ErrorCode.ROOM_NOT_WEBRTC)
    if not process.media.enabled:
        raise MicroVibeError(ErrorCode.SFU_UNAVAILABLE)


async def _refuse_off_stage(connection: Connection) -> None:
    """Looked up each time: what a guest may, changes while they are here."""
    user_id, room_id = connection.person.user_id, connection.room_id
    if user_id is None or not await database_sync_to_async(may_send)(user_id, room_id):
        raise MicroVibeError(ErrorCode.NOT_ON_STAGE)


def _refuse_rejoin_after_end(process: Process, connection: Connection, *, rejoin: bool) -> None:
    """A page that heals itself must not put a room on the air again that somebody ended."""
    room = process.hub.room_payload(connection.room_id)
    by_somebody = room.get("ended_reason") in (EndReason.BY_OWNER, EndReason.BY_STAFF)
    if rejoin and room.get("state") == RoomState.ENDED and by_somebody:
        raise MicroVibeError(ErrorCode.NOT_LIVE)
