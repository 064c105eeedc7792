"""RTCP compounds: any bytes to values. No I/O here.

`parse_compound` trusts no length, leaves out what it can't read and never raises.
"""

from __future__ import annotations

import struct

from .rtcp import (
    Bye,
    Cname,
    Fir,
    Nack,
    Packet,
    Pli,
    ReceiverReport,
    Remb,
    ReportBlock,
    SenderReport,
    TransportCc,
)

# A compound is one datagram: 1,200 bytes hold at most 150 packets of 8 bytes; browsers send 1-5.
MAX_PACKETS = 32
# A NACK of a browser names at most 253 packets; more would be a way to make us work.
MAX_NACKED = 512
# Chromium sends feedback each 50-250 ms; 2,048 statuses are 1 s at 2,000 packets/s.
MAX_ARRIVALS = 2048

_HEADER = struct.Struct("!BBH")
_REPORT = struct.Struct("!IIIIII")
_SENDER_INFO = struct.Struct("!IQIII")
_TWO_SSRCS = struct.Struct("!II")
_PAIR = struct.Struct("!HH")
_FIR_ENTRY = struct.Struct("!IB3x")
_CC_HEADER = struct.Struct("!HHI")
_REMB_ID = b"REMB"


def parse_compound(data: bytes) -> tuple[Packet, ...]:
    """Everything readable in one decrypted RTCP datagram, in order."""
    found: list[Packet] = []
    offset = 0
    for _ in range(MAX_PACKETS):
        if offset + 4 > len(data):
            break
        first, kind, words = _HEADER.unpack_from(data, offset)
        end = offset + 4 + 4 * words
        if first & 0xC0 != 0x80 or end > len(data):
            break
        body_end = end
        if first & 0x20:
            # Padding counts itself and is within this packet, else nothing of it can be trusted.
            padding = data[end - 1]
            if not 0 < padding <= end - offset - 4:
                break
            body_end -= padding
        _parse_packet(data[offset + 4 : body_end], kind, first & 0x1F, found)
        offset = end
    return tuple(found)


def _parse_packet(body: bytes, kind: int, count: int, found: list[Packet]) -> None:
    match kind:
        case 200:
            if len(body) >= 24:
                ssrc, ntp, timestamp, packets, octets = _SENDER_INFO.unpack_from(body)
                blocks = _blocks(body, 24, count)
                found.append(SenderReport(ssrc, ntp, timestamp, packets, octets, blocks))
        case 201:
            if len(body) >= 4:
                found.append(ReceiverReport(_word(body, 0), _blocks(body, 4, count)))
        case 202:
            _parse_descriptions(body, count, found)
        case 203:
            ssrcs = _words(body, 0, min(count, len(body) // 4))
            if ssrcs:
                found.append(Bye(ssrcs))
        case 205 | 206:
            if len(body) >= 8:
                _parse_feedback(body, kind, count, found)


def _parse_feedback(body: bytes, kind: int, fmt: int, found: list[Packet]) -> None:
    sender_ssrc, media_ssrc = _TWO_SSRCS.unpack_from(body)
    match kind, fmt:
        case 205, 1:
            numbers = _nacked(body)
            if numbers:
                found.append(Nack(sender_ssrc, media_ssrc, numbers))
        case 205, 15:
            feedback = _transport_cc(body, sender_ssrc, media_ssrc)
            if feedback is not None:
                found.append(feedback)
        case 206, 1:
            found.append(Pli(sender_ssrc, media_ssrc))
        case 206, 4:
            entries = tuple(
                _FIR_ENTRY.unpack_from(body, at) for at in range(8, len(body) - len(body) % 8, 8)
            )
            if entries:
                found.append(Fir(sender_ssrc, entries))
        case 206, 15:
            if len(body) >= 16 and body[8:12] == _REMB_ID:
                exponent = body[13] >> 2
                mantissa = (body[13] & 3) << 16 | body[14] << 8 | body[15]
                ssrcs = _words(body, 16, min(body[12], (len(body) - 16) // 4))
                found.append(Remb(sender_ssrc, mantissa << exponent, ssrcs))


def _blocks(body: bytes, offset: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for at in range(offset, min(len(body) - 23, offset + 24 * count), 24):
        ssrc, loss, highest, jitter, lsr, dlsr = _REPORT.unpack_from(body, at)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:  # 24-bit signed: duplicates make it negative
            lost -= 1 << 24
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, lsr, dlsr))
    return tuple(blocks)


def _parse_descriptions(body: bytes, count: int, found: list[Packet]) -> None:
    offset = 0
    for _ in range(count):
        if offset + 4 > len(body):
            return
        ssrc = _word(body, offset)
        offset += 4
        while offset < len(body) and body[offset] != 0:
            if offset + 2 > len(body):
                return
            kind, end = body[offset], offset + 2 + body[offset + 1]
            if end > len(body):
                return
            if kind == 1:
                found.append(Cname(ssrc, body[offset + 2 : end].decode("utf-8", "replace")))
            offset = end
        offset += 4 - offset % 4  # the chunk ends with 1-4 zero bytes


def _nacked(body: bytes) -> tuple[int, ...]:
    numbers: list[int] = []
    for at in range(8, len(body) - 3, 4):
        first, mask = _PAIR.unpack_from(body, at)
        numbers.append(first)
        while mask:
            low = mask & -mask
            numbers.append((first + low.bit_length()) & 0xFFFF)
            mask ^= low
        if len(numbers) >= MAX_NACKED:
            break
    return tuple(numbers[:MAX_NACKED])


def _transport_cc(body: bytes, sender_ssrc: int, media_ssrc: int) -> TransportCc | None:
    """draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1."""
    if len(body) < 16:
        return None
    base, count, packed = _CC_HEADER.unpack_from(body, 8)
    if count > MAX_ARRIVALS:
        return None
    reference = packed >> 8
    if reference & 0x800000:
        reference -= 1 << 24
    symbols: list[int] = []
    offset = 16
    while len(symbols) < count:
        if offset + 2 > len(body):
            return None
        chunk = body[offset] << 8 | body[offset + 1]
        offset += 2
        if chunk & 0x8000 == 0:  # run length
            symbols.extend([chunk >> 13 & 3] * min(chunk & 0x1FFF, count - len(symbols)))
            if chunk & 0x1FFF == 0:
                return None
        elif chunk & 0x4000 == 0:  # 14 one-bit symbols
            symbols.extend(chunk >> shift & 1 for shift in range(13, -1, -1))
        else:  # 7 two-bit symbols
            symbols.extend(chunk >> shift & 3 for shift in range(12, -1, -2))
    arrivals: list[tuple[int, int | None]] = []
    clock = 0
    for index in range(count):
        number = (base + index) & 0xFFFF
        match symbols[index]:
            case 1:
                if offset + 1 > len(body):
                    return None
                clock += body[offset]
                offset += 1
                arrivals.append((number, clock))
            case 2:
                if offset + 2 > len(body):
                    return None
                clock += int.from_bytes(body[offset : offset + 2], "big", signed=True)
                offset += 2
                arrivals.append((number, clock))
            case _:
                arrivals.append((number, None))
    return TransportCc(sender_ssrc, media_ssrc, packed & 0xFF, reference * 64, tuple(arrivals))


def _word(body: bytes, offset: int) -> int:
    return int.from_bytes(body[offset : offset + 4], "big")


def _words(body: bytes, offset: int, count: int) -> tuple[int, ...]:
    return tuple(_word(body, at) for at in range(offset, offset + 4 * count, 4))
