"""FLV tags and what the first bytes of a body say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback import flv
from playback.flv import Audio, Part, Video
from playback.headers import Headers, build_metadata
from playback.rtmp import amf0
from tests.unit.playback.media import AAC, AVC, METADATA, tags_of


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (AVC, Video("H264", Part.HEADER, 0)),
        (b"\x17\1\0\0\0data", Video("H264", Part.KEYFRAME, 0)),
        (b"\x27\1\0\0\x42data", Video("H264", Part.FRAME, 66)),
        (b"\x27\1\xff\xff\xdfdata", Video("H264", Part.FRAME, -33)),
        (b"\x17\2\0\0\0", Video("H264", Part.OTHER, 0)),  # end of sequence
        (b"\x57\0", Video("H264", Part.OTHER, 0)),  # a seek command
        (b"\x17", Video("H264", Part.OTHER, 0)),
        (b"", Video("", Part.OTHER, 0)),
        (b"\x12data", Video("H263", Part.KEYFRAME, 0)),
        (b"\x1c\0\0\0\0x", Video("HEVC", Part.HEADER, 0)),  # the id that no specification has
        (b"\x90hvc1x", Video("HEVC", Part.HEADER, 0)),
        (b"\x91hvc1\0\0\x21x", Video("HEVC", Part.KEYFRAME, 33)),
        (b"\xa3hvc1x", Video("HEVC", Part.FRAME, 0)),
        (b"\x90av01x", Video("AV1", Part.HEADER, 0)),
        (b"\x91av01x", Video("AV1", Part.KEYFRAME, 0)),
        (b"\xa1vp09x", Video("VP9", Part.FRAME, 0)),
        (b"\x92hvc1", Video("HEVC", Part.OTHER, 0)),
        (b"\x94hvc1", Video("HEVC", Part.OTHER, 0)),  # HDR metadata
        (b"\x91????x", Video("", Part.KEYFRAME, 0)),
    ],
)
def test_video_bodies(body: bytes, expected: Video) -> None:
    assert flv.parse_video(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (AAC, Audio("AAC", Part.HEADER)),
        (b"\xaf\1x", Audio("AAC", Part.FRAME)),
        (b"\xaf", Audio("AAC", Part.OTHER)),
        (b"\x2fx", Audio("MP3", Part.FRAME)),
        (b"\x9fx", Audio("", Part.FRAME)),
        (b"", Audio("", Part.OTHER)),
    ],
)
def test_audio_bodies(body: bytes, expected: Audio) -> None:
    assert flv.parse_audio(body) == expected


@given(st.binary(max_size=20))
def test_any_body_has_a_meaning(body: bytes) -> None:
    flv.parse_video(body)
    flv.parse_audio(body)


@given(st.integers(0, flv.MAX_TIMESTAMP_MS), st.binary(max_size=300))
def test_tags_are_read_again(timestamp_ms: int, body: bytes) -> None:
    data = flv.build_file_header(has_audio=True, has_video=False) + flv.build_tag(
        flv.AUDIO, timestamp_ms, body
    )
    assert data[4] == 4
    assert list(tags_of(data)) == [(flv.AUDIO, timestamp_ms, body)]


def test_the_start_of_a_file() -> None:
    metadata = build_metadata(METADATA)
    start = Headers(True, True, AVC, AAC, metadata).build_start(70_000)
    assert start[4] == 5
    assert list(tags_of(start)) == [
        (flv.SCRIPT, 0, metadata),
        (flv.VIDEO, 70_000, AVC),
        (flv.AUDIO, 70_000, AAC),
    ]


def test_metadata_of_files_does_not_reach_players_of_streams() -> None:
    values = METADATA | {
        "duration": 120.0,
        "keyframes": {},
        "Server": "x",
        "framerate": float("nan"),
    }
    assert amf0.decode(build_metadata(values)) == ["onMetaData", METADATA]
