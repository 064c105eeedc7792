"""One peer's transport: its ICE-lite credentials, path, DTLS and SRTP, and how it ends.

`endpoint.py` owns the sockets and brings datagrams here; nothing here raises at what a peer sends.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from OpenSSL import SSL

from embedded_sfu.transport.counters import Counters
from embedded_sfu.transport.dtls import Dtls, DtlsRole, DtlsState
from embedded_sfu.transport.srtp import Inbound, Outbound, Path, ReceiveBuffer
from embedded_sfu.wire import rtp, stun

CloseReason = Literal["consent_lost", "dtls_failed", "dtls_closed", "closed"]

# RFC 7675: consent expires 30 s after the last sign of the peer.
CONSENT_SECS = 30.0
# A handshake takes 3 round trips; 20 s of retransmissions are a path that does not carry it.
HANDSHAKE_SECS = 20.0
# A browser checks from each of its interfaces, over IPv4 and IPv6; more is a game.
MAX_PATHS = 8
# A ClientHello may overtake the description with its fingerprint: 2 datagrams, plus repeats.
MAX_EARLY_DATAGRAMS = 4
# Whoever holds a source address keeps it while alive: a check of somebody else, from a made-up
# source, must not take it over. Browsers check every 2.5 s.
HOLD_SOURCE_SECS = 5.0

_ALPHABET = string.ascii_letters + string.digits


class AssociationHandler(Protocol):
    """What an association tells its owner; called on the event loop, never awaited."""

    def got_connected(self) -> None: ...

    def got_rtp(self, packet: bytearray | memoryview, arrival_ms: int) -> None:
        """A decrypted packet with a valid header; the buffer is valid during this call only."""

    def got_rtcp(self, packet: bytes) -> None: ...

    def got_closed(self, reason: str) -> None:
        """Once, as the last call; "closed" follows the owner's own `close()`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an association needs of its endpoint."""

    context: SSL.Context
    counters: Counters
    now: Callable[[], float]
    add_source: Callable[[Path, Association], bool]
    drop_source: Callable[[Path, Association], None]
    forget: Callable[[Association], None]


