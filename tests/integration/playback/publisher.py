"""A publisher that sends exactly the messages it is told: odd timestamps, other codecs, garbage."""

from __future__ import annotations

import socket
import time
from typing import Self

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, build_message
from tests.unit.playback.rtmp_bytes import chunk

CHUNK_BYTES = 4096


class Publisher:
    def __init__(self, port: int, name: str, app: str = "out") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._reader = ChunkReader()
        self._socket.sendall(b"\x03" + bytes(1536))
        self._read(1537)
        self._socket.sendall(bytes(1536))
        self._read(1536)
        size = CHUNK_BYTES.to_bytes(4)
        self._command("connect", 1, {"app": app, "tcUrl": f"rtmp://127.0.0.1:{port}/{app}"})
        self._wait_for("_result")
        self._command("createStream", 2, None)
        self._wait_for("_result")
        self._socket.sendall(build_message(chunks.SET_CHUNK_SIZE, size))
        publish = amf0.encode("publish", 3, None, name, "live")
        self._socket.sendall(build_message(chunks.COMMAND, publish, chunk_stream=4, stream_id=1))
        self._wait_for("onStatus")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def metadata(self, values: dict[str, object]) -> None:
        self._message(18, 0, amf0.encode("@setDataFrame", "onMetaData", values))

    def video(self, timestamp_ms: int, body: bytes) -> None:
        self._message(9, timestamp_ms, body)

    def audio(self, timestamp_ms: int, body: bytes) -> None:
        self._message(8, timestamp_ms, body)

    def _message(self, kind: int, timestamp_ms: int, body: bytes) -> None:
        time_ms = timestamp_ms % 2**32
        data = chunk(0, body[:CHUNK_BYTES], time=time_ms, length=len(body), kind=kind)
        for at in range(CHUNK_BYTES, len(body), CHUNK_BYTES):
            data += chunk(3, body[at : at + CHUNK_BYTES], time=time_ms)
        self._socket.sendall(data)

    def _command(self, name: str, number: int, argument: object) -> None:
        body = amf0.encode(name, number, argument)
        self._socket.sendall(build_message(chunks.COMMAND, body, chunk_stream=3))

    def _wait_for(self, name: str) -> None:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            for message in self._reader.feed(self._socket.recv(65_536)):
                if message.kind == chunks.COMMAND and amf0.decode(message.body)[0] == name:
                    return
        raise AssertionError(f"nginx never said {name}")

    def _read(self, count: int) -> None:
        while count:
            count -= len(self._socket.recv(count))
