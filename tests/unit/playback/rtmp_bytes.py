"""Chunks as a server may send them, of every header type. For tests."""

from __future__ import annotations

from playback.rtmp import amf0
from playback.rtmp.chunks import build_message

HANDSHAKE = b"\x03" + b"\x01" * 1536 + b"\x02" * 1536


def chunk(
    header_type: int,
    payload: bytes = b"",
    *,
    stream: int = 4,
    time: int = 0,
    length: int | None = None,
    kind: int = 9,
    message_stream: int = 1,
    repeats_time: bool = True,
) -> bytes:
    """`time`: absolute for type 0, a difference for 1 and 2, for 3 what has to be repeated."""
    if stream < 64:
        data = bytes((header_type << 6 | stream,))
    elif stream < 320:
        data = bytes((header_type << 6, stream - 64))
    else:
        data = bytes((header_type << 6 | 1,)) + (stream - 64).to_bytes(2, "little")
    if header_type < 3:
        data += min(time, 0xFFFFFF).to_bytes(3)
    if header_type < 2:
        data += (len(payload) if length is None else length).to_bytes(3) + bytes((kind,))
    if header_type == 0:
        data += message_stream.to_bytes(4, "little")
    if time >= 0xFFFFFF and (header_type < 3 or repeats_time):
        data += time.to_bytes(4)
    return data + payload


def command(*values: object) -> bytes:
    return build_message(20, amf0.encode(*values), chunk_stream=3)


def status(code: str, level: str = "status") -> bytes:
    return command("onStatus", 0, None, {"level": level, "code": code, "description": ""})
