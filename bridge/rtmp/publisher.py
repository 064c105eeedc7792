"""One RTMP connection that publishes one live stream: bytes in, events out. No I/O here.

publisher = Publisher(Target("127.0.0.1", 1936, "out", "play_abc"))
send(publisher.start())
for event in publisher.receive(data): ...       # Ready: media may be sent
send(publisher.take_outgoing())
send(publisher.media(VIDEO, timestamp_ms, flv_tag_body))
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from bridge.rtmp.target import Target
from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from playback.rtmp.errors import RtmpError

__all__ = ["Closed", "Event", "Publisher", "Ready", "Refused", "RtmpError"]

CHUNK_BYTES: Final = 60_000  # what ffmpeg announces, so every server knows it
_HANDSHAKE_BYTES: Final = 1536
_VERSION: Final = 3
_ACK_WINDOW_BYTES: Final = 2_500_000  # until the server names its own
_EXTENDED: Final = 0xFFFFFF

_CONNECT, _RELEASE, _FC_PUBLISH, _CREATE_STREAM, _PUBLISH, _UNPUBLISH, _DELETE = range(1, 8)
_COMMANDS: Final = 3  # chunk stream ids, as librtmp numbers them
_MEDIA: Final = 4
_PING, _PONG = 6, 7


@dataclass(frozen=True, slots=True)
class Ready:
    """The server takes the stream: media may be sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` as the server names it, e.g. "NetStream.Publish.BadName" (the name is taken)."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The server ended a stream that it had taken."""

    code: str


Event = Ready | Refused | Closed


class _State(Enum):
    VERSION_AND_S1 = auto()
    S2 = auto()
    CHUNKS = auto()


class Publisher:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._state = _State.VERSION_AND_S1
        self._buffer = b""
        self._reader = ChunkReader()
        self._outgoing: list[bytes] = []
        self._stream_id = 0
        self._window_bytes = _ACK_WINDOW_BYTES
        self._received_bytes = 0
        self._acknowledged_bytes = 0
        self.ready = False

    def start(self) -> bytes:
        """C0 and C1. The plain handshake: digests are for Flash only."""
        return bytes((_VERSION,)) + bytes(8) + os.urandom(_HANDSHAKE_BYTES - 8)

    def take_outgoing(self) -> bytes:
        """What has to be sent now; ask after each `receive`."""
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

    # --- media, once ready ----------------------------------------------------------------------

    def media(self, kind: int, timestamp_ms: int, body: bytes) -> bytes:
        """One audio or video message; `body` is an FLV tag's body."""
        return build_media(kind, timestamp_ms, body, self._stream_id)

    def metadata(self, values: Mapping[str, object]) -> bytes:
        body = amf0.encode("@setDataFrame", "onMetaData", values)
        return build_media(chunks.DATA, 0, body, self._stream_id)

    def end(self) -> bytes:
        """Say goodbye in order, so that the name is free at once."""
        if not self._stream_id:
            return b""
        self._command("FCUnpublish", _UNPUBLISH, None, self._target.name)
        self._command("deleteStream", _DELETE, None, self._stream_id)
        self.ready = False
        return self.take_outgoing()

    # --- inside ---------------------------------------------------------------------------------

    def _shake_hands(self, data: bytes) -> bytes | None:
        """What comes after the handshake; None while it is not complete."""
        self._buffer += data
        if self._state is _State.VERSION_AND_S1:
            if self._buffer and self._buffer[0] != _VERSION:
                raise RtmpError("not RTMP version 3")
            if len(self._buffer) <= _HANDSHAKE_BYTES:
                return None
            self._outgoing.append(self._buffer[1 : _HANDSHAKE_BYTES + 1])  # C2 is S1 back
            self._buffer = self._buffer[_HANDSHAKE_BYTES + 1 :]
            self._state = _State.S2
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
                "app": self._target.app,
                "type": "nonprivate",
                "flashVer": "FMLE/3.0 (compatible; MicroVibe)",  # the form servers expect
                "tcUrl": self._target.app_url,
            },
        )

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
                pass  # acknowledgements, other user controls, data of the server's own

    def _got_command(self, values: list[object], events: list[Event]) -> None:
        match values:
            case ["_result", 1.0, *_]:
                self._control(chunks.SET_CHUNK_SIZE, CHUNK_BYTES.to_bytes(4))
                self._command("releaseStream", _RELEASE, None, self._target.name)
                self._command("FCPublish", _FC_PUBLISH, None, self._target.name)
                self._command("createStream", _CREATE_STREAM, None)
            case ["_result", 4.0, _, float() as number, *_] if 0 < number < 0x10000:
                self._stream_id = int(number)
                body = amf0.encode("publish", _PUBLISH, None, self._target.name, "live")
                self._outgoing.append(_chunked(chunks.COMMAND, 0, body, self._stream_id))
            case ["_error", 1.0 | 4.0 | 5.0, *rest]:
                events.append(_refused(rest, "NetConnection.Call.Failed"))
            case ["onStatus", *rest]:
                self._got_status(rest, events)
            case ["close", *_]:
                events.append(Closed("NetConnection.Connect.Closed"))
            case _:
                pass  # replies to releaseStream and FCPublish, errors too: they are courtesies

    def _got_status(self, rest: list[object], events: list[Event]) -> None:
        code = _text_of(rest, "code")
        match code:
            case "NetStream.Publish.Start":
                if not self.ready:
                    self.ready = True
                    events.append(Ready())
            case "NetStream.Unpublish.Success" | "NetConnection.Connect.Closed":
                events.append(Closed(code))
            case _ if _text_of(rest, "level") == "error":
                events.append(Closed(code) if self.ready else _refused(rest, code))
            case _:
                pass

    def _control(self, kind: int, body: bytes) -> None:
        self._outgoing.append(build_message(kind, body))

    def _command(self, name: str, transaction: int, *arguments: object) -> None:
        body = amf0.encode(name, transaction, *arguments)
        # Before connect's reply chunks have 128 bytes, as the server still expects.
        if transaction == _CONNECT:
            self._outgoing.append(build_message(chunks.COMMAND, body, chunk_stream=_COMMANDS))
        else:
            self._outgoing.append(_chunked(chunks.COMMAND, 0, body, 0, _COMMANDS))


def build_media(kind: int, timestamp_ms: int, body: bytes, stream_id: int) -> bytes:
    """In chunks of CHUNK_BYTES. `timestamp_ms` goes out modulo 2^32, always as an absolute time."""
    return _chunked(kind, timestamp_ms & 0xFFFFFFFF, body, stream_id)


def _chunked(
    kind: int, timestamp_ms: int, body: bytes, stream_id: int, chunk_stream: int = _MEDIA
) -> bytes:
    # A full header for each message (12 bytes): nothing depends on what was sent before.
    extended = timestamp_ms.to_bytes(4) if timestamp_ms >= _EXTENDED else b""
    header = b"".join(
        (
            bytes((chunk_stream,)),
            min(timestamp_ms, _EXTENDED).to_bytes(3),
            len(body).to_bytes(3),
            bytes((kind,)),
            stream_id.to_bytes(4, "little"),
            extended,
        )
    )
    if len(body) <= CHUNK_BYTES:
        return header + body
    again = bytes((0xC0 | chunk_stream,)) + extended
    parts = [header, body[:CHUNK_BYTES]]
    for at in range(CHUNK_BYTES, len(body), CHUNK_BYTES):
        parts += (again, body[at : at + CHUNK_BYTES])
    return b"".join(parts)


def _refused(rest: list[object], code: str) -> Refused:
    return Refused(_text_of(rest, "code") or code, _text_of(rest, "description"))


def _text_of(values: list[object], name: str) -> str:
    for value in values:
        if isinstance(value, dict):
            return str(value.get(name, ""))[:200]
    return ""
