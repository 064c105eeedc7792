"""One RTMP connection that publishes one live stream: bytes in, events out. No I/O here.

publisher = Publisher(Target("127.0.0.1", 1936, "out", "play_abc"))
send(publisher.start())
for event in publisher.receive(data): ...       # Ready: media may be sent
send(publisher.take_outgoing())
send(publisher.media(VIDEO, timestamp_ms, flv_tag_body))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bridge.rtmp.target import Target
from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import build_message
from playback.rtmp.client import Client, text_of
from playback.rtmp.errors import RtmpError

__all__ = ["Closed", "Event", "Publisher", "Ready", "Refused", "RtmpError"]

CHUNK_BYTES: Final = 60_000  # what ffmpeg announces, so every server knows it
_EXTENDED: Final = 0xFFFFFF

_CONNECT, _RELEASE, _FC_PUBLISH, _CREATE_STREAM, _PUBLISH, _UNPUBLISH, _DELETE = range(1, 8)
_COMMANDS: Final = 3  # chunk stream ids, as librtmp numbers them
_MEDIA: Final = 4


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


class Publisher(Client[Event]):
    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self._stream_id = 0
        self.ready = False

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
        code = text_of(rest, "code")
        match code:
            case "NetStream.Publish.Start":
                if not self.ready:
                    self.ready = True
                    events.append(Ready())
            case "NetStream.Unpublish.Success" | "NetConnection.Connect.Closed":
                events.append(Closed(code))
            case _ if text_of(rest, "level") == "error":
                events.append(Closed(code) if self.ready else _refused(rest, code))
            case _:
                pass

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
    return Refused(text_of(rest, "code") or code, text_of(rest, "description"))
