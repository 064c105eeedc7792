"""RTMP's chunk stream: bytes to messages and back (RTMP 1.0, section 5.3). No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from playback.rtmp.errors import RtmpError

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024  # nginx's max_message of docs/ingest.md
MAX_UNFINISHED_BYTES: Final = 2 * MAX_MESSAGE_BYTES  # over all chunk streams
MAX_CHUNK_STREAMS: Final = 64  # nginx uses 5

SET_CHUNK_SIZE: Final = 1
ABORT: Final = 2
ACKNOWLEDGEMENT: Final = 3
USER_CONTROL: Final = 4
WINDOW_SIZE: Final = 5
PEER_BANDWIDTH: Final = 6
AUDIO: Final = 8
VIDEO: Final = 9
DATA: Final = 18
COMMAND: Final = 20

_EXTENDED: Final = 0xFFFFFF
_HEADER_BYTES: Final = (11, 7, 3, 0)
_DEFAULT_CHUNK_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    stream_id: int
    timestamp_ms: int
    """Absolute, modulo 2^32."""
    body: bytes


@dataclass(slots=True)
class _ChunkStream:
    timestamp_ms: int = 0
    field_ms: int = 0
    """What the last header said: an absolute time (type 0) or a difference (types 1 and 2)."""
    extended: bool = False
    length: int = 0
    kind: int = 0
    stream_id: int = 0
    body: bytearray = field(default_factory=bytearray)


class ChunkReader:
    """Keeps at most one chunk, and unfinished messages up to MAX_UNFINISHED_BYTES."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkStream] = {}
        self._chunk_bytes = _DEFAULT_CHUNK_BYTES
        self._unfinished_bytes = 0

    def feed(self, data: bytes) -> list[Message]:
        """Messages that are whole now. RtmpError: nothing after it can be read."""
        buffer = self._buffer
        buffer += data
        messages: list[Message] = []
        position = 0
        while True:
            after = self._chunk(buffer, position, messages)
            if after is None:
                break
            position = after
        del buffer[:position]
        return messages

    def _chunk(self, buffer: bytearray, start: int, messages: list[Message]) -> int | None:
        """Read one chunk; where it ends, or None while some of it is missing."""
        available = len(buffer)
        if available - start < 1:
            return None
        header_type, number = buffer[start] >> 6, buffer[start] & 0x3F
        at = start + 1
        if number < 2:  # one or two more bytes of chunk stream id
            extra = number + 1
            if available - at < extra:
                return None
            number = 64 + int.from_bytes(buffer[at : at + extra], "little")
            at += extra
        if available - at < _HEADER_BYTES[header_type]:
            return None
        stream = self._streams.get(number)
        if stream is None:
            if header_type == 3:
                raise RtmpError("a chunk goes on that never began")
            if len(self._streams) >= MAX_CHUNK_STREAMS:
                raise RtmpError("too many chunk streams")
        if header_type == 3:
            return self._go_on(buffer, at, number, messages)

        field_ms = int.from_bytes(buffer[at : at + 3])
        extended = field_ms == _EXTENDED
        after_header = at + _HEADER_BYTES[header_type]
        if extended:
            if available - after_header < 4:
                return None
            field_ms = int.from_bytes(buffer[after_header : after_header + 4])
        payload_at = after_header + 4 * extended
        stream = stream or _ChunkStream()
        length = stream.length
        if header_type < 2:
            length = int.from_bytes(buffer[at + 3 : at + 6])
        if length > MAX_MESSAGE_BYTES:
            raise RtmpError(f"a message of {length} bytes")
        payload_bytes = min(length, self._chunk_bytes)
        if available - payload_at < payload_bytes:
            return None
        if stream.body:
            raise RtmpError("a message begins before the last one ended")
        if header_type < 2:
            stream.length, stream.kind = length, buffer[at + 6]
        if header_type == 0:
            stream.stream_id = int.from_bytes(buffer[at + 7 : at + 11], "little")
        stream.field_ms, stream.extended = field_ms, extended
        base_ms = 0 if header_type == 0 else stream.timestamp_ms
        stream.timestamp_ms = (base_ms + field_ms) & 0xFFFFFFFF
        self._streams[number] = stream
        return self._payload(stream, buffer, payload_at, payload_bytes, messages)

    def _go_on(
        self, buffer: bytearray, at: int, number: int, messages: list[Message]
    ) -> int | None:
        """Type 3: the rest of a message, or a new one whose header is the last one's."""
        stream = self._streams[number]
        if stream.extended:
            # nginx, ffmpeg and the specification repeat the extended timestamp here. Some encoders
            # do not, so it is only skipped where it really stands.
            if len(buffer) - at < 4:
                return None
            if int.from_bytes(buffer[at : at + 4]) == stream.field_ms:
                at += 4
        payload_bytes = min(stream.length - len(stream.body), self._chunk_bytes)
        if len(buffer) - at < payload_bytes:
            return None
        if not stream.body:
            stream.timestamp_ms = (stream.timestamp_ms + stream.field_ms) & 0xFFFFFFFF
        return self._payload(stream, buffer, at, payload_bytes, messages)

    def _payload(
        self,
        stream: _ChunkStream,
        buffer: bytearray,
        at: int,
        payload_bytes: int,
        messages: list[Message],
    ) -> int:
        end = at + payload_bytes
        if not stream.body and payload_bytes == stream.length:  # whole in one chunk: no detour
            self._finish(stream, bytes(buffer[at:end]), messages)
            return end
        stream.body += buffer[at:end]
        self._unfinished_bytes += payload_bytes
        if self._unfinished_bytes > MAX_UNFINISHED_BYTES:
            raise RtmpError("too many unfinished messages")
        if len(stream.body) >= stream.length:
            body, stream.body = bytes(stream.body), bytearray()
            self._unfinished_bytes -= len(body)
            self._finish(stream, body, messages)
        return end

    def _finish(self, stream: _ChunkStream, body: bytes, messages: list[Message]) -> None:
        """The two messages that are about chunks act at once, in the middle of a read."""
        match stream.kind:
            case 1:  # SET_CHUNK_SIZE
                size = int.from_bytes(body[:4])
                if len(body) < 4 or not 0 < size < 0x80000000:
                    raise RtmpError("not a chunk size")
                self._chunk_bytes = size
            case 2:  # ABORT
                other = self._streams.get(int.from_bytes(body[:4]))
                if other is not None:
                    self._unfinished_bytes -= len(other.body)
                    other.body = bytearray()
            case kind:
                messages.append(Message(kind, stream.stream_id, stream.timestamp_ms, body))


def build_message(kind: int, body: bytes, *, chunk_stream: int = 2, stream_id: int = 0) -> bytes:
    """One message in chunks of the size that every connection begins with (128 bytes)."""
    header = (
        bytes((chunk_stream,))
        + bytes(3)
        + len(body).to_bytes(3)
        + bytes((kind,))
        + stream_id.to_bytes(4, "little")
    )
    parts = [header, body[:_DEFAULT_CHUNK_BYTES]]
    for at in range(_DEFAULT_CHUNK_BYTES, len(body), _DEFAULT_CHUNK_BYTES):
        parts += [bytes((0xC0 | chunk_stream,)), body[at : at + _DEFAULT_CHUNK_BYTES]]
    return b"".join(parts)
