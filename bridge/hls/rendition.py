"""One quality in its folder: frames in, segments of MPEG-TS and a playlist out.

Used in one thread. Files are complete before they have their name, the playlist comes last.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.packet import Packet

from bridge.hls.playlists import Segment, media_playlist, numbers_after

MILLISECOND: Final = Fraction(1, 1000)
WINDOW: Final = 6  # segments in the playlist
KEPT: Final = WINDOW + 6  # files: who has an older playlist may still ask
LONGEST_MS: Final = 12_000  # a segment ends here though no keyframe has come
TS_OFFSET_MS: Final = 1_400  # so that no decoding time is negative


class Rendition:
    """`began_at`: seconds since 1970 of time 0."""

    def __init__(self, folder: Path, began_at: float, *, video: bool, audio: bool) -> None:
        self._folder = folder
        self._began_at = began_at
        self._has = (video, audio)
        self._segments: deque[Segment] = deque()
        self._files: deque[str] = deque()
        self._first, self._breaks_before = 0, 0
        self._buffer = io.BytesIO()
        self._container: OutputContainer | None = None
        self._start_ms = self._latest_ms = 0
        self._breaks = False
        self.peak_bits = 0  # per second
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError, UnicodeDecodeError):
            older = (folder / "index.m3u8").read_text()
            self._first, self._breaks_before = numbers_after(older)
            self._breaks = True
        for old in folder.glob("*.ts"):
            self._files.append(old.name)

    @property
    def is_ready(self) -> bool:
        """Somebody can begin to play."""
        return bool(self._segments)

    @property
    def open_ms(self) -> int:
        """How long the unfinished segment is."""
        return self._latest_ms - self._start_ms if self._container is not None else 0

    def cut(self, at_ms: int) -> None:
        """The next frame begins a new segment."""
        self._finish(at_ms)
        self._buffer = io.BytesIO()
        container = av.open(self._buffer, "w", format="mpegts", options={"mpegts_copyts": "1"})
        has_video, has_audio = self._has
        if has_video:
            container.add_mux_stream("h264", width=16, height=16).time_base = MILLISECOND
        if has_audio:
            container.add_mux_stream("aac", rate=48000).time_base = MILLISECOND
        self._container = container
        self._start_ms = self._latest_ms = at_ms

    def breaks(self) -> None:
        """What comes decodes otherwise than what came."""
        self._breaks = True

    def video(self, pts_ms: int, dts_ms: int, annex_b: bytes, *, keyframe: bool) -> None:
        if self._container is not None and self._has[0]:
            self._mux(self._container.streams.video[0], pts_ms, dts_ms, annex_b, keyframe)

    def audio(self, at_ms: int, adts: bytes) -> None:
        if self._container is not None and self._has[1]:
            self._mux(self._container.streams.audio[0], at_ms, at_ms, adts, True)

    def close(self) -> None:
        """What is unfinished is left out: its length is not known."""
        if self._container is not None:
            with contextlib.suppress(av.FFmpegError):
                self._container.close()
            self._container = None

    def _mux(
        self, stream: av.stream.Stream, pts_ms: int, dts_ms: int, data: bytes, key: bool
    ) -> None:
        assert self._container is not None
        packet = Packet(data)
        packet.stream = stream
        packet.time_base = MILLISECOND
        packet.pts, packet.dts = pts_ms + TS_OFFSET_MS, dts_ms + TS_OFFSET_MS
        packet.is_keyframe = key
        self._container.mux(packet)
        self._latest_ms = max(self._latest_ms, pts_ms)

    def _finish(self, at_ms: int) -> None:
        if self._container is None:
            return
        self.close()
        secs = (at_ms - self._start_ms) / 1000
        data = self._buffer.getvalue()
        if secs <= 0 or not data:
            return
        began_at = self._began_at + self._start_ms / 1000
        name = f"{int(began_at * 1000)}.ts"
        self._write(name, data)
        self.peak_bits = max(self.peak_bits, int(len(data) * 8 / secs))
        self._segments.append(Segment(name, secs, began_at, self._breaks))
        self._files.append(name)
        self._breaks = False
        while len(self._segments) > WINDOW:
            gone = self._segments.popleft()
            self._first += 1
            self._breaks_before += gone.breaks
        text = media_playlist(self._segments, self._first, self._breaks_before)
        self._write("index.m3u8", text.encode())
        while len(self._files) > KEPT:
            (self._folder / self._files.popleft()).unlink(missing_ok=True)

    def _write(self, name: str, data: bytes) -> None:
        waiting = self._folder / f".{name}"
        waiting.write_bytes(data)
        waiting.chmod(0o644)  # nginx may be another user
        os.replace(waiting, self._folder / name)
