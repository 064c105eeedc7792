"""What an encoder's video is: whether WebRTC can take it as it is, and if so each picture. No I/O.

Browsers decode H.264 of 8 bits and 4:2:0 without B-frames; a picture that comes before one that it
shows later makes them freeze. SEI messages are left out: nobody reads them behind WebRTC, and some
encoders send a kilobyte of them with each keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bridge.h264 import (
    NOT_A_PICTURE,
    SEI,
    ParameterSets,
    has_idr,
    parse_config,
    split_avcc,
    without,
)
from playback.flv import Part, parse_video
from playback.sps import parse_sps

NO_IDR_MS: Final = 15_000  # 8.3 s is what OBS does when nobody set anything
PROFILES: Final = ("Baseline", "Main", "Extended", "High")
_LEFT_OUT: Final = NOT_A_PICTURE | {SEI}


@dataclass(frozen=True, slots=True)
class Coded:
    """One picture as it came, for a decoder."""

    codec: str
    data: bytes
    header: bytes
    """Of the codec: avcC, hvcC, av1C; empty where there is none."""
    is_key: bool
    composition_ms: int


class FlvVideo:
    """One connection's. `problem`: why it can't pass as it is; "" while it can."""

    def __init__(self) -> None:
        self.problem = ""  # b_frames | codec | no_keyframe
        self.codec = ""
        self.broken_frames = 0
        self._header_body = b""
        self._header = b""
        self._length_bytes = 4
        self._sets = ParameterSets()
        self._first_ms: int | None = None
        self._has_idr = False

    def got(self, body: bytes, at_ms: int) -> Coded | None:
        """An FLV body; None: no picture, or one that comes before its header."""
        video = parse_video(body)
        if video.part is Part.OTHER:
            return None
        if video.codec != self.codec:
            self.codec = video.codec
            self._begin_anew()
        if video.part is Part.HEADER:
            if body != self._header_body:  # nginx and some encoders repeat it
                self._begin_anew()
                self._header_body = body
                self._take_header(body[5:])
            return None
        if video.codec == "H264" and not self._header:
            return None
        self._first_ms = at_ms if self._first_ms is None else self._first_ms
        if not self._has_idr and at_ms - self._first_ms > NO_IDR_MS and not self.problem:
            self.problem = "no_keyframe"
        if video.composition_ms:
            self.problem = self.problem or "b_frames"
        data = body[_payload_at(body, video.codec) :]
        is_key = video.part is Part.KEYFRAME
        return Coded(video.codec, data, self._header, is_key, video.composition_ms)

    def nals_of(self, coded: Coded) -> list[bytes]:
        """H.264 for Annex B or RTP; an IDR has its parameter sets in front. [] if it is broken."""
        try:
            nals = without(split_avcc(coded.data, self._length_bytes), _LEFT_OUT)
            self._sets.take(nals)
        except ValueError:
            self.broken_frames += 1
            return []
        self._has_idr = self._has_idr or has_idr(nals)
        return self._sets.before_idr(nals)

    def _begin_anew(self) -> None:
        self.problem = "" if self.codec in ("", "H264") else "codec"
        self._header = self._header_body = b""
        self._sets = ParameterSets()
        self._first_ms, self._has_idr = None, False

    def _take_header(self, header: bytes) -> None:
        self._header = header
        if self.codec != "H264":
            return
        try:
            config = parse_config(header)
            self._sets.take((*config.sps, *config.pps))
            self._length_bytes = config.length_bytes
            if config.sps and parse_sps(config.sps[0]).profile not in PROFILES:
                self.problem = "codec"
        except ValueError:
            self._header = b""  # pictures without parameter sets: the next header may be whole
            self.broken_frames += 1


def _payload_at(body: bytes, codec: str) -> int:
    """Where the codec's own bytes begin (Video File Format 10.1, E.4.3; Enhanced RTMP v1)."""
    if not body[0] & 0x80:
        return 5
    has_composition = body[0] & 0x0F == 1 and codec in ("HEVC", "H264")
    return 8 if has_composition else 5
