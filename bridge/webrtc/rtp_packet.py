"""RTP and RTCP as a receiver needs them (RFC 3550, 4585): bytes to values and back. No I/O here.

Any bytes are taken: what can't be read is None, or left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_HEADER: Final = struct.Struct("!BBHII")
_REPORT: Final = struct.Struct("!IQII")
_BLOCK: Final = struct.Struct("!IIIIII")
_MAX_RTCP_PACKETS: Final = 32
_MAX_NACK_PAIRS: Final = 200


@dataclass(frozen=True, slots=True)
class RtpPacket:
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int  # 32.32 bits of seconds, of the sender's clock
    timestamp: int  # of RTP, at that time


@dataclass(frozen=True, slots=True)
class Goodbye:
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reception:
    """One block of a receiver report."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


def parse_rtp(data: bytes) -> RtpPacket | None:
    if len(data) < 12 or data[0] & 0xC0 != 0x80:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data)
    if first & 0x20:
        end -= data[-1] or end
    if start > end:
        return None
    payload = data[start:end]
    return RtpPacket(second & 0x7F, second & 0x80 != 0, sequence, timestamp, ssrc, payload)


def parse_rtcp(data: bytes) -> list[SenderReport | Goodbye]:
    """Of a compound, what a receiver has use for."""
    found: list[SenderReport | Goodbye] = []
    at = 0
    for _ in range(_MAX_RTCP_PACKETS):
        if at + 4 > len(data) or data[at] & 0xC0 != 0x80:
            break
        count, kind = data[at] & 0x1F, data[at + 1]
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if end > len(data):
            break
        if kind == 200 and end - at >= 28:
            ssrc, ntp, timestamp, _packets = _REPORT.unpack_from(data, at + 4)
            found.append(SenderReport(ssrc, ntp, timestamp))
        elif kind == 203:
            count = min(count, (end - at - 4) // 4)
            found.append(Goodbye(struct.unpack_from(f"!{count}I", data, at + 4)))
        at = end
    return found


def build_receiver_report(ssrc: int, blocks: list[Reception]) -> bytes:
    body = ssrc.to_bytes(4) + b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | (max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF),
            block.highest & 0xFFFFFFFF,
            min(block.jitter, 0xFFFFFFFF),
            block.last_report & 0xFFFFFFFF,
            min(block.delay, 0xFFFFFFFF),
        )
        for block in blocks[:31]
    )
    return _rtcp(201, min(len(blocks), 31), body)


def build_pli(ssrc: int, media_ssrc: int) -> bytes:
    return _rtcp(206, 1, struct.pack("!II", ssrc, media_ssrc))


def build_nack(ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """At most 200 pairs: what is left is asked for the next time."""
    pairs: list[list[int]] = []
    for number in sequences:
        ahead = (number - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif not pairs or ahead:
            pairs.append([number & 0xFFFF, 0])
    body = b"".join(struct.pack("!HH", *pair) for pair in pairs[:_MAX_NACK_PAIRS])
    return _rtcp(205, 1, struct.pack("!II", ssrc, media_ssrc) + body)


def _rtcp(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
