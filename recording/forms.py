"""What a piece is made of, and which pieces go into one file. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recording.h264 import BadRecord, parse_config

AAC_LC: Final = ("aac", "LC")


@dataclass(frozen=True)
class Sound:
    codec: str
    profile: str
    rate: int
    layout: str  # "stereo"

    @property
    def can_be_made(self) -> bool:
        """By our encoder, so that it goes on in the same track."""
        return (self.codec, self.profile) == AAC_LC


@dataclass(frozen=True)
class Picture:
    codec: str
    config: bytes  # H.264: avcC

    @property
    def has_sets(self) -> bool:
        if self.codec != "h264":
            return False
        try:
            parse_config(self.config)
        except BadRecord:
            return False
        return True


@dataclass(frozen=True)
class Form:
    picture: Picture | None
    sound: Sound | None


def mixes(first: Form, other: Form, sound: Sound | None) -> bool:
    """Whether `other` fits into a file that began with `first`, with its parameter sets in the
    samples and its sound encoded anew. `sound`: the file's."""
    if first.picture is None or other.picture is None:
        if first.picture is not other.picture:
            return False
    elif first.picture != other.picture and not (first.picture.has_sets and other.picture.has_sets):
        return False
    return sound == other.sound or (sound is not None and sound.can_be_made)
