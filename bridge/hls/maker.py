"""Makes all qualities of one stream: decodes once, scales, encodes, cuts every quality alike.

Runs in one thread of its own, on tags as they come; not thread-safe.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext

from bridge import h264
from bridge.hls import adts
from bridge.hls.playlists import Variant, master_playlist
from bridge.hls.rendition import LONGEST_MS, Rendition
from bridge.hls.scaled import FASTEST_FPS, Scaled, short_side_of, size_of
from bridge.rtmp.backlog import Tag
from playback import flv
from playback.sps import parse_sps

SHORTEST_MS: Final = 900  # keyframes that come faster are not all cut at
SOUND_ALONE_MS: Final = 2_000  # segments without pictures
AAC_CODEC: Final = "mp4a.40.2"
HEAD_ROOM: Final = 1.1  # of the largest segment's bitrate
MASTER: Final = "master.m3u8"


class Unfit(Exception):
    """Nothing can be made of this stream: `reason` is codec."""

    reason = "codec"


class Maker:
    def __init__(self, folder: Path, renditions: Sequence[str]) -> None:
        self._folder = folder
        self._names = tuple(renditions)
        self._began_at = 0.0
        self._config: h264.Config | None = None
        self._decoder: VideoCodecContext | None = None
        self._size = (0, 0)
        self._source_codec = ""
        self._aac: adts.AacConfig | None = None
        self._source: Rendition | None = None
        self._sound: Rendition | None = None
        self._scaled: dict[str, Scaled] = {}
        self._last_cut_ms: int | None = None
        self._skips = False
        self._frame_times: list[int] = []
        self._is_told = False
        self.pictures = 0

    @property
    def qualities(self) -> tuple[str, ...]:
        """Those that can be played now."""
        if not self._is_told:
            return ()
        sound = ("audio",) if self._sound is not None else ()
        return ("source", *self._scaled, *sound)

    def put(self, tag: Tag) -> None:
        """Raises Unfit; ValueError and av.FFmpegError for what is broken."""
        if self._began_at == 0.0:
            self._began_at = time.time() - tag.timestamp_ms / 1000
        if tag.kind == flv.VIDEO:
            self._video(tag)
        else:
            self._audio(tag)
        if not self._is_told:
            self._tell_when_ready()

    def close(self) -> None:
        """Nobody shall begin with what goes on no more."""
        (self._folder / MASTER).unlink(missing_ok=True)
        for each in self._all():
            each.close()

    # --- Pictures -------------------------------------------------------------------------------

    def _video(self, tag: Tag) -> None:
        video = flv.parse_video(tag.body)
        if video.part is flv.Part.OTHER:
            return
        if video.codec != "H264":
            raise Unfit
        if video.part is flv.Part.HEADER:
            self._got_config(tag.body[5:])
            return
        if self._config is None or self._decoder is None:
            return
        is_key = video.part is flv.Part.KEYFRAME
        dts_ms = tag.timestamp_ms
        pts_ms = dts_ms + video.composition_ms
        data = tag.body[5:]
        if self._source is None:
            if not is_key:
                return
            self._open()
        assert self._source is not None
        if (is_key and self._may_cut(pts_ms)) or self._source.open_ms > LONGEST_MS:
            self._cut(pts_ms)
        nals = h264.split_avcc(data, self._config.length_bytes)
        if is_key:
            nals = [*self._config.sps, *self._config.pps, *nals]
        self._source.video(pts_ms, dts_ms, h264.build_annex_b(nals), keyframe=is_key)
        if self._scaled:
            self._decode(data, pts_ms, dts_ms)

    def _got_config(self, record: bytes) -> None:
        config = h264.parse_config(record)
        if config == self._config:
            return
        picture = parse_sps(config.sps[0])
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.extradata = record
        decoder.thread_count = 1
        before, self._config, self._decoder = self._config, config, decoder
        self._source_codec = f"avc1.{config.sps[0][1:4].hex().upper()}"
        if before is not None and self._source is not None:
            for each in self._all():
                each.breaks()
        if self._size != (picture.width, picture.height):
            self._size = (picture.width, picture.height)
            if self._source is not None:
                self._open()

    def _open(self) -> None:
        """Renditions of what there is now; those that go on do so with their numbers."""
        has_sound = self._aac is not None
        for each in self._all():
            each.close()
        (self._folder / MASTER).unlink(missing_ok=True)
        self._is_told = False
        self._source = self._rendition("source", video=True, audio=has_sound)
        self._scaled = {}
        for name in self._names:
            short_side = short_side_of(name)
            if short_side and (size := size_of(short_side, *self._size)):
                rendition = self._rendition(name, video=True, audio=has_sound)
                self._scaled[name] = Scaled(rendition, *size, 30)
        self._sound = None
        if has_sound and "audio" in self._names:
            self._sound = self._rendition("audio", video=False, audio=True)
        self._last_cut_ms = None

    def _rendition(self, name: str, *, video: bool, audio: bool) -> Rendition:
        return Rendition(self._folder / name, self._began_at, video=video, audio=audio)

    def _decode(self, data: bytes, pts_ms: int, dts_ms: int) -> None:
        assert self._decoder is not None
        packet = av.Packet(data)
        packet.pts, packet.dts = pts_ms, dts_ms
        for frame in self._decoder.decode(packet):
            at_ms = frame.pts if frame.pts is not None else pts_ms
            if self._is_one_too_many(at_ms, frame.key_frame):
                continue
            self.pictures += 1
            for scaled in self._scaled.values():
                scaled.picture(frame, at_ms, keyframe=bool(frame.key_frame))

    def _is_one_too_many(self, at_ms: int, is_key: bool) -> bool:
        """Of 50 and 60 pictures a second every other one is enough for smaller screens."""
        self._frame_times = [*self._frame_times[-30:], at_ms]
        span_ms = self._frame_times[-1] - self._frame_times[0]
        if len(self._frame_times) < 20 or span_ms <= 0:
            return False
        fps = (len(self._frame_times) - 1) * 1000 / span_ms
        self._skips = fps > FASTEST_FPS and not self._skips and not is_key
        return self._skips

    # --- Sound ----------------------------------------------------------------------------------

    def _audio(self, tag: Tag) -> None:
        audio = flv.parse_audio(tag.body)
        if audio.codec != "AAC" or audio.part is flv.Part.OTHER:
            return
        if audio.part is flv.Part.HEADER:
            config = adts.parse_config(tag.body[2:])
            if config != self._aac:
                self._aac = config
                if self._source is not None:
                    self._open()
            return
        if self._aac is None:
            return
        frame = adts.with_header(self._aac, tag.body[2:])
        for each in self._all():
            each.audio(tag.timestamp_ms, frame)

    # --- Cutting, and telling -------------------------------------------------------------------

    def _may_cut(self, at_ms: int) -> bool:
        return self._last_cut_ms is None or at_ms - self._last_cut_ms >= SHORTEST_MS

    def _cut(self, at_ms: int) -> None:
        assert self._source is not None
        self._last_cut_ms = at_ms
        self._source.cut(at_ms)
        for scaled in self._scaled.values():
            scaled.cut(at_ms)
        if self._sound is not None:
            self._sound.cut(at_ms)

    def _all(self) -> list[Rendition]:
        one = [each for each in (self._source, self._sound) if each is not None]
        return [*one, *(scaled.rendition for scaled in self._scaled.values())]

    def _tell_when_ready(self) -> None:
        if self._source is None or not all(each.is_ready for each in self._all()):
            return
        self._is_told = True
        sound = (AAC_CODEC,) if self._aac is not None else ()
        variants = [
            Variant(
                "source/index.m3u8",
                bits(self._source),
                (self._source_codec, *sound),
                *self._size,
            )
        ]
        for name, scaled in self._scaled.items():
            most = max(bits(scaled.rendition), scaled.kbps * 1000)
            codecs = (scaled.codec or "avc1.64001F", *sound)
            uri = f"{name}/index.m3u8"
            variants.append(Variant(uri, most, codecs, scaled.width, scaled.height))
        if self._sound is not None:
            variants.append(Variant("audio/index.m3u8", bits(self._sound), sound))
        waiting = self._folder / f".{MASTER}"
        waiting.write_text(master_playlist(variants))
        with contextlib.suppress(OSError):
            waiting.chmod(0o644)
        os.replace(waiting, self._folder / MASTER)


def bits(rendition: Rendition) -> int:
    return int(rendition.peak_bits * HEAD_ROOM)
