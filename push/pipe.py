"""Between gateway and child: frames behind their length one way, JSON lines the other way."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from push.frames import HEAD_BYTES, MAX_FRAME_BYTES

CONTROL: Final = 0  # a first byte that no page's frame may have


def build_control(said: dict[str, Any]) -> bytes:
    return bytes((CONTROL,)) + bytes(HEAD_BYTES - 1) + json.dumps(said).encode()


def framed(frame: bytes) -> tuple[bytes, bytes]:
    return len(frame).to_bytes(4), frame


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """None: the gateway has ended."""
    try:
        size = int.from_bytes(await reader.readexactly(4))
        return await reader.readexactly(min(size, MAX_FRAME_BYTES))
    except asyncio.IncompleteReadError:
        return None


def parse_line(line: bytes) -> dict[str, Any]:
    """What a child says; {} for rubbish."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
