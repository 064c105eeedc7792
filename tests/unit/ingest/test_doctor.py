"""What the stream doctor advises, figure by figure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.doctor import advise
from live.encoder_table import TABLE, row_for
from tests.effort import some

GOOD = {
    "video_codec": "H264",
    "audio_codec": "AAC",
    "width": 1280,
    "height": 720,
    "fps": 30,
    "video_bitrate": 2_900_000,
    "audio_bitrate": 160_000,
    "uptime_secs": 60,
    "keyframe_secs": 1.0,
    "b_frames": False,
    "measured_fps": 29.97,
    "has_audio": True,
    "has_video": True,
    "hevc": False,
    "dropped": 0,
}
OBS_DEFAULTS = {"keyframe_secs": 8.333, "b_frames": True, "video_bitrate": 2_500_000}
FULL_HD_60 = {"video_bitrate": 8_000_000, "fps": 60, "measured_fps": 60}
NO_SOUND = {"has_audio": False, "audio_codec": ""}
NO_PICTURE = {"has_video": False, "video_codec": ""}


def codes(changed: dict, **wants: bool) -> list[str]:
    return [advice["code"] for advice in advise({**GOOD, **changed}, **wants)]


def without(*names: str) -> list[str]:
    return [a["code"] for a in advise({k: v for k, v in GOOD.items() if k not in names})]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["all_good"]),
        (OBS_DEFAULTS, ["keyframes_far", "b_frames"]),
        ({"keyframe_secs": 2.0}, ["all_good"]),
        ({"keyframe_secs": 2.6}, ["keyframes_far"]),
        ({"hevc": True}, ["hevc"]),
        ({"video_codec": "HEVC"}, ["hevc"]),
        ({"profile": "High 4:4:4"}, ["profile"]),
        ({"profile": "High 10"}, ["profile"]),
        ({"profile": "Baseline"}, ["all_good"]),
        ({"audio_codec": "MP3"}, ["audio_codec"]),
        ({"audio_codec": "Speex"}, ["audio_codec"]),
        (NO_SOUND, ["no_audio"]),
        (NO_PICTURE, ["no_video"]),
        ({**NO_SOUND, "uptime_secs": 3}, []),
        ({"has_video": False, "uptime_secs": 8}, []),  # no keyframe yet since somebody looks
        ({"measured_fps": 20.0}, ["fps_drops"]),
        ({"measured_fps": 26.0}, ["all_good"]),
        ({"measured_fps": 20.0, "uptime_secs": 8}, []),
        ({"fps": 1000}, ["all_good"]),
        ({"fps": 0}, ["all_good"]),
        ({"video_bitrate": 600_000}, ["bitrate_low"]),
        ({"video_bitrate": 600_000, "uptime_secs": 8}, []),
        ({"video_bitrate": 1_200_000}, ["all_good"]),
        ({"video_bitrate": 8_000_000}, ["bitrate_high"]),
        ({**FULL_HD_60, "width": 1920, "height": 1080}, ["all_good"]),
        ({**FULL_HD_60, "width": 1080, "height": 1920}, ["all_good"]),
        ({"video_bitrate": 40_000_000, "width": 3840, "height": 2160}, ["all_good"]),
        ({"video_bitrate": 100_000, "width": 160, "height": 120}, ["all_good"]),
        ({"uptime_secs": 6}, []),
    ],
)
def test_advice(changed, expected):
    assert codes(changed) == expected


def test_what_is_said_with_it():
    (far,) = advise({**GOOD, "keyframe_secs": 8.3333})
    assert far == {"code": "keyframes_far", "values": {"secs": 8.3}}
    (low,) = advise({**GOOD, "video_bitrate": 600_400})
    assert low == {"code": "bitrate_low", "values": {"kbps": 600, "wanted_kbps": 3000}}
    (few,) = advise({**GOOD, "measured_fps": 20.04})
    assert few["values"] == {"fps": 20.0, "declared": 30.0}
    (odd,) = advise({**GOOD, "audio_codec": "MP3"})
    assert odd["values"] == {"codec": "MP3"}


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_nothing_is_concluded_from_a_missing_figure(missing):
    needed = {"uptime_secs", "keyframe_secs", "video_bitrate"}
    assert without(missing) == ([] if missing in needed else ["all_good"])


def test_nothing_is_known_of_nothing():
    assert advise({}) == []
    assert advise({"uptime_secs": 100}) == []


@pytest.mark.parametrize(
    ("changed", "reason", "expected"),
    [
        ({}, "no_slot", ["no_slot"]),
        ({"b_frames": True}, "no_slot", ["b_frames"]),
        ({}, "b_frames", ["b_frames"]),
        ({}, "codec", ["codec"]),
        ({"hevc": True}, "no_slot", ["hevc", "codec"]),
        ({"b_frames": True}, "", ["hint: b_frames"]),
        ({"b_frames": True}, "crashed", ["hint: b_frames"]),
        ({}, "crashed", ["all_good"]),
    ],
)
def test_what_low_delay_viewers_miss(changed, reason, expected):
    """Said with what to change; then the hint that B-frames hurt nobody is not."""
    found = advise(GOOD | changed, bridge_waits=reason)
    told = [
        each["values"].get("why") or each["code"].replace("b_frames", "hint: b_frames")
        for each in found
    ]
    assert told == expected


def test_a_room_for_sound_only_wants_no_picture():
    sound = {**NO_PICTURE, "video_bitrate": 0, "keyframe_secs": None}
    assert codes(sound, wants_video=False) == ["all_good"]
    assert codes(NO_SOUND, wants_audio=False) == ["all_good"]


VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)


@some
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), VALUE))
def test_odd_figures_never_raise(figures):
    for advice in advise(figures):
        assert set(advice) == {"code", "values"}
        for value in advice["values"].values():
            assert isinstance(value, str) or math.isfinite(value)


def test_the_table_is_in_order():
    for row in TABLE:
        assert row.from_kbps <= row.video_kbps <= row.to_kbps
        assert row_for(row.width, row.height, row.fps) == row
        assert row_for(row.height, row.width, row.fps) == row
    assert row_for(1280, 720, 50).name == "720p60"
    assert row_for(854, 480, 60).name == "480p30"
    assert row_for(960, 540, 30).name == "480p30"
