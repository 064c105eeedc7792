"""Reads one FLV piece with PyAV: its tracks, and its packets with times that make sense.

Whatever was written by a network peer is suspect: a piece may be cut off in mid-tag, have nothing
but a header, start at any timestamp, or jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
from av.error import FFmpegError

from recording.forms import Form, Picture, Sound

VIDEO_CODECS: Final = frozenset({"h264", "hevc", "av1"})
AUDIO_CODECS: Final = frozenset({"aac", "mp3"})
PEEK_MS: Final = 15_000  # how long the first keyframe, or the other track, is waited for
PEEK_BYTES: Final = 64_000_000
JUMP_MS: Final = 15_000  # nginx drops who is silent for longer: no gap, but another clock
HEADERS_BYTES: Final = 4_096
BACK_MS: Final = 5_000  # tracks may be that far apart
OPTIONS: Final = {"probesize": "20000000", "analyzeduration": "15000000"}


def without_frames(path: Path) -> str:
    """Headers and metadata take some hundred bytes: more than that without a frame is rubbish."""
    size = path.stat().st_size if path.exists() else 0
    return "empty" if size < HEADERS_BYTES else "broken"


class Unusable(Exception):
    """Nothing in it can be put into an MP4. `problem`: "empty", "codec" or "broken"."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Timed:
    """A packet at `pts_ms` and `dts_ms` from the start of its piece. `config`: it is the first with
    other parameters (a camera that was turned, a picture made smaller)."""

    packet: Any
    kind: str  # "video" or "audio"
    pts_ms: int
    dts_ms: int
    config: bytes | None = None


class PieceReader:
    """Open piece: `tracks` by kind, then `packets()` once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = av.open(str(path), format="flv", options=OPTIONS)
        except (FFmpegError, OSError) as error:
            raise Unusable(without_frames(path)) from error
        try:
            self._demuxed = self._demux()
            self._held: list[Any] = []
            ended = self._peek()
            self.tracks = self._find_tracks(ended)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()

    @property
    def form(self) -> Form:
        """As it begins."""
        picture = sound = None
        if "video" in self.tracks:
            context = self.tracks["video"].codec_context
            picture = Picture(context.name, bytes(context.extradata or b""))
        if "audio" in self.tracks:
            context = self.tracks["audio"].codec_context
            layout = context.layout.name if context.layout is not None else ""
            sound = Sound(context.name, context.profile or "", context.sample_rate, layout)
        return Form(picture, sound)

    def packets(self) -> Iterator[Timed]:
        """From the first keyframe on; the earliest packet is shown at 0."""
        start = self._start_ms()
        offset, newest = -start, start
        for packet in self._all():
            kind, pts, dts = packet.stream.type, packet.pts, packet.dts
            if pts + offset < 0 and kind == "audio":
                continue  # from before the first picture
            if not -BACK_MS <= dts - newest <= JUMP_MS:
                offset += newest - dts + 1
            newest = dts
            yield Timed(packet, kind, pts + offset, dts + offset, _new_config(packet))

    def _all(self) -> Iterator[Any]:
        has_keyframe = "video" not in self.tracks
        wanted = {track.index for track in self.tracks.values()}
        held, self._held = self._held, []
        for source in (held, self._demuxed):
            for packet in source:
                if packet.stream_index not in wanted:
                    continue
                if packet.stream.type == "video" and not has_keyframe:
                    if not packet.is_keyframe:
                        continue
                    has_keyframe = True
                yield packet

    def _start_ms(self) -> int:
        """Of the first keyframe; sound from before it (nginx writes that at once) is left out."""
        firsts: dict[str, int] = {}
        for packet in self._held:
            kind = packet.stream.type
            if (
                kind in self.tracks
                and kind not in firsts
                and (kind != "video" or packet.is_keyframe)
            ):
                firsts[kind] = packet.pts
        if "video" in firsts:
            return firsts["video"]
        return min(firsts.values(), default=0)

    def _demux(self) -> Iterator[Any]:
        """Until the end, or until nothing more can be made of it."""
        streams = [
            stream
            for stream in self._file.streams
            if stream.type in ("video", "audio") and stream.codec_context is not None
        ]
        if not streams:
            return
        try:
            for packet in self._file.demux(streams):
                whole = packet.size and not packet.is_corrupt  # the last one may be cut off
                if whole and packet.dts is not None and packet.pts is not None:
                    yield packet
        except (FFmpegError, EOFError):
            return

    def _peek(self) -> bool:
        """Holds the first packets back; True: that was all."""
        seen: set[str] = set()
        size, first = 0, None
        for packet in self._demuxed:
            self._held.append(packet)
            size += packet.size
            first = packet.dts if first is None else first
            if packet.stream.type == "audio" or packet.is_keyframe:
                seen.add(packet.stream.type)
            if len(seen) == 2 or packet.dts - first > PEEK_MS or size > PEEK_BYTES:
                return False
        return True

    def _find_tracks(self, ended: bool) -> dict[str, Any]:
        if not self._held:
            raise Unusable(without_frames(self._path))
        came = {packet.stream.index for packet in self._held}
        tracks: dict[str, Any] = {}
        for stream in self._file.streams:
            context = getattr(stream, "codec_context", None)
            if stream.type in tracks or context is None:
                continue
            promised = not ended and bool(context.extradata)
            known = VIDEO_CODECS if stream.type == "video" else AUDIO_CODECS
            if context.name in known and (stream.index in came or promised):
                tracks[stream.type] = stream
        if not tracks:
            raise Unusable("codec")
        return tracks


def _new_config(packet: Any) -> bytes | None:
    """Of the sequence header that came before it."""
    if packet.stream.type != "video" or not packet.has_sidedata("new_extradata"):
        return None
    return bytes(packet.get_sidedata("new_extradata")) or None
