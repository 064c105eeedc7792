"""The process's UDP front: one socket per announced address, and whose datagram is whose."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

from embedded_sfu.transport.association import (
    HOLD_SOURCE_SECS,
    Association,
    AssociationHandler,
    Surroundings,
)
from embedded_sfu.transport.certificate import Identity, make_identity
from embedded_sfu.transport.counters import Counters, NoisyLog
from embedded_sfu.transport.dtls import make_context
from embedded_sfu.transport.srtp import Path, ReceiveBuffer
from embedded_sfu.wire import stun

log = logging.getLogger(__name__)

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
# A publisher's packet costs 1 ms with 300 viewers: 16 in a row and timers and gRPC get their turn.
DATAGRAMS_PER_TURN = 16
MAX_ASSOCIATIONS = 4096
_BIND_ATTEMPTS = 20
# Linux: the kernel says when a datagram came. A publisher's estimator must see the network's
# delays, not those of this process, which may wait tens of ms for a CPU.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_ANCILLARY_BYTES = 64
_MAX_LAG_SECS = 1.0


class EndpointFull(Exception):
    """As many associations as this process allows."""


class Endpoint:
    """One socket per announced address (same port on each) and one DTLS certificate.

    Never 0.0.0.0: a wildcard socket answers from another source address than the browser called,
    and ICE then stays in `checking` for ever. An address that is not one of this machine's (a
    public one in front of a 1:1 NAT) is announced only: what it forwards reaches another socket.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        port: int,
        *,
        counters: Counters | None = None,
        now: Callable[[], float] = time.monotonic,
        identity: Identity | None = None,
        max_associations: int = MAX_ASSOCIATIONS,
    ) -> None:
        self.counters = counters if counters is not None else Counters()
        self.associations: dict[str, Association] = {}
        self.port = port
        self._addresses = tuple(dict.fromkeys(str(ipaddress.ip_address(a)) for a in addresses))
        self._now = now
        self._identity = identity if identity is not None else make_identity()
        self._max_associations = max_associations
        self._sockets: list[socket.socket] = []
        # Source address -> association, per socket: the same browser may reach us on several.
        self._sources: dict[socket.socket, dict[Any, Association]] = {}
        self._buffer = ReceiveBuffer()
        self._noisy_log = NoisyLog(self.counters)
        self._logged_exception_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._around = Surroundings(
            context=make_context(self._identity),
            counters=self.counters,
            now=now,
            add_source=self._add_source,
            drop_source=self._drop_source,
            forget=self._forget,
        )

    @property
    def fingerprint(self) -> str:
        """As in a=fingerprint: "sha-256 AA:BB:…"."""
        return self._identity.fingerprint

    async def start(self) -> None:
        """Binds and listens. Raises OSError if not one of the addresses could be bound."""
        loop = asyncio.get_running_loop()
        self._sockets = self._bind_all()
        for each in self._sockets:
            self._sources[each] = {}
            loop.add_reader(each, self._readable, each)
        self._timer = loop.call_later(1.0, self._tick, loop)

    def close(self) -> None:
        """Closes every association (their handlers are told) and the sockets."""
        for association in list(self.associations.values()):
            association.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each)
            each.close()
        self._sockets = []
        self._sources = {}

    def candidates(self) -> list[str]:
        """Host candidates in the order of the addresses, as in a=candidate (without the "a=")."""
        return [
            # RFC 8445, 5.1.2.1: type preference 126 (host), local preference by order, component 1.
            f"candidate:{index + 1} 1 udp {126 << 24 | (65535 - index) << 8 | 255}"
            f" {address} {self.port} typ host"
            for index, address in enumerate(self._addresses)
        ]

    def associate(self, handler: AssociationHandler) -> Association:
        """A new peer's transport, with fresh credentials. Raises EndpointFull."""
        if len(self.associations) >= self._max_associations:
            raise EndpointFull(f"{self._max_associations} associations")
        association = Association(self._around, handler)
        while association.ufrag in self.associations:
            association = Association(self._around, handler)
        self.associations[association.ufrag] = association
        return association

    def check_ages(self) -> None:
        """Closes whoever was silent for too long; each second by the endpoint's own timer."""
        now = self._now()
        for association in list(self.associations.values()):
            try:
                association.check_age(now)
            except Exception:
                self._log_exception("a handler raised")

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(1.0, self._tick, loop)
        self.check_ages()
        self._noisy_log.tick()

    def _bind_all(self) -> list[socket.socket]:
        """Port 0 means any port that is free on every address; others might take it in between."""
        wanted = self.port
        for attempt in range(_BIND_ATTEMPTS):
            bound: list[socket.socket] = []
            self.port = wanted
            try:
                for address in self._addresses:
                    one = self._bind(address)
                    if one is not None:
                        bound.append(one)
                        self.port = one.getsockname()[1]
            except OSError as error:
                for each in bound:
                    each.close()
                in_use = error.errno == errno.EADDRINUSE
                if wanted != 0 or not in_use or attempt == _BIND_ATTEMPTS - 1:
                    raise
                continue
            if not bound:
                raise OSError(errno.EADDRNOTAVAIL, f"none of {self._addresses} is this machine's")
            return bound
        raise AssertionError("unreachable")

    def _bind(self, address: str) -> socket.socket | None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        one = socket.socket(family, socket.SOCK_DGRAM)
        try:
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with contextlib.suppress(OSError):  # without it our own delays look like the network's
                one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            one.bind((address, self.port))
        except OSError as error:
            one.close()
            if error.errno == errno.EADDRNOTAVAIL:
                log.info("%s is not this machine's: announced, not bound", address)
                return None
            raise
        return one

    # The receive loop: whatever comes in, nothing gets out but a count.

    def _readable(self, one: socket.socket) -> None:
        buffer = self._buffer
        for _ in range(DATAGRAMS_PER_TURN):
            try:
                length, ancillary, _, address = one.recvmsg_into((buffer.data,), _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error of an earlier send
                self.counters.send_errors += 1
                continue
            self.counters.datagrams_in += 1
            buffer.lag_secs = _lag_secs(ancillary)
            try:
                self._dispatch(one, address, length)
            except Exception:
                self._log_exception("a datagram raised")
            if not self._sources:  # closed by what it brought
                return

    def _dispatch(self, one: socket.socket, address: Any, length: int) -> None:
        counters = self.counters
        if length < 2:
            counters.malformed += 1
            return
        first = self._buffer.data[0]
        if first < 4:
            counters.stun_in += 1
            self._got_stun(one, address, bytes(self._buffer.data[:length]))
            return
        association = self._sources[one].get(address)
        if association is None:
            counters.unknown_source += 1
        elif 128 <= first <= 191:
            association.got_srtp(self._buffer, length)
        elif 20 <= first <= 63:
            counters.dtls_in += 1
            association.got_dtls(bytes(self._buffer.data[:length]))
        else:
            counters.malformed += 1

    def _got_stun(self, one: socket.socket, address: Any, datagram: bytes) -> None:
        message = stun.parse_message(datagram)
        if message is None:
            self.counters.malformed += 1
            return
        if message.message_type != stun.BINDING_REQUEST:
            return  # indications keep NATs open; we send no requests, so no response is ours
        username = message.username
        association = self.associations.get(username[0]) if username is not None else None
        if association is None or not stun.verify_integrity(datagram, message, association.pwd):
            # No error reply either: whoever does not know the password gets nothing.
            self.counters.stun_refused += 1
            return
        association.got_stun(message, (one, address))

    def _log_exception(self, what: str) -> None:
        self.counters.internal_errors += 1
        now = self._now()
        if now - self._logged_exception_at >= 1.0:
            self._logged_exception_at = now
            log.exception("%s", what)

    # What associations ask of their endpoint.

    def _add_source(self, path: Path, association: Association) -> bool:
        sources = self._sources[path[0]]
        holder = sources.get(path[1])
        if holder is not None and holder is not association:
            heard = holder.last_heard
            if heard is not None and self._now() - heard < HOLD_SOURCE_SECS:
                return False
            holder.lost_source(path)
        sources[path[1]] = association
        return True

    def _drop_source(self, path: Path, association: Association) -> None:
        sources = self._sources.get(path[0])
        if sources is not None and sources.get(path[1]) is association:
            del sources[path[1]]

    def _forget(self, association: Association) -> None:
        self.associations.pop(association.ufrag, None)


def _lag_secs(ancillary: Sequence[tuple[int, int, bytes]]) -> float:
    """How long ago the datagram came, 0 when the kernel does not say."""
    for level, kind, data in ancillary:
        if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            lag: float = time.time() - seconds - nanoseconds * 1e-9
            return lag if 0.0 <= lag <= _MAX_LAG_SECS else 0.0
    return 0.0
