"""Pictures as NAL units to FLV bodies, with a sequence header whenever the sets change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridge.h264 import (
    NOT_A_PICTURE,
    PPS,
    SPS,
    ParameterSets,
    build_avcc,
    build_config,
    without,
)

_KEYFRAME: Final = 0x17
_FRAME: Final = 0x27
_NO_COMPOSITION: Final = b"\0\0\0"  # WebRTC has no B-frames
_LEFT_OUT: Final = NOT_A_PICTURE | {SPS, PPS}


class VideoTags:
    """One for each encoder at the other end: a new one has sets of its own."""

    def __init__(self) -> None:
        self._sets = ParameterSets()
        self._config = b""

    def put(self, nals: Sequence[bytes], *, keyframe: bool) -> list[bytes]:
        """Bodies in order; none before a keyframe has come with its sets. ValueError: odd sets."""
        self._sets.take(nals)
        bodies: list[bytes] = []
        if keyframe:
            if not self._sets.are_complete:
                return []
            config = build_config(self._sets.sps, self._sets.pps)
            if config != self._config:
                self._config = config
                bodies.append(bytes((_KEYFRAME, 0)) + _NO_COMPOSITION + config)
        picture = without(nals, _LEFT_OUT)
        if self._config and picture:
            head = bytes((_KEYFRAME if keyframe else _FRAME, 1)) + _NO_COMPOSITION
            bodies.append(head + build_avcc(picture))
        return bodies
