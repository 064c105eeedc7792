"""Hears nginx's datagrams about HLS, and writes how many watch outside our pages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Final

from channels.db import database_sync_to_async

from ingest.playback_job import Playback
from ingest.viewers import HlsViewers
from live import actions
from worker.job import Job

logger = logging.getLogger("ingest")
MAX_DATAGRAM_BYTES: Final = 512
LONGEST_PATH_BYTES: Final = 100  # Linux takes 107, macOS 103
WRITABLE_BY_NGINX: Final = 0o666  # its workers may be another user; the folder is ours


class Viewers(Job):
    name = "viewers"
    every_secs = 2.0

    def __init__(self, path: Path, playback: Playback) -> None:
        self._path = path
        self._playback = playback
        self._hls = HlsViewers()
        self._socket: socket.socket | None = None
        self._told: dict[str, tuple[int, int]] | None = None

    async def tick(self) -> None:
        if self._socket is None or not self._path.is_socket():
            self._listen()
        flv, hls = self._playback.viewers, self._hls.counts(time.monotonic())
        found = {name: (flv.get(name, 0), hls.get(name, 0)) for name in flv.keys() | hls.keys()}
        if found != self._told:
            await database_sync_to_async(actions.do_set_outside_viewers)(found)
            self._told = found

    def _listen(self) -> None:
        """In place of a socket that a dead worker left, or that somebody removed."""
        self._close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            bind_at(made, self._path)
            os.chmod(self._path, WRITABLE_BY_NGINX)
        except OSError:
            made.close()
            raise
        self._socket = made
        asyncio.get_running_loop().add_reader(made, self._read, made)

    def _read(self, ours: socket.socket) -> None:
        """A thousand at most, then others have their turn."""
        now = time.monotonic()
        with contextlib.suppress(BlockingIOError):
            for _ in range(1_000):
                self._hls.got_datagram(ours.recv(MAX_DATAGRAM_BYTES), now)

    def _close(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()


def bind_at(made: socket.socket, path: Path) -> None:
    """Also where the path is too long for a socket (on Linux, by the folder's descriptor)."""
    if len(os.fsencode(path)) <= LONGEST_PATH_BYTES:
        made.bind(str(path))
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        made.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
