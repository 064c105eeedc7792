"""A stream's clock: RTMP's timestamps, which wrap and begin anywhere, to milliseconds from 0. Pure.

One timeline for all viewers of a stream, not one for each: tags are built once and shared. It
begins at 0 with the pull, so that FLV's signed 32 bits last for 24 days of pulling, whatever the
encoder began with. A viewer who joins late starts at, say, 4,000,000 ms: mpegts.js takes its first
frame as the zero of its media source, ffplay and VLC honour the demuxer's start time.
"""

from __future__ import annotations

from typing import Final

_WRAP: Final = 2**32
JUMP_MS: Final = 10_000
"""A step of more than this, either way, is a new clock and not a pause in the stream."""


class Timeline:
    def __init__(self) -> None:
        self.latest_ms = 0
        """The furthest that was given out."""
        self._raw: int | None = None
        self._out_ms = 0

    def at(self, timestamp_ms: int) -> int:
        """Audio and video come interleaved: small steps back are kept, never below 0."""
        if self._raw is None:
            self._raw = timestamp_ms
        step_ms = (timestamp_ms - self._raw + _WRAP // 2) % _WRAP - _WRAP // 2
        if abs(step_ms) > JUMP_MS:
            step_ms = self.latest_ms - self._out_ms
        self._raw = timestamp_ms
        self._out_ms = max(0, self._out_ms + step_ms)
        self.latest_ms = max(self.latest_ms, self._out_ms)
        return self._out_ms

    def restart(self, gap_ms: int) -> None:
        """The next timestamp is of another connection: it comes `gap_ms` after the latest."""
        self._raw = None
        self.latest_ms += max(0, gap_ms)
        self._out_ms = self.latest_ms
