"""A raw RTMP publisher, for what ffmpeg would never send: odd names, garbage, HEVC, silence."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import av

from tests.e2e.harness.camera import made_once

CHUNK_BYTES = 4096  # nginx is told so
AUDIO, VIDEO, COMMAND = 8, 9, 20


class Refused(Exception):
    """The server said no, or hung up."""


class RtmpClient:
    """One connection; every step is a call of its own, so that any of them can be left out."""

    def __init__(self, port: int, timeout_secs: float = 10.0, address: str = "127.0.0.1") -> None:
        """`address`: our own, as the server sees it."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_secs, (address, 0))
        self.bytes_heard = 0
        self._stamp_ms = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def handshake(self) -> None:
        self.socket.sendall(b"\x03" + bytes(8) + os.urandom(1528))
        answer = self._read(1 + 1536 + 1536)
        self.socket.sendall(answer[1:1537])

    def publish(self, name: str, app: str = "live") -> None:
        """Handshake and all the rest, until the server says that it may send. Raises Refused."""
        self.handshake()
        self._send(2, 1, 0, struct.pack(">I", CHUNK_BYTES))
        url = f"rtmp://127.0.0.1/{app}"
        self.command("connect", 1, {"app": app, "type": "nonprivate", "tcUrl": url})
        self.wait_for(b"NetConnection.Connect.Success")
        self.command("createStream", 2, None)
        self.wait_for(b"_result")
        self.command("publish", 3, None, name, "live", stream_id=1)
        self.wait_for(b"NetStream.Publish.Start")

    def play(self, name: str, app: str = "live") -> None:
        """Asks to play, until the first picture. Raises Refused."""
        self.handshake()
        self.command("connect", 1, {"app": app, "tcUrl": f"rtmp://127.0.0.1/{app}"})
        self.wait_for(b"NetConnection.Connect.Success")
        self.command("createStream", 2, None)
        self.wait_for(b"_result")
        self.command("play", 3, None, name, stream_id=1)
        self.wait_for(b"NetStream.Play.Start")

    def command(self, name: str, number: int, *values: Any, stream_id: int = 0) -> None:
        self._send(3, COMMAND, stream_id, b"".join(map(_amf, (name, float(number), *values))))

    def media(self, kind: int, stamp_ms: int, body: bytes) -> None:
        self._stamp_ms = stamp_ms
        self._send(4, kind, 1, body)

    def _send(self, chunk_stream: int, kind: int, stream_id: int, body: bytes) -> None:
        small = CHUNK_BYTES if kind in {AUDIO, VIDEO} or len(body) > 128 else 128
        head = bytes([chunk_stream]) + self._stamp_ms.to_bytes(3, "big")
        head += len(body).to_bytes(3, "big") + bytes([kind]) + struct.pack("<I", stream_id)
        pieces = [body[start : start + small] for start in range(0, len(body), small)] or [b""]
        self.socket.sendall(head + bytes([0xC0 | chunk_stream]).join(pieces))

    def wait_for(self, words: bytes) -> None:
        heard = b""
        while words not in heard:
            heard += self._some()
            if any(no in heard for no in (b"NetStream.Publish.BadName", b"_error", b"Failed")):
                raise Refused(heard[-200:])

    def is_closed(self, within_secs: float) -> bool:
        """The server hangs up; what it says before is not of interest."""
        deadline = time.monotonic() + within_secs
        try:
            while (left := deadline - time.monotonic()) > 0:
                self.socket.settimeout(left)
                self._some()
        except TimeoutError:
            return False
        except Refused:
            return True
        return False

    def _some(self) -> bytes:
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise Refused(str(error)) from None
        if not data:
            raise Refused("hung up")
        self.bytes_heard += len(data)
        return data

    def _read(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count:
            heard += self._some()
        return heard


def _amf(value: Any) -> bytes:
    match value:
        case None:
            return b"\x05"
        case float():
            return b"\x00" + struct.pack(">d", value)
        case str():
            raw = value.encode()
            return b"\x02" + struct.pack(">H", len(raw)) + raw
        case dict():
            inside = b"".join(_amf(name)[1:] + _amf(each) for name, each in value.items())
            return b"\x03" + inside + b"\x00\x00\x09"
    raise TypeError(value)


def hevc_tags() -> list[tuple[int, bytes]]:
    """(ms, FLV body) of real HEVC, in the old way that many encoders use: codec number 12."""
    with av.open(str(made_once("hevc-1.mp4", _encode_hevc))) as container:
        stream = container.streams.video[0]
        header = b"\x1c\x00\x00\x00\x00" + bytes(stream.codec_context.extradata or b"")
        tags = [(0, header)]
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                first = b"\x1c" if packet.is_keyframe else b"\x2c"
                stamp = round(float(packet.pts * packet.time_base) * 1000)
                tags.append((stamp, first + b"\x01\x00\x00\x00" + bytes(packet)))
    return tags


def enhanced(tags: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The same in the way of Enhanced RTMP: a four-letter code instead of a number."""
    found = []
    for stamp, body in tags:
        kind = 0 if body[1] == 0 else 1  # sequence header, coded frames (with composition time)
        first = bytes([0x80 | body[0] & 0x70 | kind])
        found.append((stamp, first + b"hvc1" + (body[5:] if kind == 0 else body[2:])))
    return found


def _encode_hevc(path: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-t", "2"]
    command += ["-i", "testsrc2=size=320x180:rate=15", "-c:v", "libx265", "-preset", "ultrafast"]
    command += ["-x265-params", "log-level=error:keyint=15:bframes=0:pools=1", "-tag:v", "hvc1"]
    subprocess.run([*command, str(path)], check=True, timeout=60)
