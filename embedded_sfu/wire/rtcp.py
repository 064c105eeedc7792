"""RTCP packets (RFC 3550, 4585, 5104, REMB) as values, and how to build them. No I/O here."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

FMT_NACK = 1
FMT_PLI = 1
FMT_FIR = 4
FMT_REMB = 15

_HEADER = struct.Struct("!BBH")
_REPORT = struct.Struct("!IIIIII")
_SENDER_INFO = struct.Struct("!IQIII")
_TWO_SSRCS = struct.Struct("!II")
_PAIR = struct.Struct("!HH")
_FIR_ENTRY = struct.Struct("!IB3x")
_REMB_ID = b"REMB"


@dataclass(frozen=True, slots=True)
class ReportBlock:
    ssrc: int
    fraction_lost: int
    """Of the packets since the last report, in 1/256."""
    packets_lost: int
    highest_sequence: int
    """Extended: roll-overs in the upper 16 bits."""
    jitter: int
    """In units of the RTP clock."""
    lsr: int
    """Middle 32 bits of the last sender report's NTP time; 0: none yet."""
    dlsr: int
    """Delay since that report, in 1/65536 s."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    """64-bit NTP time."""
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Cname:
    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    sender_ssrc: int
    media_ssrc: int
    sequence_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pli:
    sender_ssrc: int
    media_ssrc: int


@dataclass(frozen=True, slots=True)
class Fir:
    sender_ssrc: int
    entries: tuple[tuple[int, int], ...]
    """(media ssrc, command sequence number)."""


@dataclass(frozen=True, slots=True)
class Remb:
    sender_ssrc: int
    bitrate: int
    """In bit/s."""
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TransportCc:
    sender_ssrc: int
    media_ssrc: int
    feedback_count: int
    reference_time_ms: int
    arrivals: tuple[tuple[int, int | None], ...]
    """(transport-wide sequence number, arrival in 250 us steps after the reference; None: lost)."""


Packet = SenderReport | ReceiverReport | Cname | Bye | Nack | Pli | Fir | Remb | TransportCc


def build_sender_report(report: SenderReport) -> bytes:
    info = _SENDER_INFO.pack(
        report.ssrc,
        report.ntp & 0xFFFFFFFFFFFFFFFF,
        report.rtp_timestamp & 0xFFFFFFFF,
        report.packets & 0xFFFFFFFF,
        report.octets & 0xFFFFFFFF,
    )
    return _packet(SENDER_REPORT, len(report.blocks), info + _pack_blocks(report.blocks))


def build_receiver_report(ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    blocks = blocks[:31]
    return _packet(RECEIVER_REPORT, len(blocks), ssrc.to_bytes(4, "big") + _pack_blocks(blocks))


def build_cname(ssrc: int, cname: str) -> bytes:
    text = cname.encode("utf-8")[:255]
    chunk = ssrc.to_bytes(4, "big") + bytes((1, len(text))) + text
    return _packet(SOURCE_DESCRIPTION, 1, chunk + bytes(4 - len(chunk) % 4))


def build_bye(ssrcs: Sequence[int]) -> bytes:
    return _packet(GOODBYE, min(len(ssrcs), 31), _pack_words(ssrcs[:31]))


def build_pli(sender_ssrc: int, media_ssrc: int) -> bytes:
    return _packet(PAYLOAD_FEEDBACK, FMT_PLI, _TWO_SSRCS.pack(sender_ssrc, media_ssrc))


def build_fir(sender_ssrc: int, media_ssrc: int, sequence_number: int) -> bytes:
    entry = _FIR_ENTRY.pack(media_ssrc, sequence_number & 0xFF)
    return _packet(PAYLOAD_FEEDBACK, FMT_FIR, _TWO_SSRCS.pack(sender_ssrc, 0) + entry)


def build_nack(sender_ssrc: int, media_ssrc: int, sequence_numbers: Iterable[int]) -> bytes:
    """At most 253 pairs go into one packet (1,024 bytes); the rest is left for the next time."""
    pairs: list[list[int]] = []
    for number in sequence_numbers:
        ahead = (number - pairs[-1][0]) & 0xFFFF if pairs else 0
        if pairs and 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif not pairs or ahead:
            pairs.append([number & 0xFFFF, 0])
    body = b"".join(_PAIR.pack(first, mask) for first, mask in pairs[:253])
    return _packet(TRANSPORT_FEEDBACK, FMT_NACK, _TWO_SSRCS.pack(sender_ssrc, media_ssrc) + body)


def build_remb(sender_ssrc: int, bitrate: int, ssrcs: Sequence[int]) -> bytes:
    """draft-alvestrand-rmcat-remb-03; `bitrate` in bit/s, rounded down to 18 significant bits."""
    bitrate = max(0, min(bitrate, 0x3FFFF << 40))
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    ssrcs = ssrcs[:255]
    estimate = bytes((len(ssrcs), exponent << 2 | mantissa >> 16)) + (mantissa & 0xFFFF).to_bytes(
        2, "big"
    )
    body = _TWO_SSRCS.pack(sender_ssrc, 0) + _REMB_ID + estimate + _pack_words(ssrcs)
    return _packet(PAYLOAD_FEEDBACK, FMT_REMB, body)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _pack_blocks(blocks: Sequence[ReportBlock]) -> bytes:
    return b"".join(
        _REPORT.pack(
            block.ssrc,
            (block.fraction_lost & 0xFF) << 24 | (block.packets_lost & 0xFFFFFF),
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.lsr & 0xFFFFFFFF,
            block.dlsr & 0xFFFFFFFF,
        )
        for block in blocks
    )


def _pack_words(words: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(4, "big") for word in words)
