"""RTP packets (RFC 3550, RFC 8285): find their parts, put them in canonical form, spot keyframes.

No I/O here. Every function takes any bytes, returns None or False for garbage and never raises.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

Buffer = bytes | bytearray | memoryview

FIXED_HEADER_BYTES = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE_MASK = 0xFFF0
TWO_BYTE_PROFILE = 0x1000
# 255 words of extension are 1,020 bytes; a browser sends 8-40. 32 elements are plenty.
MAX_EXTENSIONS = 32

_FIXED = struct.Struct("!BBHII")
_PAIR = struct.Struct("!HH")


@dataclass(frozen=True, slots=True)
class RtpHeader:
    payload_type: int
    marker: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    extension_profile: int
    """0xBEDE one-byte, 0x1000-0x100F two-byte, 0 none, anything else: not ours to read."""
    extension_start: int
    extension_end: int
    payload_start: int
    payload_end: int
    """Behind the payload, before the padding; equal to payload_start for a probing packet."""


@dataclass(frozen=True, slots=True)
class Extension:
    id: int
    start: int
    end: int


def is_rtcp(packet: Buffer) -> bool:
    """Of a packet whose first byte is 128-191: RTCP by its second byte (RFC 5761)."""
    return len(packet) > 1 and 192 <= packet[1] <= 223


def parse_header(packet: Buffer, length: int | None = None) -> RtpHeader | None:
    """The header of the first `length` bytes, or None if they are no RTP version 2 packet."""
    total = len(packet) if length is None else min(length, len(packet))
    if total < FIXED_HEADER_BYTES:
        return None
    first, second, sequence_number, timestamp, ssrc = _FIXED.unpack_from(packet)
    if first & 0xC0 != 0x80:
        return None
    offset = FIXED_HEADER_BYTES + 4 * (first & 0x0F)
    profile = extension_start = extension_end = 0
    if first & 0x10:
        if offset + 4 > total:
            return None
        profile, words = _PAIR.unpack_from(packet, offset)
        extension_start = offset + 4
        offset = extension_end = extension_start + 4 * words
    if offset > total:
        return None
    end = total
    if first & 0x20:
        padding = packet[total - 1] if total > offset else 0
        if not 0 < padding <= total - offset:
            return None
        end -= padding
    return RtpHeader(
        second & 0x7F,
        second >= 0x80,
        sequence_number,
        timestamp,
        ssrc,
        profile,
        extension_start,
        extension_end,
        offset,
        end,
    )


def extensions(packet: Buffer, header: RtpHeader) -> list[Extension]:
    """The elements of the header extension, in order; what is cut short is left out."""
    found: list[Extension] = []
    one_byte = header.extension_profile == ONE_BYTE_PROFILE
    if not one_byte and header.extension_profile & TWO_BYTE_PROFILE_MASK != TWO_BYTE_PROFILE:
        return found
    offset, end = header.extension_start, min(header.extension_end, len(packet))
    while offset < end and len(found) < MAX_EXTENSIONS:
        head = packet[offset]
        if head == 0:  # padding
            offset += 1
            continue
        if one_byte:
            number, start, size = head >> 4, offset + 1, (head & 0x0F) + 1
            if number == 15:  # reserved: stop here (RFC 8285, 4.2)
                break
        else:
            if offset + 1 >= end:
                break
            number, start, size = head, offset + 2, packet[offset + 1]
        if start + size > end:
            break
        if number:
            found.append(Extension(number, start, start + size))
        offset = start + size
    return found


def extension_value(packet: Buffer, header: RtpHeader, number: int) -> bytes | None:
    """The bytes of extension `number`, or None if the packet does not carry it."""
    for item in extensions(packet, header):
        if item.id == number:
            return bytes(packet[item.start : item.end])
    return None


def make_extension_table(ids: Mapping[int, int]) -> bytes:
    """{their id: our id} as the 256-byte table of `rewrite`; what is not in it gets blanked."""
    table = bytearray(256)
    for theirs, ours in ids.items():
        if 0 < theirs < 256 and 0 < ours < 256:
            table[theirs] = ours
    return bytes(table)


def rewrite(
    packet: bytearray | memoryview, header: RtpHeader, payload_type: int, table: bytes
) -> None:
    """Put a packet in canonical form in place: our payload type, our extension ids.

    Extensions that the table (see `make_extension_table`) does not know become padding, and so does
    everything behind an element that can't be read: no byte of a publisher reaches a viewer's
    extension parser under an id it did not agree to.
    """
    packet[1] = (packet[1] & 0x80) | (payload_type & 0x7F)
    start, end = header.extension_start, min(header.extension_end, len(packet))
    if start >= end:
        return
    one_byte = header.extension_profile == ONE_BYTE_PROFILE
    kept = start
    for item in extensions(packet, header):
        ours = table[item.id] if item.id < len(table) else 0
        if one_byte:
            head = item.start - 1
            if 0 < ours < 15:
                packet[head] = (ours << 4) | (packet[head] & 0x0F)
            else:
                packet[head : item.end] = bytes(item.end - head)
        else:
            head = item.start - 2
            if ours:
                packet[head] = ours
            else:
                packet[head : item.end] = bytes(item.end - head)
        if head > kept:
            packet[kept:head] = bytes(head - kept)
        kept = item.end
    packet[kept:end] = bytes(end - kept)


def is_newer(sequence_number: int, than: int) -> bool:
    """Whether a 16-bit sequence number comes after another one, over the wrap."""
    return 0 < (sequence_number - than) & 0xFFFF < 0x8000
