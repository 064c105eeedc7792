"""What pages send: well-formed or a BadFrame, whatever the bytes."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.h264 import build_avcc, build_config
from bridge.rtmp.backlog import Tag
from push.delay import Delay
from push.frames import (
    AUDIO,
    CONFIG,
    MAX_TIME_US,
    VIDEO,
    BadFrame,
    Config,
    Media,
    build_frame,
    parse_frame,
)
from push.limits import BURST_SECS, MAX_FRAMES_PER_SEC, Meter
from push.tags import Tags

RECORD = build_config([bytes.fromhex("6742c01fd9005005bb")], [bytes.fromhex("68cb83cb20")])
SEEN: dict[str, Any] = {
    "codec": "avc1.42E01F",
    "width": 1280,
    "height": 720,
    "description": base64.b64encode(RECORD).decode(),
}
HEARD = {"codec": "opus", "sample_rate": 48_000, "channels": 2}
IDR = build_avcc([b"\x65" + b"\x88" * 20])
SLICE = build_avcc([b"\x41" + b"\x9a" * 20])
SILENT_OPUS = bytes.fromhex("f8fffe")


def config(video: Any = SEEN, audio: Any = HEARD) -> bytes:
    return build_frame(CONFIG, 0, json.dumps({"video": video, "audio": audio}).encode())


def parsed(video: Any = SEEN, audio: Any = HEARD) -> Config:
    found = parse_frame(config(video, audio))
    assert isinstance(found, Config)
    return found


def test_media_and_config_are_read():
    assert parse_frame(build_frame(VIDEO, 12, IDR, keyframe=True)) == Media(VIDEO, True, 12, IDR)
    found = parsed()
    assert found.video is not None and found.video.record == RECORD
    assert parsed(audio=None).audio is None
    assert parsed(video=None).video is None


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(10),
        build_frame(0, 0, b"x"),
        build_frame(4, 0, b"x"),
        bytes((VIDEO, 2)) + bytes(8) + b"x",
        build_frame(VIDEO, MAX_TIME_US + 1, b"x"),
        build_frame(AUDIO, 0, bytes(6_000)),
        build_frame(CONFIG, 0, b"no"),
        build_frame(CONFIG, 0, b"[" * 9_000),
        build_frame(CONFIG, 0, b'"text"'),
        config(None, None),
        config({**SEEN, "codec": "vp8"}),
        config({**SEEN, "width": 100_000}),
        config({**SEEN, "width": True}),
        config({**SEEN, "description": "?"}),
        config({**SEEN, "description": base64.b64encode(b"\1" * 30).decode()}),
        config([]),
        config(audio={**HEARD, "codec": "mp3"}),
        config(audio={**HEARD, "channels": 6}),
        config(audio={**HEARD, "sample_rate": 1}),
    ],
)
def test_all_else_is_refused(frame: bytes):
    with pytest.raises(BadFrame):
        parse_frame(frame)


@given(st.binary(max_size=200))
def test_rubbish_raises_nothing_else(data: bytes):
    with contextlib.suppress(BadFrame):
        parse_frame(data)


SOME = st.tuples(
    st.sampled_from((VIDEO, AUDIO)),
    st.integers(0, 20_000_000),
    st.binary(min_size=1, max_size=60),
)


@settings(max_examples=25)  # each may encode seconds of silence
@given(st.lists(SOME, max_size=8))
def test_whatever_media_hold_tags_go_forward_in_time(media: list[tuple[int, int, bytes]]):
    tags = Tags()
    tags.config(parsed())
    last = {8: -1, 9: -1}
    for kind, time_us, payload in media:
        try:
            made = tags.media(Media(kind, False, time_us, payload))
        except BadFrame:
            return
        for tag in made:
            assert tag.timestamp_ms >= last[tag.kind]
            last[tag.kind] = tag.timestamp_ms


def kinds(tags: list[Tag]) -> list[tuple[int, int]]:
    return [(tag.kind, tag.timestamp_ms) for tag in tags]


def test_headers_come_first_and_again_on_change_only():
    tags = Tags()
    assert [tag.kind for tag in tags.config(parsed())] == [8, 9]
    assert tags.config(parsed()) == []
    changed = tags.config(parsed({**SEEN, "width": 640, "height": 360}))
    assert [tag.body[:2] for tag in changed] == [b"\x17\x00"]


def test_a_keyframe_is_what_decodes_as_one():
    tags = Tags()
    tags.config(parsed(audio=None))
    first = tags.media(Media(VIDEO, False, 9_000_000, IDR))
    assert first[-1].body[:5] == b"\x17\x01\0\0\0"
    second = tags.media(Media(VIDEO, True, 9_033_000, SLICE))
    assert second[-1].body[0] == 0x27
    assert second[-1].timestamp_ms - first[-1].timestamp_ms == 33
    assert tags.media(Media(VIDEO, True, 9_066_000, b"\0\0\0\x20short")) == []
    assert tags.bad_frames == 1


def test_missing_sound_is_silence_and_late_sound_does_not_come_twice():
    tags = Tags()
    tags.config(parsed(audio=None))
    made = []
    for number in range(30):
        made += tags.media(Media(VIDEO, False, 5_000_000 + number * 33_333, IDR))
    sound = [at for kind, at in kinds(made) if kind == 8]
    assert 900 <= sound[-1] - sound[0] <= 1_000
    late = tags.media(Media(AUDIO, False, 5_100_000, SILENT_OPUS))
    assert all(at > sound[-1] for _, at in kinds(late))


def test_time_that_jumps_is_an_error():
    tags = Tags()
    tags.config(parsed())
    tags.media(Media(VIDEO, True, 1_000_000, IDR))
    with pytest.raises(BadFrame):
        tags.media(Media(VIDEO, True, 60_000_000, IDR))


def test_delay_is_what_is_later_than_the_quickest():
    delay = Delay()
    for number in range(10):
        delay.got(number * 100_000, 50.0 + number * 0.1)
    assert delay.ms(51.0, is_paused=False) == 0
    assert delay.ahead_ms < 1
    delay.got(1_000_000, 51.8)
    assert delay.ms(51.8, is_paused=False) == 800
    assert delay.ms(52.8, is_paused=True) == 1_800


def test_more_than_a_browser_sends_is_too_much():
    meter = Meter(0.0)
    burst = int(MAX_FRAMES_PER_SEC * BURST_SECS)
    assert all(meter.takes(100, 0.0) for _ in range(burst))
    assert not meter.takes(100, 0.0)
    assert meter.takes(100, 1.0)
    assert not Meter(0.0).takes(100_000_000, 0.0)
