"""One DTLS handshake over memory BIOs: datagrams in, datagrams and SRTP keys out. No sockets."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from OpenSSL import SSL

from embedded_sfu.transport.certificate import Identity, matches

# 1,200 bytes pass every path that carries media (IPv6 minimum MTU 1,280 less headers).
CIPHERTEXT_MTU = 1200
# pyOpenSSL has no name for it. 1.2 is pinned because records are split by its 13-byte header.
_DTLS_1_2 = 0xFEFD
_RECORD_HEADER_BYTES = 13
_BIO_CHUNK_BYTES = 16384
_EXPORTER_LABEL = b"EXTRACTOR-dtls_srtp"
# Ours is an ECDSA certificate; RSA is for encoders that will only be the DTLS server (FFmpeg).
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384"
)
# GCM first: with AES in hardware it is cheaper than AES-CM and SHA-1.
_SRTP_PROFILES = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
_KEY_BYTES = 16
_SALT_BYTES = {b"SRTP_AEAD_AES_128_GCM": 12, b"SRTP_AES128_CM_SHA1_80": 14}

DtlsRole = Literal["client", "server"]


class DtlsState(enum.Enum):
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, repr=False)
class SrtpKeys:
    """What the handshake agreed on. No repr: keys never reach a log."""

    profile: Literal["gcm", "cm"]
    local: bytes
    """Key and salt of what we send."""
    remote: bytes


def make_context(identity: Identity) -> SSL.Context:
    """The process's one Context: certificate, ciphers and SRTP profiles."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(_DTLS_1_2)
    context.set_max_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # Any certificate is let through here: its fingerprint is checked before a key is used.
    context.set_verify(
        SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_certificate: True
    )
    context.use_certificate(identity.certificate)
    context.use_privatekey(identity.key)
    context.set_cipher_list(_CIPHERS)
    context.set_tlsext_use_srtp(_SRTP_PROFILES)
    return context


class Dtls:
    """The state of one peer's DTLS. After each call, send what `take_outgoing` returns."""

    __slots__ = ("_connection", "_fingerprints", "_role", "keys", "problem", "state")

    def __init__(
        self, context: SSL.Context, role: DtlsRole, fingerprints: Sequence[tuple[str, str]]
    ) -> None:
        self._role = role
        self._fingerprints = tuple(fingerprints)
        self._connection = SSL.Connection(context)
        self._connection.set_ciphertext_mtu(CIPHERTEXT_MTU)
        if role == "client":
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.state = DtlsState.HANDSHAKING
        self.keys: SrtpKeys | None = None
        self.problem = ""

    def start(self) -> None:
        """The client's first flight; nothing happens for a server."""
        if self._role == "client":
            self._handshake()

    def got_datagram(self, datagram: bytes) -> None:
        """One datagram whose first byte is 20-63; never raises, whatever is in it."""
        if self.state in (DtlsState.FAILED, DtlsState.CLOSED) or not datagram:
            return
        try:
            self._connection.bio_write(datagram)
        except SSL.Error:
            return
        if self.state is DtlsState.HANDSHAKING:
            self._handshake()
        if self.state is DtlsState.CONNECTED:
            self._read()

    def got_timeout(self) -> None:
        """`timeout_secs` have passed: repeats the last flight."""
        if self.state is not DtlsState.HANDSHAKING:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except (SSL.Error, AssertionError) as error:  # it gives up after 12 repeats
            self._fail(f"timeout: {error}")

    def timeout_secs(self) -> float | None:
        """How long until `got_timeout` is due, or None if no flight is on its way."""
        if self.state is not DtlsState.HANDSHAKING:
            return None
        return self._connection.DTLSv1_get_timeout()

    def close(self) -> None:
        """Queues close_notify, so that the peer knows at once instead of after 30 s."""
        if self.state is DtlsState.CONNECTED:
            with contextlib.suppress(SSL.Error, AssertionError):
                self._connection.shutdown()
        if self.state is not DtlsState.FAILED:
            self.state = DtlsState.CLOSED

    def take_outgoing(self) -> list[bytes]:
        """The datagrams to send now, each at most CIPHERTEXT_MTU bytes."""
        parts: list[bytes] = []
        with contextlib.suppress(SSL.Error):  # WantReadError: nothing (more) there
            while True:
                parts.append(self._connection.bio_read(_BIO_CHUNK_BYTES))
        return split_records(b"".join(parts)) if parts else []

    def _handshake(self) -> None:
        try:
            self._connection.do_handshake()
        except (SSL.WantReadError, SSL.WantWriteError):
            return
        except SSL.Error as error:
            self._fail(str(error))
            return
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not matches(certificate, self._fingerprints):
            self._fail("the certificate is not the one of the description")
            return
        profile = self._connection.get_selected_srtp_profile()
        salt_bytes = _SALT_BYTES.get(profile)
        if salt_bytes is None:
            self._fail("no SRTP profile in common")
            return
        self.keys = self._export(profile, salt_bytes)
        self.state = DtlsState.CONNECTED

    def _export(self, profile: bytes, salt_bytes: int) -> SrtpKeys:
        """RFC 5764, 4.2: client key, server key, client salt, server salt."""
        raw = self._connection.export_keying_material(
            _EXPORTER_LABEL, 2 * (_KEY_BYTES + salt_bytes)
        )
        salts = 2 * _KEY_BYTES
        client = raw[:_KEY_BYTES] + raw[salts : salts + salt_bytes]
        server = raw[_KEY_BYTES:salts] + raw[salts + salt_bytes :]
        name: Literal["gcm", "cm"] = "gcm" if salt_bytes == 12 else "cm"
        if self._role == "client":
            return SrtpKeys(name, client, server)
        return SrtpKeys(name, server, client)

    def _read(self) -> None:
        """Reads away alerts, repeated flights and application data (we carry no data channels)."""
        try:
            while True:
                self._connection.recv(CIPHERTEXT_MTU)
        except (SSL.WantReadError, SSL.WantWriteError):
            return
        except SSL.ZeroReturnError:
            self.state = DtlsState.CLOSED
        except SSL.Error as error:
            self._fail(str(error))

    def _fail(self, problem: str) -> None:
        self.state = DtlsState.FAILED
        self.problem = problem


def split_records(data: bytes) -> list[bytes]:
    """Packs whole records into datagrams of at most CIPHERTEXT_MTU bytes (bio_read glues them)."""
    datagrams: list[bytes] = []
    start = offset = 0
    while offset < len(data):
        end = offset + _RECORD_HEADER_BYTES
        end += int.from_bytes(data[end - 2 : end], "big")
        if end - start > CIPHERTEXT_MTU and offset > start:
            datagrams.append(data[start:offset])
            start = offset
        offset = end
    if start < len(data):
        datagrams.append(data[start:])
    return datagrams
