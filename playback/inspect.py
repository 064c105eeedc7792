"""What the tags of a stream tell about the encoder's settings (docs/ingest.md, "Figures"). Pure."""

from __future__ import annotations

import contextlib
import statistics
from collections import deque
from typing import Final

from playback.flv import Audio, Part, Video
from playback.sps import Picture, parse_avc_header
from playback.timeline import Timeline

KEYFRAMES_MS: Final = 60_000
RATES_MS: Final = 5_000
_ORDER_FRAMES: Final = 120  # 4 s of 30 fps: a pause of B-frames longer than that is none
_MAX_FRAMES: Final = 5_000
_ENOUGH_MS: Final = 1_000
MISSING_MS: Final = 3_000


class Inspector:
    """Times are those of the stream: a pause of the network does not count as slow frames."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._video: deque[tuple[int, int]] = deque(maxlen=_MAX_FRAMES)  # time, bytes
        self._audio: deque[tuple[int, int]] = deque(maxlen=_MAX_FRAMES)
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_MAX_FRAMES)  # when it ended, length
        self._keyframe_ms: int | None = None
        self._compositions: deque[int] = deque(maxlen=_ORDER_FRAMES)
        self._offsets: deque[int] = deque(maxlen=_ORDER_FRAMES)
        self._video_codec = self._audio_codec = ""
        self._picture: Picture | None = None

    def got_video(self, timestamp_ms: int, body: bytes, video: Video) -> None:
        self._video_codec = video.codec or self._video_codec
        match video.part:
            case Part.OTHER:
                return
            case Part.HEADER:
                self._got_header(body, video)
                return
        at_ms = self._timeline.at(timestamp_ms)
        _append(self._video, at_ms, len(body))
        self._compositions.append(video.composition_ms)
        if self._audio:
            self._offsets.append(self._audio[-1][0] - at_ms)
        if video.part is Part.KEYFRAME:
            if self._keyframe_ms is not None:
                self._gaps.append((at_ms, at_ms - self._keyframe_ms))
            self._keyframe_ms = at_ms
            while self._gaps and self._gaps[0][0] < at_ms - KEYFRAMES_MS:
                self._gaps.popleft()

    def got_audio(self, timestamp_ms: int, body: bytes, audio: Audio) -> None:
        self._audio_codec = audio.codec or self._audio_codec
        if audio.part is Part.FRAME:
            _append(self._audio, self._timeline.at(timestamp_ms), len(body))

    def _got_header(self, body: bytes, video: Video) -> None:
        self._picture = None
        if video.codec == "H264":
            with contextlib.suppress(ValueError):  # the size stays unknown
                self._picture = parse_avc_header(body[5:])

    def report(self) -> dict[str, object]:
        """What is known by now; the rest is left out."""
        has_video, has_audio = bool(self._video), bool(self._audio)
        found: dict[str, object] = {}
        # What has not come yet is only missing after a while.
        for name, has in (("has_audio", has_audio), ("has_video", has_video)):
            if has or self._timeline.latest_ms >= MISSING_MS:
                found[name] = has
        if self._video_codec:
            found["video_codec"] = self._video_codec
            found["hevc"] = self._video_codec == "HEVC"
        if self._audio_codec:
            found["audio_codec"] = self._audio_codec
        if self._picture is not None:
            found |= {
                "width": self._picture.width,
                "height": self._picture.height,
                "profile": self._picture.profile,
                "level": self._picture.level,
            }
        if has_video:
            found["b_frames"] = len(set(self._compositions)) > 1
            keyframe_ms = self._longest_gap_ms()
            if keyframe_ms is not None:
                found["keyframe_secs"] = round(keyframe_ms / 1000, 2)
        if has_video and has_audio and self._offsets:
            found["av_offset_ms"] = round(statistics.median(self._offsets))
        for name, items in (("video", self._video), ("audio", self._audio)):
            span_ms, count, size = _window(items, self._timeline.latest_ms)
            if span_ms >= _ENOUGH_MS:
                found[f"{name}_bitrate"] = round(size * 8_000 / span_ms)
                if name == "video":
                    found["measured_fps"] = round(count * 1000 / span_ms, 1)
        return found

    def _longest_gap_ms(self) -> int | None:
        """Finished ones, and the one that runs, once it is longer than those or a second long."""
        if self._keyframe_ms is None:
            return None
        running_ms = self._video[-1][0] - self._keyframe_ms
        finished_ms = max((length for _, length in self._gaps), default=None)
        if finished_ms is None:
            return running_ms if running_ms >= _ENOUGH_MS else None
        return max(finished_ms, running_ms)


def _append(items: deque[tuple[int, int]], at_ms: int, size: int) -> None:
    items.append((at_ms, size))
    while items[0][0] < at_ms - RATES_MS:
        items.popleft()


def _window(items: deque[tuple[int, int]], now_ms: int) -> tuple[int, int, int]:
    """Milliseconds, number and bytes of what came lately: the first only says when that began."""
    if not items:
        return 0, 0, 0
    lately = [item for item in items if item[0] >= now_ms - RATES_MS]
    if not lately:
        return RATES_MS, 0, 0
    return now_ms - lately[0][0], len(lately) - 1, sum(size for _, size in lately[1:])
