"""One accepted WebSocket: who it is, its sessions, and its bounded queue of outgoing messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.utils import translation

from live.media import MediaSession, People, Person
from live.signalling import outgoing
from live.signalling.codes import CloseCode
from live.signalling.limits import QUEUED_MESSAGES, ConnectionLimits
from live.signalling.media_events import send_media_event
from live.signalling.wording import words_for
from sfu_relay.events import Lost, PeerEvent, Refused, Role


class Connection:
    """What hub, media and handlers see of a browser. Everything here is sync and never waits."""

    def __init__(
        self,
        *,
        room_id: str,
        role: Role,
        person: Person,
        language: str,
        people: People,
        address: str = "",
        manages: bool = False,
        is_guest: bool = False,
    ) -> None:
        assert person.participant_id is not None
        self.room_id = room_id
        self.role = role
        self.person = person
        self.participant_id: str = person.participant_id
        self.language = language
        self.people = people
        self.address = address  # of whoever connected: an IPv4 address or an IPv6 /64
        self.manages = manages  # as the owner or staff
        self.is_guest = is_guest  # here as a publisher only because of that
        self.told_guest: dict[str, Any] | None = None
        self.told_guests: dict[str, Any] | None = None
        self.limits = ConnectionLimits()
        self.heard_at = time.monotonic()
        self.sessions: list[MediaSession] = []  # oldest first
        self.close_code: int | None = None
        self.tracks_sent: str | None = None
        self.rung: str | None = None
        self._reported_at = float("-inf")
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()  # None: the end

    # --- Outgoing -------------------------------------------------------------------------------

    def send(self, kind: str, payload: Any, **fields: Any) -> None:
        self.send_text(outgoing.build(kind, self.room_id, payload, **fields))

    def send_text(self, text: str) -> None:
        """Queue one message. A client too slow to read them is closed, not waited for."""
        if self.close_code is not None:
            return
        if self._queue.qsize() >= QUEUED_MESSAGES:
            self.close(CloseCode.TOO_MANY)
            return
        self._queue.put_nowait(text)

    def error(
        self,
        code: str,
        detail: str = "",
        *,
        about: str = "",
        ref: str | None = None,
        session_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Tell that something was not carried out; too many of these close the connection."""
        with translation.override(self.language):
            message = words_for(code, detail)
        self.send_text(
            outgoing.error(
                self.room_id,
                code,
                message,
                about=about,
                ref=ref,
                session_id=session_id,
                data=data,
            )
        )
        if self.limits.errors.got_error(time.monotonic()):
            self.close(CloseCode.PROTOCOL_ABUSE)

    def close(self, code: int) -> None:
        """The first reason counts. What is queued already is still sent."""
        if self.close_code is None:
            self.close_code = int(code)
            self._queue.put_nowait(None)

    async def run_writer(
        self, send: Callable[[str], Awaitable[None]], close: Callable[[int], Awaitable[None]]
    ) -> None:
        """The one task that writes to the WebSocket."""
        while (text := await self._queue.get()) is not None:
            await send(text)
        await close(self.close_code or CloseCode.INTERNAL)

    # --- SessionOwner: what the media service tells ----------------------------------------------

    def got_media_event(self, session: MediaSession, event: PeerEvent) -> None:
        match event:
            case Refused(code=code, detail=detail, about=about):
                ref = session.refs.get(about)
                self.error(code, detail, about=about, ref=ref, session_id=session.session_id)
            case Lost(code=code, detail=detail, retry_in_ms=retry_in_ms):
                self._lost(session, code, detail, retry_in_ms)
            case _:
                send_media_event(self, session, event)

    def got_session_end(self, session: MediaSession, code: str) -> None:
        self._lost(session, code, "", None)

    def _lost(self, session: MediaSession, code: str, detail: str, retry_in_ms: int | None) -> None:
        if session in self.sessions:
            self.sessions.remove(session)
        with translation.override(self.language):
            message = words_for(code, detail)
        payload = {"code": code, "message": message, "retry_in_ms": retry_in_ms}
        self.send("session_lost", payload, session_id=session.session_id)

    # --- Sessions -------------------------------------------------------------------------------

    def session(self, session_id: str | None) -> MediaSession | None:
        """The one that is meant; None named: the newest, of the connection's own role if any is."""
        open_ones = [s for s in self.sessions if not s.closing]
        if session_id is None:
            own = [s for s in open_ones if s.role is self.role] or open_ones
            return own[-1] if own else None
        return next((s for s in open_ones if s.session_id == session_id), None)

    def newest(self, role: Role) -> MediaSession | None:
        open_ones = [s for s in self.sessions if s.role is role and not s.closing]
        return open_ones[-1] if open_ones else None

    def may_report(self, now: float) -> bool:
        """Reports are asked for every 5 s; more than one a second is not written."""
        if now - self._reported_at < 1.0:
            return False
        self._reported_at = now
        return True
