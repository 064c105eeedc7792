"""One per process: owns the relay, joins its peers to SfuSession rows and to whoever listens.

Runs in the event loop only. Never waits for the SFU: what comes, comes as an event to the owner.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from live.errors import MicroVibeError
from live.ids import new_session_id
from live.media import rows
from live.media.journal import Journal
from live.media.people import People
from live.media.session import MediaSession, Person, SessionOwner
from live.media.stats import BITRATES, RATIOS_AND_TIMES
from sfu_relay.events import (
    Answered,
    Lost,
    MediaStarted,
    Offered,
    PeerEvent,
    Refused,
    Role,
    RoomId,
    SessionId,
    Target,
    TracksChanged,
)

if TYPE_CHECKING:
    from sfu_relay.relay import Relay

logger = logging.getLogger(__name__)
MEASURED: Final = (*BITRATES, *RATIOS_AND_TIMES)
RESUME_SECS: Final = 10.0  # a session outlives its WebSocket that long
OVERLAP_SECS: Final = 10.0  # an old session outlives the answer to the one that replaces it


class MediaService:
    """All SFU sessions of this process."""

    def __init__(self, relay: Relay, process_id: str, *, enabled: bool = True) -> None:
        self.relay = relay
        self.enabled = enabled
        self.process_id = process_id
        self.journal = Journal()
        self.people = People()
        self.sessions: dict[str, MediaSession] = {}
        self.on_health: Callable[[bool], None] = lambda ok: None
        self._closings: set[asyncio.Task[None]] = set()
        relay.on_health = self._got_health

    # --- What the owners of sessions ask for ----------------------------------------------------

    def open(
        self,
        *,
        room_id: str,
        role: Role,
        person: Person,
        owner: SessionOwner,
        watch: bool = False,
        replaces: Sequence[MediaSession] = (),
        session_id: str | None = None,
        via: str = "browser",
        by_offer: bool = False,
    ) -> MediaSession:
        """A new session. A subscriber's join starts at once, a publisher's with its first offer.

        `by_offer`: a subscriber that offers as publishers do, once (WHEP).
        """
        session_id = session_id or new_session_id()
        if session_id in self.sessions:
            raise MicroVibeError("session_exists")
        session = MediaSession(
            session_id=session_id,
            room_id=room_id,
            role=role,
            person=person,
            owner=owner,
            via=via,
            replaces=tuple(replaces),
        )
        self.sessions[session_id] = session
        self.people.remember(session_id, person)
        try:
            session.peer = self.relay.open_peer(
                session_id=SessionId(session_id),
                room_id=RoomId(room_id),
                role=role,
                on_event=partial(self._got_event, session),
                watch=watch,
                by_offer=by_offer,
            )
        except BaseException:
            del self.sessions[session_id]
            raise
        self.journal.write(
            rows.open_session,
            session_id,
            room_id,
            person.participant_id,
            person.user_id,
            str(role),
            session.peer.node or "",
            self.process_id,
            via,
        )
        session.opened = True
        return session

    def offer(self, session: MediaSession, sdp: str, sources: Mapping[str, str]) -> None:
        session.peer.offer(sdp, sources)
        if sources:  # for other processes and the bridges
            self.journal.write(rows.set_sources, session.session_id, dict(sources))

    def answer(self, session: MediaSession, sdp: str, offer_id: int) -> None:
        """What the browser says to the SFU's offer; the first one makes a subscriber."""
        session.unheard.got_answer()
        session.peer.answer(sdp, offer_id)
        if session.role is Role.SUBSCRIBER and not session.answered:
            self._got_answered(session)
            self.journal.write(rows.session_connected, session.session_id)

    def candidate(
        self, session: MediaSession, init: Mapping[str, Any] | None, target: Target
    ) -> None:
        session.peer.candidate(init, target)

    def choose(
        self, session: MediaSession, track_ids: Iterable[str], never: Iterable[str] = ()
    ) -> None:
        """What a viewer by offer is sent from now on, of each kind one."""
        session.peer.choose(track_ids, never)

    def layer(self, session: MediaSession, stream_id: str, layer: str) -> None:
        session.peer.layer(stream_id, layer)

    def report(self, session_id: str, report: dict[str, Any]) -> None:
        self.journal.write(rows.report_session, session_id, report)

    async def measure(self) -> None:
        """Publishers without a page report nothing: the SFU's counters stand in for it.

        Players by WHEP do not either: one counts as a viewer when media can flow to it.
        """
        for session in list(self.sessions.values()):
            if session.via == "whep":
                await self._look_for_player(session)
                continue
            if not session.connected or session.person.participant_id is not None:
                continue
            counters = await self.relay.session_stats(session.peer.session_id)
            if counters is not None and not session.closing:
                measured = {name: getattr(counters, name) for name in MEASURED}
                self.report(session.session_id, measured)

    async def _look_for_player(self, session: MediaSession) -> None:
        if session.connected or not session.answered:
            return
        counters = await self.relay.session_stats(session.peer.session_id)
        if counters is not None and counters.connected and not session.closing:
            session.connected = True
            self.journal.write(rows.player_connected, session.session_id)

    def set_rung(self, participant_id: str, rung: str) -> None:
        self.journal.write(rows.set_rung, participant_id, rung)

    def close(self, session: MediaSession, reason: str, *, tell: bool = False) -> None:
        """Ends a session; `tell`: its owner did not ask for it and hears the reason."""
        if session.closing:
            return
        self._forget(session, reason)
        if tell and session.owner is not None:
            session.owner.got_session_end(session, reason)
        task = asyncio.create_task(session.peer.close(reason))
        self._closings.add(task)
        task.add_done_callback(self._closed)

    # --- Coming and going of their WebSockets ---------------------------------------------------

    def sessions_of(self, participant_id: str) -> list[MediaSession]:
        """Oldest first."""
        return [s for s in self.sessions.values() if s.person.participant_id == participant_id]

    def detach(self, session: MediaSession) -> None:
        """Its WebSocket broke: keep the peer for those who come back."""
        if session.closing:
            return
        session.owner = None
        loop = asyncio.get_running_loop()
        session.stop_timer()
        session.timer = loop.call_later(RESUME_SECS, self.close, session, "left")
        is_publisher = session.role is Role.PUBLISHER
        self.journal.write(rows.session_away, session.session_id, session.room_id, is_publisher)

    def attach(self, session: MediaSession, owner: SessionOwner) -> None:
        """The same participant is back; it hears what it missed."""
        was_away = session.owner is None
        session.stop_timer()
        session.owner = owner
        if was_away:
            is_live = session.role is Role.PUBLISHER and session.connected
            self.journal.write(rows.session_back, session.session_id, session.room_id, is_live)
        for event in session.unheard.take():
            owner.got_media_event(session, event)

    # --- Whole rooms and people -----------------------------------------------------------------

    def close_where(self, chosen: Callable[[MediaSession], bool], code: str) -> None:
        """Ends every session that is `chosen`, and tells the owners why."""
        for session in [s for s in self.sessions.values() if chosen(s)]:
            self.close(session, code, tell=True)

    def healthy(self) -> bool:
        return self.relay.healthy()

    async def aclose(self) -> None:
        for session in list(self.sessions.values()):
            self.close(session, "restarting")
        if self._closings:
            await asyncio.gather(*self._closings, return_exceptions=True)
        await self.people.aclose()
        await self.relay.aclose()
        await self.journal.aclose()

    # --- What the relay tells -------------------------------------------------------------------

    def _got_event(self, session: MediaSession, event: PeerEvent) -> None:
        if not session.opened:  # told from inside open_peer: its row must be written first
            asyncio.get_running_loop().call_soon(self._got_event, session, event)
            return
        try:
            self._handle(session, event)
        except Exception:
            logger.exception("session %s: %s", session.session_id, type(event).__name__)

    def _handle(self, session: MediaSession, event: PeerEvent) -> None:
        if session.closing:
            return
        match event:
            case MediaStarted():
                session.connected = True
                user_id = session.person.user_id
                self.journal.write(rows.media_started, session.session_id, session.room_id, user_id)
                return
            case Offered(offer_id=offer_id):
                session.offer_id = offer_id
            case Answered():
                self._got_answered(session)
            case Lost(code=code):
                self._forget(session, code)
            case Refused(about="offer", code=code) if not session.answered and code != "busy":
                session.tell(event)  # it never joined: a row left open would count as publishing
                self.close(session, "refused")
                return
            case Refused(about="answer", code="bad_sdp" | "sends_media"):
                session.answered = False
            case TracksChanged(tracks=tracks):
                session.tracks_version += 1
                tell = partial(self._tell_tracks, session, event, session.tracks_version)
                self.people.when_known({str(track.session_id) for track in tracks}, tell)
                return
            case _:
                pass
        self._tell(session, event)

    def _tell(self, session: MediaSession, event: PeerEvent) -> None:
        if not session.tell(event):
            logger.info("session %s: too much waits for its browser", session.session_id)
            self.close(session, "left")

    def _tell_tracks(self, session: MediaSession, event: TracksChanged, version: int) -> None:
        """Not when newer ones were told meanwhile."""
        if version == session.tracks_version and not session.closing:
            self._tell(session, event)

    def _got_answered(self, session: MediaSession) -> None:
        if session.answered:
            return
        session.answered = True
        if session.role is Role.PUBLISHER:  # idle or ended → starting; nothing while on the air
            self.journal.write(rows.start_broadcast, session.room_id, session.person.user_id)
        loop = asyncio.get_running_loop()
        for old in session.replaces:
            if not old.closing:
                loop.call_later(OVERLAP_SECS, self._retire, old, session)

    def _retire(self, old: MediaSession, by: MediaSession) -> None:
        """Not when the new one died meanwhile, or its answer was no good."""
        if by.answered and not by.closing:
            self.close(old, "replaced", tell=False)

    def _got_health(self, ok: bool) -> None:
        if not ok:
            logger.warning("SFU is not answering")
        self.on_health(ok)

    def _forget(self, session: MediaSession, reason: str) -> None:
        session.closing = True
        session.stop_timer()
        self.sessions.pop(session.session_id, None)
        self.journal.write(
            rows.close_session,
            session.session_id,
            reason,
            session.room_id,
            session.role is Role.PUBLISHER,
        )

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closings.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("closing a peer failed", exc_info=task.exception())
