"""From messages to what viewers may be given: when to begin, tags, when to end. Pure.

for effect in source.got_video(timestamp_ms, body): ...
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from playback import flv
from playback.flv import Audio, Part, Video
from playback.headers import Headers, build_metadata
from playback.timeline import Timeline

ALONE_MS: Final = 3_000
"""Pictures alone for so long are all there is, whatever the metadata promised: mpegts.js would wait
for ever for what the file header says."""
PICTURES_MS: Final = 12_000
"""The same of sound, where nginx may keep pictures back until a keyframe (wait_key)."""
UNSAID_MS: Final = 500
"""The same without metadata: nginx sends the sound's header just after the first picture."""
UNSAID_PICTURES_MS: Final = 3_000
"""And of sound without metadata: a bridge's picture begins with a keyframe, 2 s apart."""
MAX_HELD_BYTES: Final = 8 * 1024 * 1024
_NEED_A_HEADER: Final = ("H264", "HEVC", "AV1")
_LAST_MS: Final = flv.MAX_TIMESTAMP_MS - 60_000


@dataclass(frozen=True, slots=True)
class Begin:
    """Frames follow; who began with headers that decode otherwise has to ask anew."""

    headers: Headers
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Tag:
    data: bytes
    timestamp_ms: int
    is_start: bool = False
    is_frame: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """Who joins from here on begins with these headers; whoever is there is told in the tags."""

    headers: Headers


@dataclass(frozen=True, slots=True)
class Changed:
    """What was begun ends here. `Begin` comes again when frames can be given out again."""


Effect = Begin | Tag | Renewed | Changed


class Source:
    def __init__(self) -> None:
        self._timeline = Timeline()
        self._forget_connection()

    def lost(self, gap_ms: int) -> None:
        """The next message is of a new connection, so much later."""
        self._timeline.restart(gap_ms)
        self._forget_connection()

    def _forget_connection(self) -> None:
        self._headers = Headers()
        self._has_begun = False
        self._promises_video = self._promises_audio = False
        self._held: list[Tag] = []
        """From a keyframe on, while it is not clear yet whether there is sound."""
        self._held_bytes = 0
        self._audio_since_ms: int | None = None
        self._waits_for_keyframe = False
        """Of the picture's new header."""
        self._repeats_header = False
        """Before each keyframe: who skips to one must not miss it."""

    def got_metadata(self, values: dict[str, object]) -> None:
        self._headers = replace(self._headers, metadata=build_metadata(values))
        self._promises_video = bool(values.get("videocodecid"))
        self._promises_audio = bool(values.get("audiocodecid"))

    def got_video(self, timestamp_ms: int, body: bytes, video: Video) -> list[Effect]:
        match video.part:
            case Part.OTHER:
                return []
            case Part.HEADER:
                if body == self._headers.video:
                    return []  # nginx and some encoders repeat it
                if self._goes_on_with(video):
                    self._headers = replace(self._headers, video=body)
                    self._waits_for_keyframe = True
                    return []
                return self._change(video=body, has_video=True)
        if video.codec in _NEED_A_HEADER and not self._headers.video:
            return []
        at_ms, effects = self._at(timestamp_ms)
        if not self._headers.has_video:
            effects += self._change(has_video=True)
        is_start = video.part is Part.KEYFRAME
        if self._waits_for_keyframe:
            if not is_start:
                return effects
            self._waits_for_keyframe, self._repeats_header = False, True
            effects.append(Renewed(self._headers))
        data = flv.build_tag(flv.VIDEO, at_ms, body)
        if is_start and self._repeats_header:
            data = flv.build_tag(flv.VIDEO, at_ms, self._headers.video) + data
        tag = Tag(data, at_ms, is_start, True)
        if self._has_begun:
            effects.append(tag)
        elif is_start or self._held:
            effects += self._hold(tag)
        return effects

    def _goes_on_with(self, video: Video) -> bool:
        """Another size in the same codec: a browser sends larger pictures as its line allows, a
        phone is turned. Players take that as it comes."""
        before = self._headers.video
        return (
            self._has_begun
            and video.codec == "H264"
            and bool(before)
            and flv.parse_video(before).codec == "H264"
        )

    def got_audio(self, timestamp_ms: int, body: bytes, audio: Audio) -> list[Effect]:
        match audio.part:
            case Part.OTHER:
                return []
            case Part.HEADER:
                if body == self._headers.audio:
                    return []
                return self._change(audio=body, has_audio=True)
        if audio.codec == "AAC" and not self._headers.audio:
            return []
        at_ms, effects = self._at(timestamp_ms)
        if not self._headers.has_audio:
            effects += self._change(has_audio=True)
        if self._audio_since_ms is None:
            self._audio_since_ms = at_ms
        tag = Tag(flv.build_tag(flv.AUDIO, at_ms, body), at_ms)
        if self._has_begun:
            effects.append(tag)
        elif self._headers.has_video:
            if self._held:
                effects += self._hold(tag)
        elif at_ms - self._audio_since_ms >= self._patience_ms(
            self._promises_video, PICTURES_MS, UNSAID_PICTURES_MS
        ):
            self._has_begun = True
            effects += [Begin(self._headers, at_ms), tag]
        return effects

    def _hold(self, tag: Tag) -> list[Effect]:
        self._held.append(tag)
        self._held_bytes += len(tag.data)
        waited_ms = tag.timestamp_ms - self._held[0].timestamp_ms
        if not (
            self._headers.has_audio
            or waited_ms >= self._patience_ms(self._promises_audio, ALONE_MS)
            or self._held_bytes > MAX_HELD_BYTES
        ):
            return []
        self._has_begun = True
        held, self._held, self._held_bytes = self._held, [], 0
        return [Begin(self._headers, held[0].timestamp_ms), *held]

    def _patience_ms(self, is_promised: bool, promised_ms: int, unsaid_ms: int = UNSAID_MS) -> int:
        if is_promised:
            return promised_ms
        return 0 if self._headers.metadata else unsaid_ms

    def _at(self, timestamp_ms: int) -> tuple[int, list[Effect]]:
        at_ms = self._timeline.at(timestamp_ms)
        if at_ms < _LAST_MS:
            return at_ms, []
        self._timeline = Timeline()  # 24 days: FLV can't count further
        return self._timeline.at(timestamp_ms), self._change()

    def _change(
        self,
        *,
        video: bytes = b"",
        audio: bytes = b"",
        has_video: bool = False,
        has_audio: bool = False,
    ) -> list[Effect]:
        """Other headers than viewers began with: it has to begin anew, at a keyframe."""
        before = self._headers
        self._headers = replace(
            before,
            video=video or before.video,
            audio=audio or before.audio,
            has_video=has_video or before.has_video,
            has_audio=has_audio or before.has_audio,
        )
        if video:
            self._held, self._held_bytes = [], 0  # of other headers
        if not self._has_begun:
            return []
        self._has_begun = self._waits_for_keyframe = False  # it begins with one in any case
        return [Changed()]
