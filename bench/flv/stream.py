"""The stream: 720p30 at 2 Mbit/s with AAC, and the wall clock in each picture. Sent by RTMP."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Final

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import build_message

FPS: Final = 30
FRAME_BYTES: Final = 7_500
KEYFRAME_BYTES: Final = 30_000
AUDIO_PER_SEC: Final = 43
AUDIO_BYTES: Final = 370
_CHUNK_BYTES: Final = 65_536
_AVC: Final = b"\x17\0\0\0\0" + bytes.fromhex("0142c01fffe100046742c01f01000468ce3c80")
_AAC: Final = b"\xaf\0\x12\x10"
MARK: Final = b"MicroVibe clock:"
"""Followed by the nanoseconds of time.monotonic_ns(), at the start of each picture's slice."""


async def publish(port: int, name: str) -> None:
    """To nginx's `out`, until cancelled."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"\x03" + bytes(1536))
        await reader.readexactly(1 + 1536 + 1536)
        writer.write(bytes(1536))
        app = {"app": "out", "tcUrl": f"rtmp://127.0.0.1:{port}/out"}
        for stream_id, command in (
            (0, amf0.encode("connect", 1, app)),
            (0, amf0.encode("createStream", 2, None)),
            (1, amf0.encode("publish", 3, None, name, "live")),
        ):
            writer.write(
                build_message(chunks.COMMAND, command, chunk_stream=3, stream_id=stream_id)
            )
            await asyncio.sleep(0.2)
        writer.write(build_message(chunks.SET_CHUNK_SIZE, _CHUNK_BYTES.to_bytes(4)))
        metadata = {"width": 1280, "height": 720, "videocodecid": 7, "audiocodecid": 10}
        writer.write(_message(18, 0, amf0.encode("@setDataFrame", "onMetaData", metadata)))
        writer.write(_message(9, 0, _AVC) + _message(8, 0, _AAC))
        draining = asyncio.create_task(_drain(reader))
        try:
            await _send(writer)
        finally:
            draining.cancel()
    finally:
        writer.close()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def _send(writer: asyncio.StreamWriter) -> None:
    started = time.monotonic()
    sound = bytes(AUDIO_BYTES)
    sounds = frame = 0
    while True:
        at_secs = frame / FPS
        await asyncio.sleep(max(0.0, started + at_secs - time.monotonic()))
        while sounds / AUDIO_PER_SEC <= at_secs:
            writer.write(_message(8, sounds * 1000 // AUDIO_PER_SEC, b"\xaf\1" + sound))
            sounds += 1
        is_key = frame % FPS == 0
        slice_ = (b"\x65" if is_key else b"\x41") + MARK + struct.pack(">Q", time.monotonic_ns())
        slice_ = slice_.ljust(KEYFRAME_BYTES if is_key else FRAME_BYTES, b"x")
        head = b"\x17\1\0\0\0" if is_key else b"\x27\1\0\0\0"
        body = head + len(slice_).to_bytes(4) + slice_
        writer.write(_message(9, frame * 1000 // FPS, body))
        await writer.drain()
        frame += 1


def _message(kind: int, at_ms: int, body: bytes) -> bytes:
    head = bytes((4,)) + at_ms.to_bytes(3) + len(body).to_bytes(3) + bytes((kind,))
    return head + (1).to_bytes(4, "little") + body
