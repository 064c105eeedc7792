"""A small WebRTC peer over one UDP socket: controlling ICE, DTLS, SRTP; no SDP, no codecs.

Built on the pieces of `embedded_sfu`, for tests of the transport and for the load generator.
"""

from __future__ import annotations

import asyncio
import functools
import os
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from OpenSSL import SSL

from embedded_sfu.transport.certificate import Identity, make_identity
from embedded_sfu.transport.counters import Counters
from embedded_sfu.transport.dtls import Dtls, DtlsRole, DtlsState, make_context
from embedded_sfu.transport.srtp import Inbound, Outbound, ReceiveBuffer
from embedded_sfu.wire import stun

CHECK_EVERY_SECS = 0.05
KEEP_EVERY_SECS = 2.5


class Watcher(Protocol):
    def watch(self, one: socket.socket, readable: Callable[[], None]) -> None: ...

    def unwatch(self, one: socket.socket) -> None: ...


class WebRtcPeer:
    """One peer connection's transport. Set the `on_*` fields before `connect`.

    A `watcher` takes the place of the event loop's readers: the load generator has a cheaper one.
    """

    def __init__(
        self,
        *,
        identity: Identity | None = None,
        context: SSL.Context | None = None,
        local_host: str = "127.0.0.1",
        watcher: Watcher | None = None,
    ) -> None:
        self.identity = identity if identity is not None else make_identity()
        self._context = context if context is not None else make_context(self.identity)
        self.ufrag = os.urandom(4).hex()
        self.pwd = os.urandom(12).hex()
        self.state = DtlsState.HANDSHAKING
        self.problem = ""
        self.counters = Counters()
        self.checks_answered = 0
        self.mapped_address: tuple[str, int] | None = None
        self.on_rtp: Callable[[bytes], None] = lambda _packet: None
        self.on_rtcp: Callable[[bytes], None] = lambda _packet: None
        self.connected = asyncio.Event()
        self.ended = asyncio.Event()
        self.nominate = True
        self.outbound = Outbound(self.counters)
        self.inbound: Inbound | None = None
        self.buffer = _shared_buffer()
        self._local_host = local_host
        self._watcher = watcher if watcher is not None else LoopWatcher()
        self._socket = self._open_socket()
        self._remote: tuple[str, int] | None = None
        self._remote_ufrag = ""
        self._remote_pwd = ""
        self._dtls: Dtls | None = None
        self._checks: asyncio.TimerHandle | None = None
        self._dtls_timer: asyncio.TimerHandle | None = None
        self._transactions: set[bytes] = set()

    @property
    def udp_socket(self) -> socket.socket:
        return self._socket

    @property
    def local_port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def connect(
        self,
        remote: tuple[str, int],
        *,
        ufrag: str,
        pwd: str,
        fingerprints: Sequence[tuple[str, str]],
        dtls_role: DtlsRole = "client",
    ) -> None:
        """Starts checks; DTLS follows the first answer. Await `connected` or `ended`."""
        self._remote = remote
        self._remote_ufrag, self._remote_pwd = ufrag, pwd
        self._dtls = Dtls(self._context, dtls_role, fingerprints)
        self.outbound.set_path((self._socket, remote))
        self.check()

    def check(self) -> None:
        """Sends a binding request now, and again after a while as long as the peer lives."""
        if self._checks is not None:
            self._checks.cancel()
        transaction_id = os.urandom(12)
        self._transactions.add(transaction_id)
        request = stun.build_binding_request(
            transaction_id,
            username=f"{self._remote_ufrag}:{self.ufrag}",
            pwd=self._remote_pwd,
            use_candidate=self.nominate,
        )
        self.send_raw(request)
        wait_secs = KEEP_EVERY_SECS if self.checks_answered else CHECK_EVERY_SECS
        self._checks = asyncio.get_running_loop().call_later(wait_secs, self.check)

    def roam(self, *, nominate: bool = True) -> None:
        """Goes on from a new socket, as after a change of network."""
        self._close_socket()
        self._socket = self._open_socket()
        if self._remote is not None:
            self.outbound.set_path((self._socket, self._remote))
        self.nominate = nominate
        self.check()

    def go_silent(self) -> None:
        """Sends nothing by itself any more."""
        if self._checks is not None:
            self._checks.cancel()
            self._checks = None

    def send_raw(self, datagram: bytes) -> None:
        if self._remote is not None:
            try:
                self._socket.sendto(datagram, self._remote)
            except OSError:
                self.counters.send_errors += 1

    def send_rtp(self, packet: bytes) -> bool:
        return self.outbound.send(bytearray(packet + bytes(64)), len(packet))

    def send_rtcp(self, packet: bytes) -> None:
        protected = self.outbound.protect_rtcp(packet)
        if protected is not None:
            self.send_raw(protected)

    def close(self, *, notify: bool = True) -> None:
        """Ends as a closed page (close_notify) or as a crashed one."""
        self.go_silent()
        if self._dtls_timer is not None:
            self._dtls_timer.cancel()
        if self._dtls is not None:
            self._dtls.close()
            if notify:
                self._flush()
        self._close_socket()
        self.outbound.close()
        self.ended.set()

    def _open_socket(self) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
        one.bind((self._local_host, 0))
        self._watcher.watch(one, self.readable)
        return one

    def _close_socket(self) -> None:
        if self._socket.fileno() >= 0:
            self._watcher.unwatch(self._socket)
            self._socket.close()

    def readable(self) -> None:
        for _ in range(64):
            try:
                length = self._socket.recv_into(self.buffer.data)
            except OSError:
                return
            self.got_datagram(length)
            if self._socket.fileno() < 0:
                return

    def got_datagram(self, length: int) -> None:
        """The first `length` bytes of `buffer` are what came in."""
        data = self.buffer.data
        if 128 <= data[0] <= 191:
            self._got_srtp(length)
        elif length and data[0] < 4:
            self._got_stun(bytes(data[:length]))
        elif 20 <= data[0] <= 63 and self._dtls is not None:
            self._dtls.got_datagram(bytes(data[:length]))
            self._after_dtls()

    def _got_srtp(self, length: int) -> None:
        buffer = self.buffer
        if self.inbound is None:
            return
        if 192 <= buffer.data[1] <= 223:
            compound = self.inbound.unprotect_rtcp(bytes(buffer.data[:length]))
            if compound is None:
                self.counters.srtp_rejected += 1
            else:
                self.on_rtcp(compound)
            return
        plain_length = self.inbound.unprotect_rtp(buffer, length)
        if plain_length:
            self.on_rtp(bytes(buffer.data[:plain_length]))
        else:
            self.counters.srtp_rejected += 1

    def _got_stun(self, datagram: bytes) -> None:
        message = stun.parse_message(datagram)
        if message is None or message.message_type != stun.BINDING_SUCCESS:
            return
        if message.transaction_id not in self._transactions:
            return
        if not stun.verify_integrity(datagram, message, self._remote_pwd):
            return
        self._transactions.clear()
        self.checks_answered += 1
        self.mapped_address = message.mapped_address
        if self.checks_answered == 1 and self._dtls is not None:
            self._dtls.start()
            self._after_dtls()

    def _flush(self) -> None:
        if self._dtls is not None:
            for datagram in self._dtls.take_outgoing():
                self.send_raw(datagram)

    def _after_dtls(self) -> None:
        dtls = self._dtls
        if dtls is None:
            return
        self._flush()
        if self._dtls_timer is not None:
            self._dtls_timer.cancel()
            self._dtls_timer = None
        timeout_secs = dtls.timeout_secs()
        if timeout_secs is not None:
            loop = asyncio.get_running_loop()
            self._dtls_timer = loop.call_later(timeout_secs, self._got_timeout)
        if dtls.state is self.state:
            return
        self.state, self.problem = dtls.state, dtls.problem
        if dtls.state is DtlsState.CONNECTED and dtls.keys is not None:
            self.inbound = Inbound(dtls.keys)
            self.outbound.open(dtls.keys)
            self.connected.set()
        else:
            self.go_silent()
            self.ended.set()

    def _got_timeout(self) -> None:
        if self._dtls is not None:
            self._dtls.got_timeout()
            self._after_dtls()


class LoopWatcher:
    """Readers of the running event loop."""

    def watch(self, one: socket.socket, readable: Callable[[], None]) -> None:
        asyncio.get_running_loop().add_reader(one, readable)

    def unwatch(self, one: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(one)


@functools.cache
def _shared_buffer() -> ReceiveBuffer:
    """One for all peers of a process: a datagram is done with before the next is read."""
    return ReceiveBuffer()
