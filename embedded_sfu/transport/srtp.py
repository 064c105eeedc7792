"""SRTP of one peer: the sessions of both directions, and the hot path that protects and sends.

Encrypts in the caller's buffer where the binding allows it (`in_place.py`), else by pylibsrtp's
public calls.
"""

from __future__ import annotations

import socket
from typing import Any

import pylibsrtp

from embedded_sfu.transport import in_place
from embedded_sfu.transport.counters import Counters
from embedded_sfu.transport.dtls import SrtpKeys

# Room that `send` wants behind a packet: 16 bytes of GCM tag, rounded up generously.
TRAILER_ROOM_BYTES = 32
# Packets may come late (roaming, RTX over a jittery path) or twice (repeated by NACK).
WINDOW_PACKETS = 1024
# Each SSRC is a stream inside libsrtp; a publisher has 3 layers x 2 (RTX) x a few tracks at most.
MAX_SSRCS = 64

_PROFILES = {
    "gcm": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "cm": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
_TAG_BYTES = {"gcm": 16, "cm": 10}

Path = tuple[socket.socket, Any]


def open_outbound_session(key: bytes, profile: str) -> pylibsrtp.Session:
    """A session that protects whatever SSRC it is given."""
    return _session(key, profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)


def _session(key: bytes, profile: str, direction: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[profile])
    policy.allow_repeat_tx = True
    policy.window_size = WINDOW_PACKETS
    return pylibsrtp.Session(policy)


class _SendBuffer:
    """The caller's buffer that was sent from last, and what encrypting in it needs.

    One for the process, not one a viewer: 300 viewers' worth of pointers, views and length cells
    would be 200 KB more to walk through for each packet, out of a cache that others share.
    """

    __slots__ = ("length", "packet", "pointer", "room", "view")

    def __init__(self) -> None:
        self.packet: bytearray | None = None
        self.pointer: Any = None
        self.view = memoryview(b"")
        self.room = 0
        self.length: Any = in_place.length_cell() if in_place.AVAILABLE else None

    def attach(self, packet: bytearray) -> None:
        self.pointer = in_place.pointer_to(packet)
        self.view = memoryview(packet)
        self.room = len(packet) - TRAILER_ROOM_BYTES
        self.packet = packet


_buffer = _SendBuffer()


class Outbound:
    """Protects what one peer gets. `send` is the hot path: one call per packet and viewer."""

    __slots__ = ("_address", "_context", "_counters", "_session", "_socket", "_tag")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._session: pylibsrtp.Session | None = None
        self._socket: socket.socket | None = None
        self._address: Any = None
        # None: not connected, or no encryption in place: see `_send_by_public_calls`.
        self._context: Any = None
        self._tag = 0

    def open(self, keys: SrtpKeys) -> None:
        """Takes the keys; the path must be known by now."""
        self._session = open_outbound_session(keys.local, keys.profile)
        self._tag = _TAG_BYTES[keys.profile]
        if in_place.AVAILABLE:
            self._context = in_place.context_of(self._session)

    def set_path(self, path: Path) -> None:
        """Where the packets go from now on."""
        self._socket, self._address = path

    def close(self) -> None:
        self._session = self._context = self._socket = None

    def send(self, packet: bytearray, length: int) -> bool:
        """Protects packet[:length] in place and sends it; False when it was dropped.

        `packet` has TRAILER_ROOM_BYTES of room behind `length`, is overwritten, and must not be
        resized. The same buffer for all viewers is the fast way: its pointer is kept.
        """
        context = self._context
        if context is None:
            return self._send_by_public_calls(packet, length)
        buffer = _buffer
        if packet is not buffer.packet:
            buffer.attach(packet)
        if length > buffer.room:
            return False
        cell = buffer.length
        cell[0] = length
        if in_place.protect_rtp(context, buffer.pointer, cell):
            self._counters.send_errors += 1
            return False
        try:
            self._socket.sendto(buffer.view[: length + self._tag], self._address)  # type: ignore[union-attr]
        except BlockingIOError:
            self._counters.send_full += 1
            return False
        except OSError:
            self._counters.send_errors += 1
            return False
        return True

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        if self._session is None:
            return None
        try:
            return self._session.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            self._counters.send_errors += 1
            return None

    def _send_by_public_calls(self, packet: bytearray, length: int) -> bool:
        session, path = self._session, self._socket
        if session is None or path is None or length > len(packet):
            return False
        try:
            path.sendto(session.protect(bytes(packet[:length])), self._address)
        except BlockingIOError:
            self._counters.send_full += 1
            return False
        except (pylibsrtp.Error, ValueError, OSError):
            self._counters.send_errors += 1
            return False
        return True


class ReceiveBuffer:
    """The process's one receive buffer: datagrams land here and are decrypted here."""

    # A sane peer sends at most Ethernet's 1,500; what is longer is cut and fails to verify.
    SIZE_BYTES = 2048
    __slots__ = ("data", "lag_secs", "length", "pointer", "view")

    def __init__(self) -> None:
        self.data = bytearray(self.SIZE_BYTES)
        self.lag_secs = 0.0  # between the datagram's arrival at the kernel and here
        self.view = memoryview(self.data)
        self.pointer: Any = in_place.pointer_to(self.data) if in_place.AVAILABLE else None
        self.length: Any = in_place.length_cell() if in_place.AVAILABLE else None


class Inbound:
    """Unprotects what one peer sends; bounded in the number of its SSRCs."""

    __slots__ = ("_context", "_session", "_ssrcs")

    def __init__(self, keys: SrtpKeys) -> None:
        self._session = _session(keys.remote, keys.profile, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._context = in_place.context_of(self._session) if in_place.AVAILABLE else None
        self._ssrcs: set[bytes] = set()

    def unprotect_rtp(self, buffer: ReceiveBuffer, length: int) -> int:
        """Decrypts the first `length` bytes in place; the new length, or 0 when refused."""
        if length < 12:
            return 0
        ssrc = bytes(buffer.data[8:12])
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
            return 0
        if self._context is not None:
            buffer.length[0] = length
            if in_place.unprotect_rtp(self._context, buffer.pointer, buffer.length):
                return 0
            plain_length: int = buffer.length[0]
        else:
            try:
                plain = self._session.unprotect(bytes(buffer.data[:length]))
            except (pylibsrtp.Error, ValueError):
                return 0
            plain_length = len(plain)
            buffer.data[:plain_length] = plain
        self._ssrcs.add(ssrc)
        return plain_length

    def unprotect_rtcp(self, packet: bytes) -> bytes | None:
        """The decrypted compound, or None when refused."""
        ssrc = packet[4:8]
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MAX_SSRCS:
            return None
        try:
            plain = self._session.unprotect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):
            return None
        self._ssrcs.add(ssrc)
        return plain
