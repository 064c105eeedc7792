"""The MP4 being written: pieces one after the other, without a gap.

Pieces that are alike go in as they are (`avc1`). When one differs it is begun anew, `mixed`: then
parameter sets stand before each keyframe (`avc3`), and sound that differs is encoded anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av

from recording.flv import PieceReader, Timed
from recording.forms import Form, Sound, mixes
from recording.h264 import BadRecord, Config, in_band, parse_config
from recording.sound import MS, Encoder


class Differs(Exception):
    """Only a mixed file can take this."""


class Joiner:
    """`sounding`: an open piece whose sound is the file's, where it is mixed."""

    def __init__(
        self, path: Path, first: PieceReader, sounding: PieceReader | None, *, mixed: bool
    ) -> None:
        self._first = first.form
        self._sound = (sounding.form if sounding else first.form).sound
        self._mixed = mixed
        self._config: bytes | None = None
        self._sets: Config | None = None
        self._streams: dict[str, Any] = {}
        self._last_dts: dict[str, int] = {}
        self._end_ms = 0
        self.end_ms = 0
        self.width = self.height = 0
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        if "video" in first.tracks:
            track = first.tracks["video"]
            self._streams["video"] = self._file.add_stream_from_template(track)
            self.width, self.height = track.codec_context.width, track.codec_context.height
            if mixed and self._in_samples:
                self._streams["video"].codec_context.codec_tag = "avc3"
        if self._sound is not None:
            source = sounding or first
            self._streams["audio"] = self._file.add_stream_from_template(source.tracks["audio"])

    @property
    def _in_samples(self) -> bool:
        return self._first.picture is not None and self._first.picture.has_sets

    def fits(self, piece: PieceReader) -> bool:
        """Raises Differs where it would in a mixed file."""
        form = piece.form
        if form == self._first:
            return True
        fits = mixes(self._first, form, self._sound or form.sound)
        if fits and not self._mixed:
            raise Differs
        return fits

    def add(self, piece: PieceReader) -> tuple[int, int]:
        """(from_ms, duration_ms) of what was added."""
        begin = self._end_ms = self.end_ms
        form = piece.form
        if form.picture is not None:
            self._use(form.picture.config)
        encoder = self._encoder_for(form, begin)
        for timed in piece.packets():
            if timed.config is not None and timed.config != self._config:
                self._differs(timed.config)
            if timed.kind == "video":
                self._mux_video(timed, begin)
                if encoder is not None and form.sound is None:
                    self._mux_sound(encoder.silence(timed.dts_ms))
            elif encoder is not None:
                self._mux_sound(encoder.sound(timed.packet, timed.pts_ms))
            else:
                self._mux(timed.packet, "audio", begin + timed.pts_ms, begin + timed.dts_ms)
        if encoder is not None:
            if form.sound is None:
                self._mux_sound(encoder.silence(self._end_ms - begin))
            self._mux_sound(encoder.end())
        self.end_ms = self._end_ms
        return begin, self.end_ms - begin

    def close(self) -> None:
        self._file.close()

    def _encoder_for(self, form: Form, begin_ms: int) -> Encoder | None:
        sound: Sound | None = self._sound
        if sound is None or sound == form.sound:
            return None
        return Encoder(sound.rate, sound.layout, begin_ms)

    def _differs(self, config: bytes) -> None:
        """In the middle of a piece."""
        if not self._in_samples:
            return  # nothing to be done about it
        if not self._mixed:
            raise Differs
        self._use(config)

    def _use(self, config: bytes) -> None:
        self._config = config
        if self._mixed and self._in_samples:
            try:
                self._sets = parse_config(config)
            except BadRecord:
                return  # those before stay

    def _mux_video(self, timed: Timed, begin: int) -> None:
        packet = timed.packet
        if self._sets is not None:
            try:
                data = in_band(bytes(packet), self._sets, is_keyframe=packet.is_keyframe)
            except BadRecord:
                return
            made = av.Packet(data)
            made.is_keyframe, made.duration = packet.is_keyframe, packet.duration
            packet = made
        self._mux(packet, "video", begin + timed.pts_ms, begin + timed.dts_ms)

    def _mux_sound(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._mux(packet, "audio", packet.pts, packet.dts)

    def _mux(self, packet: Any, kind: str, pts_ms: int, dts_ms: int) -> None:
        dts = max(dts_ms, self._last_dts.get(kind, -1 << 40) + 1)
        pts = max(pts_ms, dts)
        self._last_dts[kind] = dts
        self._end_ms = max(self._end_ms, pts + max(1, packet.duration or 0))
        packet.time_base = MS
        packet.dts, packet.pts = dts, pts
        packet.stream = self._streams[kind]
        self._file.mux_one(packet)  # counts in units of the MP4 from here on
