"""What a stream says of itself before its first frame, and the start of a file made of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playback import flv
from playback.rtmp import amf0

# What helps a player. Not `duration` (ffmpeg writes one, and players believe it), `keyframes`,
# `filesize`: those are of files.
_TOLD: Final = (
    *("width", "height", "framerate", "videocodecid", "videodatarate"),
    *("audiocodecid", "audiodatarate", "audiosamplerate", "audiosamplesize", "stereo"),
)


@dataclass(frozen=True, slots=True)
class Headers:
    """What a player is told once; it holds for as long as the player is connected."""

    has_video: bool = False
    has_audio: bool = False
    video: bytes = b""
    """Body of the sequence header; empty for codecs that have none."""
    audio: bytes = b""
    metadata: bytes = b""

    def decodes_like(self, other: Headers) -> bool:
        """A player that began with `other` can go on with this."""
        return self._decoding() == other._decoding()

    def _decoding(self) -> tuple[object, ...]:
        return self.has_video, self.has_audio, self.video, self.audio

    def build_start(self, timestamp_ms: int) -> bytes:
        """The file header and the headers as tags, at the time of the first frame after them.

        Metadata at 0: at any other time ffmpeg makes a subtitle stream of it.
        """
        parts = [flv.build_file_header(has_audio=self.has_audio, has_video=self.has_video)]
        for kind, at_ms, body in (
            (flv.SCRIPT, 0, self.metadata),
            (flv.VIDEO, timestamp_ms, self.video),
            (flv.AUDIO, timestamp_ms, self.audio),
        ):
            if body:
                parts.append(flv.build_tag(kind, at_ms, body))
        return b"".join(parts)


def build_metadata(values: dict[str, object]) -> bytes:
    """The body of an onMetaData tag, of what is a plain number in `values`."""
    told = {
        name: value
        for name in _TOLD
        if isinstance(value := values.get(name), float | bool) and abs(value) < 1e9
    }
    return amf0.encode("onMetaData", told)
