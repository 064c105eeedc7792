"""One RTMP connection that plays one live stream: bytes in, events out. No I/O here.

player = Player("127.0.0.1:1936", "out", "play_abc")
send(player.start())
for event in player.receive(data): ...
send(player.take_outgoing())
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import Message, build_message
from playback.rtmp.client import ACK_WINDOW_BYTES, Client, text_of
from playback.rtmp.errors import RtmpError

_BUFFER_MS: Final = 1_000
_LIVE_ONLY: Final = -1_000  # `play`'s start, in ms as players send it: never a recording

_CONNECT, _CREATE_STREAM = 1, 2
_STREAM_BEGIN: Final = b"\0\0"
_STREAM_EOF: Final = b"\0\1"
_SET_BUFFER_LENGTH: Final = 3
_COMMANDS, _MEDIA = 3, 8  # chunk stream ids


@dataclass(frozen=True, slots=True)
class Playing:
    """The server takes our `play`; where it lets players wait, nobody may publish yet."""


@dataclass(frozen=True, slots=True)
class PublisherThere:
    """Somebody publishes, and has sent something; what we get of it may be a while."""


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


Event = Playing | PublisherThere | Media | Metadata | PublisherGone | Refused


class Player(Client[Event]):
    def __init__(self, authority: str, app: str, name: str) -> None:
        super().__init__()
        self._authority = authority
        self._app = app
        self._name = name

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
            case chunks.USER_CONTROL if message.body[:2] == _STREAM_BEGIN:
                events.append(PublisherThere())
            case chunks.USER_CONTROL if message.body[:2] == _STREAM_EOF:
                events.append(PublisherGone())
            case chunks.DATA:
                self._got_data(message.body, events)
            case _:
                super()._got(message, events)

    def _got_command(self, values: list[object], events: list[Event]) -> None:
        match values:
            case ["_result", 1.0, *_]:
                # Our own window; nginx counts nothing, others do.
                self._control(chunks.WINDOW_SIZE, ACK_WINDOW_BYTES.to_bytes(4))
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
                events.append(Refused(text_of(rest, "code") or "NetConnection.Call.Failed"))
            case ["onStatus", *rest]:
                self._got_status(text_of(rest, "code"), text_of(rest, "level"), events)
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

    def _command(self, name: str, transaction: int, argument: object) -> None:
        body = amf0.encode(name, transaction, argument)
        self._outgoing.append(build_message(chunks.COMMAND, body, chunk_stream=_COMMANDS))
