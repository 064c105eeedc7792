"""STUN binding messages as ICE uses them (RFC 8489, RFC 8445): parse, verify, build. No I/O here.

Every parser takes any bytes, returns None for what it does not like and never raises.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass

MAGIC_COOKIE = 0x2112A442
HEADER_BYTES = 20
# A binding request of a browser is 80-130 bytes; one that does not fit an MTU is not one.
MAX_MESSAGE_BYTES = 1280
MAX_ATTRIBUTES = 24

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

_FINGERPRINT_XOR = 0x5354554E
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_WORD = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class StunMessage:
    """One message with right lengths and FINGERPRINT; MESSAGE-INTEGRITY is not checked yet."""

    message_type: int
    transaction_id: bytes
    attributes: Mapping[int, bytes]
    integrity_offset: int | None
    """Where the MESSAGE-INTEGRITY attribute starts in the datagram."""

    @property
    def use_candidate(self) -> bool:
        return USE_CANDIDATE in self.attributes

    @property
    def username(self) -> tuple[str, str] | None:
        """(ufrag of the receiver, ufrag of the sender)."""
        raw = self.attributes.get(USERNAME)
        if raw is None or len(raw) > 513:
            return None
        receiver, colon, sender = raw.partition(b":")
        if not colon or not raw.isascii():
            return None
        return receiver.decode("ascii"), sender.decode("ascii")

    @property
    def mapped_address(self) -> tuple[str, int] | None:
        raw = self.attributes.get(XOR_MAPPED_ADDRESS)
        if raw is None or len(raw) not in (8, 20) or raw[1] != (1 if len(raw) == 8 else 2):
            return None
        plain = _xor_address(raw[2:], self.transaction_id)
        return str(ipaddress.ip_address(plain[2:])), int.from_bytes(plain[:2], "big")


def parse_message(data: bytes) -> StunMessage | None:
    """A binding message of any class with a valid FINGERPRINT, else None."""
    total = len(data)
    if not HEADER_BYTES <= total <= MAX_MESSAGE_BYTES or total % 4:
        return None
    message_type, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if cookie != MAGIC_COOKIE or length + HEADER_BYTES != total:
        return None
    if message_type not in (BINDING_REQUEST, BINDING_INDICATION, BINDING_SUCCESS, BINDING_ERROR):
        return None
    attributes: dict[int, bytes] = {}
    integrity_offset: int | None = None
    offset = HEADER_BYTES
    for _ in range(MAX_ATTRIBUTES):
        if offset + 4 > total:
            return None
        kind, size = _ATTRIBUTE.unpack_from(data, offset)
        end = offset + 4 + size
        if end > total:
            return None
        if kind == FINGERPRINT:
            # It must be the last one: whatever would follow is covered by nothing.
            if size != 4 or end != total:
                return None
            if _WORD.unpack_from(data, offset + 4)[0] != _fingerprint(data[:offset]):
                return None
            return StunMessage(message_type, transaction_id, attributes, integrity_offset)
        if integrity_offset is None:  # attributes behind MESSAGE-INTEGRITY are not authenticated
            if kind == MESSAGE_INTEGRITY:
                if size != 20:
                    return None
                integrity_offset = offset
            attributes.setdefault(kind, data[offset + 4 : end])
        offset = end + (-size % 4)
    return None


def verify_integrity(data: bytes, message: StunMessage, pwd: str) -> bool:
    """Whether `data`, of which `message` was parsed, was signed with `pwd`."""
    offset = message.integrity_offset
    if offset is None:
        return False
    expected = _integrity(data[:offset], pwd)
    return hmac.compare_digest(expected, data[offset + 4 : offset + 24])


def build_binding_success(transaction_id: bytes, address: tuple[str, int], pwd: str) -> bytes:
    """The answer to a binding request that came from `address`, signed with our own pwd."""
    host = ipaddress.ip_address(address[0].partition("%")[0])
    plain = address[1].to_bytes(2, "big") + host.packed
    value = bytes((0, 1 if host.version == 4 else 2)) + _xor_address(plain, transaction_id)
    return _seal(BINDING_SUCCESS, transaction_id, _attribute(XOR_MAPPED_ADDRESS, value), pwd)


def build_binding_request(
    transaction_id: bytes,
    *,
    username: str,
    pwd: str,
    priority: int = 0x6E7F1EFF,
    use_candidate: bool = False,
    tie_breaker: int = 0,
) -> bytes:
    """A check of a controlling agent; `username` is "their ufrag:ours", `pwd` theirs."""
    body = (
        _attribute(USERNAME, username.encode("ascii"))
        + _attribute(PRIORITY, priority.to_bytes(4, "big"))
        + _attribute(ICE_CONTROLLING, tie_breaker.to_bytes(8, "big"))
    )
    if use_candidate:
        body += _attribute(USE_CANDIDATE, b"")
    return _seal(BINDING_REQUEST, transaction_id, body, pwd)


def _seal(message_type: int, transaction_id: bytes, body: bytes, pwd: str) -> bytes:
    # 24 bytes of MESSAGE-INTEGRITY and 8 of FINGERPRINT follow the body.
    head = _HEADER.pack(message_type, len(body) + 24, MAGIC_COOKIE, transaction_id) + body
    head += _attribute(MESSAGE_INTEGRITY, _integrity(head, pwd))
    head = _HEADER.pack(message_type, len(body) + 32, MAGIC_COOKIE, transaction_id) + head[20:]
    return head + _attribute(FINGERPRINT, _WORD.pack(_fingerprint(head)))


def _integrity(head: bytes, pwd: str) -> bytes:
    # The length that is signed ends with MESSAGE-INTEGRITY, whatever follows it.
    signed = head[:2] + (len(head) + 24 - HEADER_BYTES).to_bytes(2, "big") + head[4:]
    return hmac.digest(pwd.encode("utf-8"), signed, hashlib.sha1)


def _fingerprint(head: bytes) -> int:
    return binascii.crc32(head) ^ _FINGERPRINT_XOR


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _xor_address(value: bytes, transaction_id: bytes) -> bytes:
    """Port and address are XORed with the cookie, IPv6 goes on with the transaction id."""
    mask = MAGIC_COOKIE.to_bytes(4, "big")
    mask = mask[:2] + mask + transaction_id
    return bytes(a ^ b for a, b in zip(value, mask, strict=False))