class Association:
    """See the module. Made by `Endpoint.associate`."""

    __slots__ = (
        "_around",
        "_dtls",
        "_early",
        "_handler",
        "_inbound",
        "_outbound",
        "_path",
        "_paths",
        "_remote",
        "_started_at",
        "_timer",
        "closed",
        "connected",
        "last_heard",
        "pwd",
        "send_rtp",
        "ufrag",
    )

    def __init__(self, around: Surroundings, handler: AssociationHandler) -> None:
        self.ufrag = _random_text(8)
        self.pwd = _random_text(24)
        self.connected = False
        self.closed = False
        self.last_heard: float | None = None
        self._around = around
        self._handler = handler
        self._remote: tuple[str, str] | None = None
        self._dtls: Dtls | None = None
        self._inbound: Inbound | None = None
        self._outbound = Outbound(around.counters)
        self._path: Path | None = None
        self._paths: list[Path] = []
        self._early: list[bytes] = []
        self._started_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        # The hot path without a frame in between; valid before, during and after the connection.
        self.send_rtp: Callable[[bytearray, int], bool] = self._outbound.send

    @property
    def remote_address(self) -> tuple[str, int] | None:
        return None if self._path is None else (self._path[1][0], self._path[1][1])

    def set_remote(
        self,
        *,
        ufrag: str,
        pwd: str,
        fingerprints: Sequence[tuple[str, str]],
        dtls_role: DtlsRole,
    ) -> None:
        """What the peer's description says, and our own DTLS role. Only the first call counts."""
        if self.closed or self._remote is not None:
            return
        self._remote = (ufrag, pwd)
        self._started_at = self.last_heard = self._around.now()
        self._dtls = Dtls(self._around.context, dtls_role, fingerprints)
        if self._path is not None:
            self._dtls.start()
        early, self._early = self._early, []
        for datagram in early:
            self._dtls.got_datagram(datagram)
        self._after_dtls()

    def send_rtcp(self, packet: bytes) -> None:
        """Protects and sends one compound; dropped while there is no connection."""
        protected = self._outbound.protect_rtcp(packet)
        if protected is not None:
            self._send(protected)

    def close(self) -> None:
        """Tells the peer (close_notify) and forgets it; `got_closed("closed")` follows at once."""
        self._close("closed")

    # Called by the endpoint.

    def got_stun(self, message: stun.StunMessage, path: Path) -> None:
        """A binding request for our ufrag whose signature was right."""
        if self.closed:
            return
        username = message.username
        if self._remote is not None and (
            username is None or not _same_text(username[1], self._remote[0])
        ):
            self._around.counters.stun_refused += 1
            return
        if not self._learn(path):
            self._around.counters.stun_refused += 1
            return
        self.last_heard = self._around.now()
        reply = stun.build_binding_success(message.transaction_id, path[1], self.pwd)
        send_datagram(self._around.counters, path, reply)
        if self._path is None:
            # Media may go as soon as one request was right: nomination would cost 50-500 ms more.
            self._set_path(path)
            if self._dtls is not None:
                self._dtls.start()
                self._after_dtls()
        elif message.use_candidate and path != self._path:
            self._around.counters.roamed += 1
            self._set_path(path)

    def got_dtls(self, datagram: bytes) -> None:
        if self.closed:
            return
        if self._dtls is None:
            self._around.counters.too_early += 1
            if len(self._early) < MAX_EARLY_DATAGRAMS:
                self._early.append(datagram)
            return
        self._dtls.got_datagram(datagram)
        self._after_dtls()

    def got_srtp(self, buffer: ReceiveBuffer, length: int) -> None:
        counters = self._around.counters
        inbound = self._inbound
        if inbound is None:
            counters.too_early += 1
            return
        if rtp.is_rtcp(buffer.data):
            compound = inbound.unprotect_rtcp(bytes(buffer.data[:length]))
            if compound is None:
                counters.srtp_rejected += 1
                return
            counters.rtcp_in += 1
            self.last_heard = self._around.now()
            self._handler.got_rtcp(compound)
            return
        plain_length = inbound.unprotect_rtp(buffer, length)
        if plain_length == 0:
            counters.srtp_rejected += 1
            return
        if rtp.parse_header(buffer.data, plain_length) is None:
            counters.malformed += 1
            return
        counters.rtp_in += 1
        self.last_heard = now = self._around.now()
        arrival_ms = int((now - buffer.lag_secs) * 1000)
        self._handler.got_rtp(buffer.view[:plain_length], arrival_ms)

    def check_age(self, now: float) -> None:
        """Once a second: is the peer still there?"""
        if self.closed or self.last_heard is None:
            return
        if now - self.last_heard >= CONSENT_SECS:
            self._close("consent_lost")
        elif (
            not self.connected
            and self._dtls is not None
            and self._path is not None
            and now - self._started_at >= HANDSHAKE_SECS
        ):
            self._close("dtls_failed")

    # Own business.

    def _learn(self, path: Path) -> bool:
        """Takes datagrams from this path as this peer's, the oldest of too many is forgotten."""
        if path in self._paths:
            return True
        if not self._around.add_source(path, self):
            return False
        self._paths.append(path)
        if len(self._paths) > MAX_PATHS:
            oldest = next(known for known in self._paths if known != self._path)
            self._paths.remove(oldest)
            self._around.drop_source(oldest, self)
        return True

    def lost_source(self, path: Path) -> None:
        """The endpoint gave this source to another association."""
        if path in self._paths:
            self._paths.remove(path)

    def _set_path(self, path: Path) -> None:
        self._path = path
        self._outbound.set_path(path)

    def _send(self, datagram: bytes) -> None:
        if self._path is not None:
            send_datagram(self._around.counters, self._path, datagram)

    def _after_dtls(self) -> None:
        """Sends what DTLS wants to say, arms its timer, and acts on what became of it."""
        dtls = self._dtls
        if dtls is None:
            return
        if self._path is not None:
            for datagram in dtls.take_outgoing():
                self._send(datagram)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        match dtls.state:
            case DtlsState.HANDSHAKING:
                timeout_secs = dtls.timeout_secs()
                if timeout_secs is not None:
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(max(timeout_secs, 0.01), self._got_timeout)
            case DtlsState.CONNECTED:
                if not self.connected and dtls.keys is not None:
                    self._inbound = Inbound(dtls.keys)
                    self._outbound.open(dtls.keys)
                    self.connected = True
                    self._around.counters.connected += 1
                    self._handler.got_connected()
            case DtlsState.FAILED:
                self._close("dtls_failed")
            case DtlsState.CLOSED:
                self._close("dtls_closed")

    def _got_timeout(self) -> None:
        self._timer = None
        if self._dtls is not None:
            self._dtls.got_timeout()
            self._after_dtls()

    def _close(self, reason: CloseReason) -> None:
        if self.closed:
            return
        self.closed = True
        self.connected = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._dtls is not None:
            self._dtls.close()
            for datagram in self._dtls.take_outgoing():
                self._send(datagram)
            self._dtls = None
        if reason == "consent_lost":
            self._around.counters.closed_consent += 1
        elif reason != "closed":
            self._around.counters.closed_dtls += 1
        self._outbound.close()
        self._inbound = None
        for path in self._paths:
            self._around.drop_source(path, self)
        self._paths.clear()
        self._around.forget(self)
        self._handler.got_closed(reason)


def send_datagram(counters: Counters, path: Path, datagram: bytes) -> None:
    try:
        path[0].sendto(datagram, path[1])
    except BlockingIOError:
        counters.send_full += 1
    except OSError:
        counters.send_errors += 1


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _same_text(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8"), other.encode("utf-8"))
