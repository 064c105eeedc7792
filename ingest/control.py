"""Asks nginx's stat and control pages (loopback), from a thread or from the event loop."""

from __future__ import annotations

import asyncio
import http.client
import re
from typing import Final
from urllib.parse import urlencode

from django.conf import settings

from ingest.stat import Client, Unreadable, parse_stat

HOST: Final = "127.0.0.1"
TIMEOUT_SECS: Final = 1.0
EXPECT_TIMEOUT_SECS: Final = 0.3  # an encoder waits for us
STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})\b")
MAX_ANSWER_BYTES: Final = 4 << 20  # a stream takes 1–2 KB on the stat page, a viewer 200 bytes


class NotAnswering(Exception):
    """The page can't be had now: refused, timed out, too long, or not 200."""


def fetch(path: str, port: int | None = None, timeout_secs: float = TIMEOUT_SECS) -> bytes:
    """For a thread. Raises NotAnswering."""
    port = port or settings.RTMP_CONTROL_PORT
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_secs)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise NotAnswering(type(error).__name__) from None
    finally:
        connection.close()
    return _checked(answer.status, body)


async def fetch_soon(path: str, port: int | None = None) -> bytes:
    """For the event loop; `port`: another loopback server's. Raises NotAnswering."""
    try:
        async with asyncio.timeout(TIMEOUT_SECS):
            return await _get(path, port or settings.RTMP_CONTROL_PORT)
    except (OSError, ValueError, EOFError, TimeoutError) as error:
        raise NotAnswering(type(error).__name__) from None


async def _get(path: str, port: int) -> bytes:
    """HTTP/1.0, so that the answer ends with the connection and is never in chunks."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode("ascii"))
        await writer.drain()
        raw = b""
        while more := await reader.read(1 << 16):
            raw += more
            if len(raw) > MAX_ANSWER_BYTES:
                raise ValueError("too long")
    finally:
        writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    found = STATUS.match(head)
    if found is None:
        raise ValueError("no HTTP")
    return _checked(int(found[1]), body)


def _checked(status: int, body: bytes) -> bytes:
    if status != http.client.OK:
        raise NotAnswering(f"status {status}")
    if len(body) > MAX_ANSWER_BYTES:
        raise NotAnswering("too long")
    return body


# --- Paths --------------------------------------------------------------------------------------
STAT: Final = "/stat"


def drop_path(play_id: str) -> str:
    """Answers how many were dropped."""
    return "/control/drop/publisher?" + urlencode({"app": "live", "name": play_id})


def push_path(play_id: str, client_id: str) -> str:
    """That push alone: there is another one, to `raw`, of which WebRTC viewers have the picture."""
    query = {"app": "live", "name": play_id, "clientid": client_id}
    return "/control/drop/client?" + urlencode(query)


def drop_out_path(play_id: str) -> str:
    """Of whoever feeds `out`: nginx's own push, or a bridge."""
    query = {"srv": 1, "app": "out", "name": play_id}
    return "/control/drop/publisher?" + urlencode(query)


def record_path(verb: str, play_id: str, *, sound_only: bool = False) -> str:
    """`verb`: start or stop. Answers the path of the file, or nothing."""
    recorder = "sound" if sound_only else "flv"
    query = {"srv": 1, "app": "out", "name": play_id, "rec": recorder}
    return f"/control/record/{verb}?" + urlencode(query)


# --- Verbs --------------------------------------------------------------------------------------
def drop_publisher(play_id: str) -> int:
    """For a thread. How many were dropped. Raises NotAnswering."""
    return _count(fetch(drop_path(play_id)))


async def drop_publisher_soon(play_id: str) -> int:
    return _count(await fetch_soon(drop_path(play_id)))


async def push_again_soon(play_id: str) -> int:
    """Whoever fed `out` in the encoder's place has gone: nginx pushes again within 0.6 s."""
    try:
        stream = parse_stat(await fetch_soon(STAT)).publishers("live").get(play_id)
    except Unreadable:
        raise NotAnswering("unreadable") from None
    pushes = [] if stream is None else [one for one in stream.clients if is_push_to_out(one)]
    return sum([_count(await fetch_soon(push_path(play_id, one.client_id))) for one in pushes])


def is_push_to_out(client: Client) -> bool:
    """Nobody plays from `live` but nginx's own pushes, called by where they go: "…:1936/out"."""
    return not client.publishing and client.address.endswith("/out")


async def drop_out_publisher(play_id: str) -> int:
    """Makes room for another one. How many were dropped. Raises NotAnswering."""
    return _count(await fetch_soon(drop_out_path(play_id)))


def expect(play_id: str) -> None:
    """Has playback pull it from its first keyframe on, for who comes before the second."""
    fetch(f"/expect/{play_id}", settings.FLV_PORT, EXPECT_TIMEOUT_SECS)


async def record_start(play_id: str, *, sound_only: bool = False) -> str:
    """The file that nginx writes now; "" when it has no such stream. Raises NotAnswering."""
    return _file(await fetch_soon(record_path("start", play_id, sound_only=sound_only)))


async def record_stop(play_id: str) -> str:
    """Whatever kind of recorder it was."""
    stopped = [
        _file(await fetch_soon(record_path("stop", play_id, sound_only=sound_only)))
        for sound_only in (False, True)
    ]
    return stopped[0] or stopped[1]


def _file(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip()


def _count(body: bytes) -> int:
    text = body.strip()
    return int(text) if text.isdigit() and len(text) < 6 else 0
