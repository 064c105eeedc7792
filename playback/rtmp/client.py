"""What all RTMP connections that we open have in common: handshake, windows, pings. No I/O here."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import Final, Generic, TypeVar

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from playback.rtmp.errors import RtmpError

Event = TypeVar("Event")
HANDSHAKE_BYTES: Final = 1536
VERSION: Final = 3
ACK_WINDOW_BYTES: Final = 2_500_000  # until the server names its own
_PING, _PONG = 6, 7


class _State(Enum):
    VERSION_AND_S1 = auto()
    S2 = auto()
    CHUNKS = auto()


class Client(ABC, Generic[Event]):
    """Send `start()`, then what `take_outgoing()` gives after each `receive`."""

    def __init__(self) -> None:
        self._state = _State.VERSION_AND_S1
        self._buffer = b""
        self._reader = ChunkReader()
        self._outgoing: list[bytes] = []
        self._window_bytes = ACK_WINDOW_BYTES
        self._received_bytes = 0
        self._acknowledged_bytes = 0

    def start(self) -> bytes:
        """C0 and C1. The plain handshake: digests are for Flash only."""
        return bytes((VERSION,)) + bytes(8) + os.urandom(HANDSHAKE_BYTES - 8)

    def take_outgoing(self) -> bytes:
        """What has to be sent now; ask after each `receive`."""
        if not self._outgoing:
            return b""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    def receive(self, data: bytes) -> list[Event]:
        """RtmpError: close the connection."""
        if self._state is not _State.CHUNKS:
            after = self._shake_hands(data)
            if after is None:
                return []
            data = after
        self._received_bytes += len(data)
        events: list[Event] = []
        for message in self._reader.feed(data):
            self._got(message, events)
        if self._received_bytes - self._acknowledged_bytes >= self._window_bytes // 2:
            self._acknowledged_bytes = self._received_bytes
            count = self._received_bytes & 0xFFFFFFFF
            self._control(chunks.ACKNOWLEDGEMENT, count.to_bytes(4))
        return events

    # --- What each does in its own way ----------------------------------------------------------

    @abstractmethod
    def _connect(self) -> None:
        """Hands were shaken: say what is wanted."""

    @abstractmethod
    def _got_command(self, values: list[object], events: list[Event]) -> None: ...

    def _got(self, message: Message, events: list[Event]) -> None:
        match message.kind:
            case chunks.USER_CONTROL if int.from_bytes(message.body[:2]) == _PING:
                self._control(chunks.USER_CONTROL, _PONG.to_bytes(2) + message.body[2:6])
            case chunks.WINDOW_SIZE if len(message.body) >= 4:
                # A window of nothing would be an acknowledgement for every read.
                self._window_bytes = max(10_000, int.from_bytes(message.body[:4]))
            case chunks.PEER_BANDWIDTH if len(message.body) >= 4:
                self._control(chunks.WINDOW_SIZE, message.body[:4])
            case chunks.COMMAND:
                self._got_command(amf0.decode(message.body), events)
            case _:
                pass  # acknowledgements; shared objects; AMF3, which we did not ask for

    # --- Inside ---------------------------------------------------------------------------------

    def _shake_hands(self, data: bytes) -> bytes | None:
        """What comes after the handshake; None while it is not complete."""
        self._buffer += data
        if self._state is _State.VERSION_AND_S1:
            if self._buffer and self._buffer[0] != VERSION:
                raise RtmpError("not RTMP version 3")
            if len(self._buffer) <= HANDSHAKE_BYTES:
                return None
            self._outgoing.append(self._buffer[1 : HANDSHAKE_BYTES + 1])  # C2 is S1 back
            self._buffer = self._buffer[HANDSHAKE_BYTES + 1 :]
            self._state = _State.S2
            self._connect()
        if len(self._buffer) < HANDSHAKE_BYTES:
            return None
        rest, self._buffer = self._buffer[HANDSHAKE_BYTES:], b""
        self._state = _State.CHUNKS
        return rest

    def _control(self, kind: int, body: bytes) -> None:
        self._outgoing.append(build_message(kind, body))


def text_of(values: list[object], name: str) -> str:
    """A field of the first object among a command's values, at most 200 characters."""
    for value in values:
        if isinstance(value, dict):
            return str(value.get(name, ""))[:200]
    return ""
