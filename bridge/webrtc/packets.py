"""RTP packets as they stand on the wire, and H.264 in them (RFC 3550, 6184, 8285). No I/O here."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

MAX_PAYLOAD_BYTES: Final = 1_170  # 1,240 with SRTP, UDP and IPv6: through any tunnel
_STAP_A: Final = 24
_FU_A: Final = 28
_RTP: Final = struct.Struct(">BBHII")
_ONE_BYTE_FORM: Final = 0xBEDE


def packetize_h264(nals: Iterable[bytes], most_bytes: int = MAX_PAYLOAD_BYTES) -> list[bytes]:
    """The payloads of one picture in packetization mode 1; NAL units are not empty."""
    payloads: list[bytes] = []
    together: list[bytes] = []
    together_bytes = 1
    for nal in nals:
        if together and together_bytes + 2 + len(nal) > most_bytes:
            payloads.append(_join(together))
            together, together_bytes = [], 1
        if len(nal) > most_bytes:
            payloads += _split(nal, most_bytes)
        else:
            together.append(nal)
            together_bytes += 2 + len(nal)
    if together:
        payloads.append(_join(together))
    return payloads


def _join(nals: list[bytes]) -> bytes:
    """One NAL unit as it is, several in a STAP-A (RFC 6184, 5.7.1)."""
    if len(nals) == 1:
        return nals[0]
    importance = max(nal[0] & 0x60 for nal in nals)
    parts = [bytes((importance | _STAP_A,))]
    for nal in nals:
        parts += (len(nal).to_bytes(2), nal)
    return b"".join(parts)


def _split(nal: bytes, most_bytes: int) -> list[bytes]:
    """FU-A fragments of like size (5.8): a last one of a few bytes would cost a packet as well."""
    size = len(nal) - 1
    count = -(-size // (most_bytes - 2))
    piece = -(-size // count)
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    fragments = []
    for start in range(1, len(nal), piece):
        flags = 0x80 * (start == 1) | 0x40 * (start + piece >= len(nal))
        fragments.append(bytes((indicator, flags | kind)) + nal[start : start + piece])
    return fragments


def build_rtp(
    payload_type: int,
    marker: bool,
    sequence: int,
    timestamp: int,
    ssrc: int,
    extensions: bytes,
    payload: bytes,
) -> bytes:
    """`extensions`: of build_extensions, or empty."""
    return (
        _RTP.pack(
            0x90 if extensions else 0x80,
            0x80 * marker | payload_type,
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + extensions
        + payload
    )


def build_extensions(values: Mapping[int, bytes]) -> bytes:
    """In the one-byte form: ids 1 to 14, values of 1 to 16 bytes."""
    data = b"".join(
        bytes((number << 4 | len(value) - 1,)) + value for number, value in values.items()
    )
    if not data:
        return b""
    data += bytes(-len(data) % 4)
    return struct.pack(">HH", _ONE_BYTE_FORM, len(data) // 4) + data


def absolute_send_time(secs: float) -> bytes:
    """24 bits of seconds, 18 of them behind the point."""
    return (int(secs * (1 << 18)) & 0xFFFFFF).to_bytes(3)


NTP_TO_UNIX_SECS: Final = 2_208_988_800


def ntp_time(secs: float) -> int:
    """A time since 1970 as NTP's 64 bits."""
    return int((secs + NTP_TO_UNIX_SECS) * (1 << 32))
