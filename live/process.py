"""What one app process has once: relay, hub, housekeeper. Made by the first connection."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextvars import Context

from channels.layers import get_channel_layer

from live import actions, events
from live.housekeeper import Housekeeper
from live.media import MediaService, Person
from live.media.elsewhere import FindElsewhere
from live.media.health import set_service
from live.media.muted import Muted
from live.media.remote import Remote
from live.relay_config import relay_config
from live.signalling.hub import Hub
from sfu_relay.config import RelayConfig
from sfu_relay.events import Role
from sfu_relay.relay import Relay

logger = logging.getLogger(__name__)


class Process:
    """Wires the parts together: what one tells is done by another."""

    def __init__(self, config: RelayConfig) -> None:
        self.process_id = secrets.token_hex(8)
        self.loop = asyncio.get_running_loop()
        self.media = MediaService(Relay(config), self.process_id, enabled=config.enabled)
        self.muted = Muted(self.media.sessions.values)
        layer = get_channel_layer()
        self.hub = Hub(layer, self.process_id, self.media.healthy)
        self.remote = Remote(layer, self.process_id, self.media)
        find = FindElsewhere(self.process_id)
        self.media.relay.find_publishers_elsewhere(find)
        self.housekeeper = Housekeeper(
            self.process_id,
            participants=self._present,
            sessions=self._open_sessions,
            publishing_rooms=self._publishing_rooms,
            on_off_air=self._got_off_air,
            on_stranger=self._got_stranger,
            on_off_stage=self._got_off_stage,
            measure=self.media.measure,
            look_for_muted=self.muted.look,
        )
        self.media.on_health = self._got_health
        self.hub.on_event = self._got_event
        self.hub.on_off_air = self._got_off_air

    async def start(self) -> None:
        await self.hub.start()
        await self.remote.start()
        self.housekeeper.start()
        set_service(self.media)

    async def aclose(self) -> None:
        set_service(None)
        await self.housekeeper.aclose()
        await self.hub.aclose()
        await self.remote.aclose()
        await self.media.aclose()

    def leave_presence(self, person: Person) -> None:
        """Unless the participant came back here meanwhile (or elsewhere: the row knows)."""
        if person.participant_id is None or person.participant_id in self._present():
            return
        self.media.journal.write(_leave, person.participant_id, self.process_id)

    def _present(self) -> set[str]:
        return {connection.participant_id for connection in self.hub.connections()}

    def _open_sessions(self) -> set[str]:
        return set(self.media.sessions)

    def _publishing_rooms(self) -> set[str]:
        """Answered ones: a room may stay ended until then. And where players watch by WHEP."""
        sessions = self.media.sessions.values()
        return {s.room_id for s in sessions if s.connected or (s.via == "whep" and s.answered)}

    # --- Wiring ---------------------------------------------------------------------------------

    def _got_health(self, ok: bool) -> None:
        self.hub.refresh()  # the ladders of all rooms changed

    def _got_off_air(self, room_id: str) -> None:
        self.media.close_where(
            lambda s: s.room_id == room_id and (s.role is Role.PUBLISHER or s.via == "whep"),
            "not_live",
        )

    def _got_stranger(self, session_id: str) -> None:
        """As to whoever asks: the room does not exist for them any more."""
        self.media.close_where(lambda s: s.session_id == session_id, "room_not_found")

    def _got_off_stage(self, session_id: str) -> None:
        self.media.close_where(lambda s: s.session_id == session_id, "kicked")

    def _got_event(self, event: events.Event) -> None:
        media = self.media
        match event:
            case events.KickSession(session_id=session_id, code=code):
                told = "kicked" if code == "forbidden" else code
                media.close_where(lambda s: s.session_id == session_id, told)
            case events.UserBanned(user_id=user_id):
                media.close_where(lambda s: s.person.user_id == user_id, "banned")
            case (
                events.PublisherDisallowed(room_id=room_id, user_id=user_id)
                | events.GuestChanged(room_id=room_id, user_id=user_id, cut=True)
            ):
                media.close_where(
                    lambda s: (
                        s.room_id == room_id
                        and s.person.user_id == user_id
                        and s.role is Role.PUBLISHER
                    ),
                    "kicked",
                )


def _leave(participant_id: str, process_id: str) -> None:
    actions.do_leave_presence(participant_id, process_id)


_process: Process | None = None
_starting: asyncio.Task[Process] | None = None


async def process() -> Process:
    """The one of this process; made by whoever comes first."""
    global _starting
    if _process is not None:
        return _process
    if _starting is None:
        _starting = asyncio.create_task(_start(), context=Context())  # not the request's
    return await asyncio.shield(_starting)


async def _start() -> Process:
    global _process, _starting
    try:
        made = Process(relay_config())
        await made.start()
        _process = made
        return made
    finally:
        _starting = None


async def close_process() -> None:
    global _process
    if _process is not None:
        closing, _process = _process, None
        await closing.aclose()


def running_process() -> Process | None:
    """For sync code in threads: None before the first connection or request."""
    return _process
