"""Viewers as raw sockets, read by one epoll loop in a thread: bytes and delays, nothing decoded."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Final, Self

from bench.flv.stream import MARK
from playback.rtmp.player import Media, Player

DELAYS_OF_EVERY: Final = (
    10  # viewers; looking into all bytes of all would cost more than serving them
)


class Viewers:
    """`kind`: "flv" or "rtmp". Measured between `start_counting` and leaving."""

    def __init__(self, kind: str, count: int, port: int, name: str) -> None:
        self.received_bytes = 0
        self.delays_ms: list[float] = []
        self.began = 0
        self._kind, self._count, self._port, self._name = kind, count, port, name
        self._counting = False
        self._stopping = False
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._players: dict[int, Player] = {}
        self._begun: set[int] = set()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        for _ in range(self._count):
            one = socket.create_connection(("127.0.0.1", self._port), 10)
            number = one.fileno()
            self._sockets[number] = one
            if self._kind == "rtmp":
                player = Player(f"127.0.0.1:{self._port}", "out", self._name)
                self._players[number] = player
                one.sendall(player.start())
            else:
                one.sendall(f"GET /flv/{self._name}.flv HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            one.setblocking(False)
            self._poll.register(number, select.EPOLLIN)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()
        for one in self._sockets.values():
            one.close()
        self._poll.close()

    def start_counting(self) -> None:
        self.received_bytes = 0
        self.delays_ms.clear()
        self._counting = True

    def _run(self) -> None:
        buffer = bytearray(1 << 18)
        view = memoryview(buffer)
        while not self._stopping:
            for number, _ in self._poll.poll(0.1):
                one = self._sockets[number]
                size = one.recv_into(buffer)
                if not size:
                    raise ConnectionError("a viewer was closed")
                self.received_bytes += size
                if number not in self._begun:
                    self._begin(one, number, bytes(view[:size]))
                elif self._counting and number % DELAYS_OF_EVERY == 0:
                    self.delays_ms += _delays(buffer, size)

    def _begin(self, one: socket.socket, number: int, data: bytes) -> None:
        """RTMP viewers have to talk until media comes; then both kinds only read."""
        player = self._players.get(number)
        has_media = player is None
        if player is not None:
            has_media = any(isinstance(event, Media) for event in player.receive(data))
            outgoing = player.take_outgoing()
            if outgoing:
                one.sendall(outgoing)
        if has_media:
            self._begun.add(number)
            self.began += 1


def _delays(buffer: bytearray, size: int) -> Iterator[float]:
    now_ns = time.monotonic_ns()
    at = buffer.find(MARK, 0, size)
    while 0 <= at <= size - len(MARK) - 8:
        (sent_ns,) = struct.unpack_from(">Q", buffer, at + len(MARK))
        yield (now_ns - sent_ns) / 1e6
        at = buffer.find(MARK, at + 1, size)
