"""The WebSocket shell: admits, reads frames, calls the handler of each. Decides nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.utils import await_many_dispatch

from live.errors import MicroVibeError
from live.process import Process
from live.process import process as this_process
from live.signalling import departure
from live.signalling.admission import Admitted, Handshake, Refused, admit
from live.signalling.codes import MAX_FRAME_BYTES, CloseCode, ErrorCode
from live.signalling.connection import Connection
from live.signalling.handlers import HANDLERS
from live.signalling.limits import Verdict
from live.signalling.schema import Message, ProtocolError, parse

logger = logging.getLogger(__name__)
ERROR_CODES = frozenset(str(code) for code in ErrorCode)


class _Socket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Channels' consumer without a channel and a database visit per connection and frame.

    The hub listens once for all; and Channels would visit the database thread before each frame.
    """

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        self.scope = scope
        self.base_send = send
        with contextlib.suppress(StopConsumer):
            await await_many_dispatch([receive], self.dispatch)

    async def dispatch(self, message: dict[str, Any]) -> None:
        await getattr(self, get_handler_name(message))(message)

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Daphne's WebSocket library takes a plain int only, not an IntEnum."""
        await super().close(None if code is None else int(code), reason)

    async def refuse(self, code: int) -> None:
        """A browser sees the reason of an accepted connection only."""
        await self.accept()
        await self.close(code)


class NotHere(_Socket):
    """Any other WebSocket URL."""

    async def connect(self) -> None:
        await self.refuse(CloseCode.BAD_REQUEST)


class SignallingConsumer(_Socket):
    connection: Connection | None = None
    writer: asyncio.Task[None] | None = None
    process: Process
    find_process: Callable[[], Awaitable[Process]] = staticmethod(this_process)

    # --- Coming ---------------------------------------------------------------------------------

    async def connect(self) -> None:
        handshake = Handshake.from_scope(self.scope)
        try:
            self.process = await self.find_process()
            admitted = await database_sync_to_async(admit)(
                handshake,
                self.process.process_id,
                self.process.media.healthy(),
                self.process.hub.fresh(handshake.query.get("room_id", "")),
            )
        except Refused as refused:
            await self.refuse(refused.code)
            return
        except Exception:
            logger.exception("a WebSocket could not be admitted")
            await self.refuse(CloseCode.INTERNAL)
            return
        await self.accept(handshake.subprotocol)
        if not self.process.hub.has_place_for(admitted.person.user_id, handshake.address):
            self.process.leave_presence(admitted.person)
            await self.close(CloseCode.TOO_MANY)
            return
        self._welcome(admitted, handshake.address)

    def _welcome(self, admitted: Admitted, address: str) -> None:
        media = self.process.media
        connection = self.connection = Connection(
            room_id=admitted.room_id,
            role=admitted.role,
            person=admitted.person,
            language=admitted.language,
            people=media.people,
            address=address,
            manages=admitted.manages,
            is_guest=admitted.is_guest,
        )
        connection.told_guest = admitted.welcome["guest"]
        connection.told_guests = admitted.welcome["guests"]
        connection.sessions = media.sessions_of(connection.participant_id)
        alive = [session.session_id for session in connection.sessions]
        connection.send("welcome", admitted.welcome | {"sessions": alive})
        self.process.hub.join(connection, admitted.snapshot)
        for session in connection.sessions:
            media.attach(session, connection)
        self.writer = asyncio.create_task(connection.run_writer(self.send, self.close))

    # --- Frames ---------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        connection = self.connection
        if connection is None or connection.close_code is not None:
            return
        now = connection.heard_at = time.monotonic()
        frame = text_data if text_data is not None else bytes_data or b""
        if len(frame) > MAX_FRAME_BYTES or _utf8_len(frame) > MAX_FRAME_BYTES:
            connection.close(CloseCode.TOO_BIG)
            return
        match connection.limits.frames.got_frame(now):
            case Verdict.PASS:
                await self._got_frame(connection, frame)
            case Verdict.DROP_AND_TELL:
                connection.error(ErrorCode.RATE_LIMITED, data={"retry_in_ms": 1000})
            case Verdict.CLOSE:
                connection.close(CloseCode.TOO_MANY)
            case Verdict.DROP:
                pass

    async def _got_frame(self, connection: Connection, frame: str | bytes) -> None:
        message: Message | None = None
        try:
            message = parse(frame, connection.room_id)
            await HANDLERS[type(message)](self.process, connection, message)
        except ProtocolError as error:
            connection.error(error.code, error.detail, about=error.about, ref=error.ref)
        except MicroVibeError as error:
            if error.code not in ERROR_CODES:
                logger.error("%s is no error code of the protocol", error.code)
            connection.error(
                error.code if error.code in ERROR_CODES else ErrorCode.INTERNAL,
                error.message,
                about=_about(message),
                ref=message.ref if message else None,
                data=error.data or None,
            )
        except Exception:
            logger.exception("a message of %s failed", connection.participant_id)
            ref = message.ref if message else None
            connection.error(ErrorCode.INTERNAL, about=_about(message), ref=ref)

    # --- Going ----------------------------------------------------------------------------------

    async def disconnect(self, code: int) -> None:
        if self.writer is not None:
            self.writer.cancel()
        if self.connection is not None:
            departure.got_departure(self.process, self.connection, code)


def _about(message: Message | None) -> str:
    return type(message).__name__.lower() if message is not None else ""


def _utf8_len(frame: str | bytes) -> int:
    return len(frame) if isinstance(frame, bytes) else len(frame.encode("utf-8", "surrogatepass"))
