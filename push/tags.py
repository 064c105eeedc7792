"""What a page sends → FLV tags for RTMP: AVCC as it is, Opus as AAC, one clock in milliseconds."""

from __future__ import annotations

from typing import Final

from bridge.aac import RATE
from bridge.h264 import has_idr, split_avcc
from bridge.rtmp.backlog import Tag
from playback.flv import AUDIO as AUDIO_TAG
from playback.flv import VIDEO as VIDEO_TAG
from push.frames import AUDIO, BadFrame, Config, Media, VideoConfig
from push.sound import Sound

# Sound and picture do not begin together: whoever comes second may have begun first.
BEFORE_US: Final = 500_000
# Sound that has not come when the picture is so far on is taken for missing.
SOUND_LATE_US: Final = 400_000
MAX_JUMP_US: Final = 10_000_000


class Tags:
    """Of one page's connection. BadFrame: what comes makes no sense."""

    def __init__(self) -> None:
        self._sound = Sound()
        self._origin_us: int | None = None
        self._newest_us = 0
        self._video: VideoConfig | None = None
        self._has_sound = False
        self._video_ms = 0
        self._said_sound = False
        self.bad_frames = 0

    @property
    def bad_sound(self) -> int:
        return self._sound.bad_packets

    @property
    def metadata(self) -> dict[str, object]:
        said: dict[str, object] = {"encoder": "browser", "audiocodecid": 10}
        if self._video is not None:
            size = {"width": float(self._video.width), "height": float(self._video.height)}
            said |= {**size, "videocodecid": 7}
        return said

    def config(self, config: Config) -> list[Tag]:
        self._has_sound = config.audio is not None
        found = []
        if not self._said_sound:
            self._said_sound = True
            found.append(Tag(AUDIO_TAG, 0, self._sound.header))
        if config.video is not None and config.video != self._video:
            header = b"\x17\x00\x00\x00\x00" + config.video.record
            found.append(Tag(VIDEO_TAG, self._video_ms, header))
        self._video = config.video
        return found

    def media(self, media: Media) -> list[Tag]:
        if self._origin_us is None:
            self._origin_us = max(0, media.time_us - BEFORE_US)
            self._newest_us = media.time_us
        if abs(media.time_us - self._newest_us) > MAX_JUMP_US:
            raise BadFrame("time")
        self._newest_us = max(self._newest_us, media.time_us)
        since_us = media.time_us - self._origin_us
        if since_us < 0:
            return []
        if media.kind == AUDIO:
            return self._aac(self._sound.put(since_us * RATE // 1_000_000, media.payload))
        return self._picture(media, since_us)

    def _picture(self, media: Media, since_us: int) -> list[Tag]:
        if self._video is None:
            self.bad_frames += 1
            return []
        try:
            is_key = has_idr(split_avcc(media.payload))
        except ValueError:
            self.bad_frames += 1
            return []
        # Time never goes back: a picture that seems to be older is shown at once.
        self._video_ms = max(self._video_ms, since_us // 1000)
        head = b"\x17\x01\x00\x00\x00" if is_key else b"\x27\x01\x00\x00\x00"
        tag = Tag(VIDEO_TAG, self._video_ms, head + media.payload)
        heard_us = max(0, since_us - (SOUND_LATE_US if self._has_sound else 0))
        return [*self._aac(self._sound.pad(heard_us * RATE // 1_000_000)), tag]

    def _aac(self, frames: list[tuple[int, bytes]]) -> list[Tag]:
        return [Tag(AUDIO_TAG, at * 1000 // RATE, body) for at, body in frames]
