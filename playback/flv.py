"""FLV: the file header, tags, and what the first bytes of a tag's body say. No I/O here.

An RTMP audio, video or data message's body is an FLV tag's body, byte for byte (Video File Format
Specification 10.1, Annex E; the HEVC and AV1 forms are those of Enhanced RTMP v1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

AUDIO: Final = 8
VIDEO: Final = 9
SCRIPT: Final = 18
MAX_TIMESTAMP_MS: Final = 2**31 - 1  # the field is signed: 24 days

_AVC: Final = 7
_AAC: Final = 10
_KEYFRAME: Final = 1
_COMMAND_FRAME: Final = 5
_VIDEO_CODECS: Final = {
    2: "H263",
    3: "ScreenVideo",
    4: "VP6",
    5: "VP6",
    6: "ScreenVideo",
    7: "H264",
}
# 12 is what some encoders and CDNs use for HEVC, outside any specification.
_VIDEO_CODECS_BESIDE: Final = {12: "HEVC", 13: "AV1"}
_FOUR_CC: Final = {b"hvc1": "HEVC", b"av01": "AV1", b"vp09": "VP9", b"avc1": "H264"}
_AUDIO_CODECS: Final = {
    0: "PCM",
    1: "ADPCM",
    2: "MP3",
    3: "PCM",
    4: "Nellymoser",
    5: "Nellymoser",
    6: "Nellymoser",
    7: "G711A",
    8: "G711U",
    10: "AAC",
    11: "Speex",
    13: "Opus",
    14: "MP3",
}


class Part(Enum):
    """What a body carries."""

    HEADER = "sequence header"
    KEYFRAME = "keyframe"
    FRAME = "frame"
    OTHER = "other"
    """Ends of sequence, seek commands, metadata packets: nothing to decode or to start at."""


@dataclass(frozen=True, slots=True)
class Video:
    codec: str
    part: Part
    composition_ms: int
    """Presentation minus decoding time; other than 0 where frames are reordered (B-frames)."""


@dataclass(frozen=True, slots=True)
class Audio:
    codec: str
    part: Part


def parse_video(body: bytes) -> Video:
    """Never fails: what is not understood has part OTHER."""
    if not body:
        return Video("", Part.OTHER, 0)
    if body[0] & 0x80:
        return _parse_enhanced(body)
    frame_type, number = body[0] >> 4, body[0] & 0x0F
    codec = _VIDEO_CODECS.get(number) or _VIDEO_CODECS_BESIDE.get(number, "")
    if frame_type == _COMMAND_FRAME:
        return Video(codec, Part.OTHER, 0)
    frame = Part.KEYFRAME if frame_type == _KEYFRAME else Part.FRAME
    if number < _AVC:
        return Video(codec, frame, 0)
    if len(body) < 5:
        return Video(codec, Part.OTHER, 0)
    match body[1]:
        case 0:
            return Video(codec, Part.HEADER, 0)
        case 1:
            return Video(codec, frame, int.from_bytes(body[2:5], signed=True))
    return Video(codec, Part.OTHER, 0)


def _parse_enhanced(body: bytes) -> Video:
    packet_type = body[0] & 0x0F
    codec = _FOUR_CC.get(body[1:5], "")
    frame = Part.KEYFRAME if (body[0] >> 4) & 0x07 == _KEYFRAME else Part.FRAME
    match packet_type:
        case 0:  # sequence start
            return Video(codec, Part.HEADER, 0)
        case 1 if codec in ("HEVC", "H264") and len(body) >= 8:
            return Video(codec, frame, int.from_bytes(body[5:8], signed=True))
        case 1 | 3:  # coded frames, with no composition time in them
            return Video(codec, frame, 0)
    return Video(codec, Part.OTHER, 0)


def parse_audio(body: bytes) -> Audio:
    """Never fails."""
    if not body:
        return Audio("", Part.OTHER)
    number = body[0] >> 4
    codec = _AUDIO_CODECS.get(number, "")
    if number == _AAC:
        if len(body) < 2:
            return Audio(codec, Part.OTHER)
        return Audio(codec, Part.HEADER if body[1] == 0 else Part.FRAME)
    return Audio(codec, Part.FRAME)


def build_file_header(*, has_audio: bool, has_video: bool) -> bytes:
    """With the size of the tag before the first one, which is 0.

    Players wait for what is promised here: mpegts.js shows nothing until each one has come.
    """
    flags = (4 if has_audio else 0) | (1 if has_video else 0)
    return b"FLV\x01" + bytes((flags,)) + (9).to_bytes(4) + bytes(4)


def build_tag(kind: int, timestamp_ms: int, body: bytes) -> bytes:
    """`timestamp_ms` from 0 to MAX_TIMESTAMP_MS."""
    size = len(body)
    return b"".join(
        (
            ((kind << 24) | size).to_bytes(4),
            (((timestamp_ms & 0xFFFFFF) << 8) | (timestamp_ms >> 24)).to_bytes(4),
            b"\0\0\0",
            body,
            (size + 11).to_bytes(4),
        )
    )
