"""Time as packets need it."""

from __future__ import annotations

import time


def now_ms() -> int:
    return int(time.monotonic() * 1000)


def stamp_send_time(packet: bytearray, offset: int) -> None:
    """Our abs-send-time (24 bits, 6.18 s): the publisher's would show its own path's delays."""
    packet[offset : offset + 3] = (int(time.monotonic() * 262144) & 0xFFFFFF).to_bytes(3, "big")
