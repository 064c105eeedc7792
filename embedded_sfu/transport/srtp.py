"""SRTP of one peer: the sessions of both directions, and the hot path that protects and sends.

Encrypts in the caller's buffer where the binding allows it (`in_place.py`), else by pylibsrtp's
public calls.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
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


class Outbound:
    """Protects what one peer gets. `send` is the hot path: one call per packet and viewer."""

    __slots__ = (
        "_address",
        "_context",
        "_counters",
        "_length",
        "_packet",
        "_pointer",
        "_room",
        "_sendto",
        "_session",
        "_tag",
        "_view",
    )

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._session: pylibsrtp.Session | None = None
        self._sendto: Callable[[Any, Any], int] | None = None
        self._address: Any = None
        self._context: Any = None
        self._tag = 0
        self._packet: bytearray | None = None
        self._pointer: Any = None
        self._view: Any = None
        self._room = 0
        self._length: Any = in_place.length_cell() if in_place.AVAILABLE else None

    def open(self, keys: SrtpKeys) -> None:
        self._session = open_outbound_session(keys.local, keys.profile)
        self._tag = _TAG_BYTES[keys.profile]
        if in_place.AVAILABLE:
            self._context = in_place.context_of(self._session)

    def set_path(self, path: Path) -> None:
        """Where the packets go from now on."""
        self._sendto, self._address = path[0].sendto, path[1]

    def close(self) -> None:
        self._session = self._context = self._sendto = None
        self._packet = self._pointer = self._view = None

    def send(self, packet: bytearray, length: int) -> bool:
        """Protects packet[:length] in place and sends it; False when it was dropped.

        `packet` has TRAILER_ROOM_BYTES of room behind `length`, is overwritten, and must not be
        resized. The same buffer time after time is the fast way: its pointer is kept.
        """
        if packet is not self._packet and not self._attach(packet):
            return self._send_by_public_calls(packet, length)
        if length > self._room:
            return False
        cell = self._length
        cell[0] = length
        if in_place.protect_rtp(self._context, self._pointer, cell):
            self._counters.send_errors += 1
            return False
        try:
            self._sendto(self._view[: length + self._tag], self._address)  # type: ignore[misc]
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

    def _attach(self, packet: bytearray) -> bool:
        if self._context is None or self._sendto is None:
            return False
        self._packet = packet
        self._pointer = in_place.pointer_to(packet)
        self._view = memoryview(packet)
        self._room = len(packet) - TRAILER_ROOM_BYTES
        return True

    def _send_by_public_calls(self, packet: bytearray, length: int) -> bool:
        session, sendto = self._session, self._sendto
        if session is None or sendto is None or length > len(packet):
            return False
        try:
            sendto(session.protect(bytes(packet[:length])), self._address)
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
    __slots__ = ("data", "length", "pointer", "view")

    def __init__(self) -> None:
        self.data = bytearray(self.SIZE_BYTES)
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
