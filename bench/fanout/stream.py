"""A synthetic H.264 stream as RTP packets: real NAL headers, filler for pictures. No I/O here.

Shaped as Chromium's pacer sends 720p30 at 1.9 Mbit/s: 220 packets/s of about 1,100 bytes, a
keyframe each 3 s that takes 40 packets, spread over time at 2.5 times the mean rate.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PACKETS_PER_SEC = 220.0
KEYFRAME_EVERY_SECS = 3.0
KEYFRAME_PACKETS = 40
FRAMES_PER_SEC = 30
PACING_FACTOR = 2.5
PACKET_BYTES = 1100
PAYLOAD_TYPE = 106
SSRC = 0x00C0FFEE
SEND_TIME_EXTENSION = 2

# An SPS and PPS of constrained baseline, 1280x720, as an encoder of Chromium writes them.
SPS = bytes.fromhex("6742c01f8c8d402802dd80b501010140000003004000000f23c60ca8")
PPS = bytes.fromhex("68ce3c80")
_IDR, _SLICE = 5, 1
_FU_A = 28
# Behind the RTP header (12), the extension (8) and the FU-A header (2).
MARK = struct.Struct("!QQ")
MARK_AT = 22
_HEADER = struct.Struct("!BBHII")
# abs-send-time, which the SFU stamps anew.
_EXTENSION = struct.pack("!HHB3x", 0xBEDE, 1, SEND_TIME_EXTENSION << 4 | 2)


@dataclass(frozen=True, slots=True)
class Packet:
    due_secs: float
    """When it is to be sent, from the start of the stream."""
    data: bytearray
    """With room for `MARK` at MARK_AT when `marked`."""
    marked: bool


def packets(first_sequence: int = 1000) -> Iterator[Packet]:
    """The stream, for ever."""
    per_keyframe = KEYFRAME_EVERY_SECS * FRAMES_PER_SEC
    per_delta = (PACKETS_PER_SEC * KEYFRAME_EVERY_SECS - KEYFRAME_PACKETS) / (per_keyframe - 1)
    gap_secs = 1 / (PACKETS_PER_SEC * PACING_FACTOR)
    filler = bytes(range(256)) * 8
    sequence = first_sequence
    frame = 0
    free_at = owed = 0.0
    while True:
        keyframe = frame % per_keyframe == 0
        if keyframe:
            count = KEYFRAME_PACKETS
        else:
            owed += per_delta
            count = int(owed)
            owed -= count
        timestamp = frame * 90000 // FRAMES_PER_SEC & 0xFFFFFFFF
        free_at = max(free_at, frame / FRAMES_PER_SEC)
        for index in range(count):
            last = index == count - 1
            head = _HEADER.pack(
                0x90, (0x80 if last else 0) | PAYLOAD_TYPE, sequence & 0xFFFF, timestamp, SSRC
            )
            head += _EXTENSION
            marked = True
            if keyframe and index == 0:
                body = b"\x78" + b"".join(len(n).to_bytes(2, "big") + n for n in (SPS, PPS))
                marked = False
            else:
                first = index == (1 if keyframe else 0)
                kind = _IDR if keyframe else _SLICE
                flags = (0x80 if first else 0) | (0x40 if last else 0)
                body = bytes((0x60 | _FU_A, flags | kind)) + filler[: PACKET_BYTES - len(head) - 2]
            yield Packet(free_at, bytearray(head + body), marked)
            sequence += 1
            free_at += gap_secs
        frame += 1
