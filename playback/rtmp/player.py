"""One RTMP connection that plays one live stream: bytes in, events out. No I/O here.

player = Player("127.0.0.1:1936", "out", "play_abc")
send(player.start())
for event in player.receive(data): ...
send(player.take_outgoing())
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from playback.rtmp.errors import RtmpError

_HANDSHAKE_BYTES: Final = 1536
_VERSION: Final = 3
_ACK_WINDOW_BYTES: Final = 2_500_000  # until the server names its own
_BUFFER_MS: Final = 1_000
_LIVE_ONLY: Final = -1_000  # `play`'s start, in ms as players send it: never a recording

_CONNECT, _CREATE_STREAM = 1, 2
_STREAM_BEGIN, _STREAM_EOF, _SET_BUFFER_LENGTH, _PING, _PONG = 0, 1, 3, 6, 7
_COMMANDS, _MEDIA = 3, 8  # chunk stream ids


@dataclass(frozen=True, slots=True)
class Playing:
    """The server takes our `play`; media may be a while."""


@dataclass(frozen=True, slots=True)
class Media:
    kind: Literal[8, 9]
    timestamp_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an onMetaData message says."""

    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class PublisherGone:
    """The publisher ended or was dropped; what comes after is another broadcast."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` as the server names it, e.g. "NetStream.Play.StreamNotFound"."""

    code: str


Event = Playing | Media | Metadata | PublisherGone | Refused


class _State(Enum):
    VERSION_AND_S1 = auto()
    S2 = auto()
    CHUNKS = auto()


class Player:
    def __init__(self, authority: str, app: str, name: str) -> None:
        self._authority = authority
        self._app = app
        self._name = name
        self._state = _State.VERSION_AND_S1
        self._buffer = b""
        self._reader = ChunkReader()
        self._outgoing: list[bytes] = []
        self._window_bytes = _ACK_WINDOW_BYTES
        self._received_bytes = 0
        self._acknowledged_bytes = 0

    def start(self) -> bytes:
        """C0 and C1. The plain handshake: nginx's digest is for Flash only."""
        return bytes((_VERSION,)) + bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8)

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
            self._acknowledge()
        return events

    def _shake_hands(self, data: bytes) -> bytes | None:
        """What comes after the handshake; None while it is not complete."""
        self._buffer += data
        if self._state is _State.VERSION_AND_S1:
            if self._buffer and self._buffer[0] != _VERSION:
                raise RtmpError("not RTMP version 3")
            if len(self._buffer) <= _HANDSHAKE_BYTES:
                return None
            s1 = self._buffer[1 : _HANDSHAKE_BYTES + 1]
            self._buffer = self._buffer[_HANDSHAKE_BYTES + 1 :]
            self._state = _State.S2
            self._outgoing.append(s1)  # C2 is S1 back
            self._connect()
        if len(self._buffer) < _HANDSHAKE_BYTES:
            return None
        rest, self._buffer = self._buffer[_HANDSHAKE_BYTES:], b""
        self._state = _State.CHUNKS
        return rest

    def _connect(self) -> None:
        self._command(
            "connect",
            _CONNECT,
            {
                "app": self._app,
                "flashVer": "LNX 9,0,124,2",  # the form that servers expect of a player
                "tcUrl": f"rtmp://{self._authority}/{self._app}",
                "fpad": False,
                "capabilities": 15,
                "audioCodecs": 4071,
                "videoCodecs": 252,
                "videoFunction": 1,
            },
        )

    def _got(self, message: Message, events: list[Event]) -> None:
        match message.kind:
            case chunks.AUDIO | chunks.VIDEO as kind:
                if message.body:
                    events.append(Media(kind, message.timestamp_ms, message.body))
            case chunks.USER_CONTROL:
                self._got_user_control(message.body, events)
            case chunks.WINDOW_SIZE if len(message.body) >= 4:
                # A window of nothing would be an acknowledgement for every read.
                self._window_bytes = max(10_000, int.from_bytes(message.body[:4]))
            case chunks.PEER_BANDWIDTH if len(message.body) >= 4:
                self._control(chunks.WINDOW_SIZE, message.body[:4])
            case chunks.COMMAND:
                self._got_command(amf0.decode(message.body), events)
            case chunks.DATA:
                self._got_data(message.body, events)
            case _:
                pass  # acknowledgements; shared objects; AMF3, which we did not ask for

    def _got_user_control(self, body: bytes, events: list[Event]) -> None:
        match int.from_bytes(body[:2]):
            case 6:  # _PING
                self._control(chunks.USER_CONTROL, _PONG.to_bytes(2) + body[2:6])
            case 1 if len(body) >= 2:  # _STREAM_EOF
                events.append(PublisherGone())
            case _:
                pass

    def _got_command(self, values: list[object], events: list[Event]) -> None:
        match values:
            case ["_result", 1.0, *_]:
                # Our own window; nginx counts nothing, others do.
                self._control(chunks.WINDOW_SIZE, _ACK_WINDOW_BYTES.to_bytes(4))
                self._command("createStream", _CREATE_STREAM, None)
            case ["_result", 2.0, _, float() as number, *_] if 0 < number < 0x10000:
                stream_id = int(number)
                body = amf0.encode("play", 0, None, self._name, _LIVE_ONLY)
                self._outgoing.append(
                    build_message(chunks.COMMAND, body, chunk_stream=_MEDIA, stream_id=stream_id)
                )
                buffer = _SET_BUFFER_LENGTH.to_bytes(2) + stream_id.to_bytes(4)
                self._control(chunks.USER_CONTROL, buffer + _BUFFER_MS.to_bytes(4))
            case ["_error", *rest]:
                events.append(Refused(_code_of(rest) or "NetConnection.Call.Failed"))
            case ["onStatus", *rest]:
                self._got_status(_code_of(rest), _level_of(rest), events)
            case _:
                pass

    def _got_status(self, code: str, level: str, events: list[Event]) -> None:
        match code:
            case "NetStream.Play.Start" | "NetStream.Play.Reset":
                events.append(Playing())
            case "NetStream.Play.UnpublishNotify" | "NetStream.Play.Stop":
                events.append(PublisherGone())
            case _ if level == "error":
                events.append(Refused(code))
            case _:
                pass

    def _got_data(self, body: bytes, events: list[Event]) -> None:
        try:
            content = amf0.decode(body)
        except RtmpError:
            return  # a publisher's own cue points, in forms that we don't know: not our business
        match content:
            case ["onMetaData", dict() as values, *_] | [
                "@setDataFrame",
                "onMetaData",
                dict() as values,
                *_,
            ]:
                events.append(Metadata(values))
            case _:
                pass  # |RtmpSampleAccess, cue points

    def _acknowledge(self) -> None:
        self._acknowledged_bytes = self._received_bytes
        self._control(chunks.ACKNOWLEDGEMENT, (self._received_bytes & 0xFFFFFFFF).to_bytes(4))

    def _control(self, kind: int, body: bytes) -> None:
        self._outgoing.append(build_message(kind, body))

    def _command(self, name: str, transaction: int, argument: object) -> None:
        body = amf0.encode(name, transaction, argument)
        self._outgoing.append(build_message(chunks.COMMAND, body, chunk_stream=_COMMANDS))


def _code_of(values: list[object]) -> str:
    return _text_of(values, "code")


def _level_of(values: list[object]) -> str:
    return _text_of(values, "level")


def _text_of(values: list[object], name: str) -> str:
    for value in values:
        if isinstance(value, dict):
            return str(value.get(name, ""))[:200]
    return ""
