"""From pages and inspections to figures."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.figures import WINDOW_SECS, Figures
from ingest.playback_job import is_due
from ingest.stat import Client, Meta, Stream

BOTH = Meta("H264", "High", "3.1", 1280, 720, 30.0, "AAC", 2, 48_000)
SOUND = Meta(audio_codec="AAC", channels=2, sample_rate=48_000)


def stream(secs: float, meta: Meta = BOTH, client: str = "1", **fields: Any) -> Stream:
    """2.528 Mbit/s since its beginning."""
    publisher = Client(client, time_ms=int(secs * 1000), dropped=3, publishing=True)
    fields = {"bytes_in": int(secs * 316_000), **fields}
    return Stream("play_a", active=True, meta=meta, clients=(publisher,), **fields)


def after(*streams: tuple[float, Stream], said: object = None) -> dict[str, Any]:
    figures = Figures()
    for at, each in streams:
        figures.got_page({"play_a": each}, at)
    if said is not None:
        figures.got_inspection("play_a", said, at)
    return figures.of(each)


def test_one_page_says_what_is_declared():
    assert after((0, stream(1.5))) == {
        "video_codec": "H264",
        "profile": "High",
        "level": "3.1",
        "width": 1280,
        "height": 720,
        "fps": 30.0,
        "audio_codec": "AAC",
        "channels": 2,
        "sample_rate": 48_000,
        "dropped": 3,
        "uptime_secs": 1,
    }


def test_what_is_not_known_is_left_out():
    assert set(after((0, stream(0, Meta())))) == {"dropped", "uptime_secs"}


def test_bitrates():
    two = [(secs, stream(secs)) for secs in (0, 2)]
    assert after(*two)["video_bitrate"] == 2_528_000
    assert "audio_bitrate" not in after(*two)
    counted = after((0, stream(0)), (2, stream(2, bw_audio=128_000)))
    assert (counted["video_bitrate"], counted["audio_bitrate"]) == (2_400_000, 128_000)
    said = {"audio_bitrate": 130_000, "has_audio": True}
    assert after(*two, said=said)["video_bitrate"] == 2_398_000
    alone = after((0, stream(0, SOUND)), (2, stream(2, SOUND)))
    assert alone["audio_bitrate"] == 2_528_000
    assert "video_bitrate" not in alone


def test_bitrates_are_of_the_last_seconds():
    quiet = [(100 + secs, stream(100, bytes_in=31_600_000)) for secs in range(7)]
    assert after((0, stream(0)), (99, stream(99)), *quiet)["video_bitrate"] == 0
    assert WINDOW_SECS < 6


@pytest.mark.parametrize("anew", [stream(1, client="2"), stream(0.1)])
def test_a_new_publisher_starts_from_nothing(anew: Stream):
    said = {"b_frames": True, "video_bitrate": 1}
    figures = Figures()
    figures.got_page({"play_a": stream(50)}, 0)
    figures.got_inspection("play_a", said, 0)
    figures.got_page({"play_a": anew}, 2)
    assert "video_bitrate" not in figures.of(anew)
    figures.got_page({}, 3)
    figures.got_inspection("play_a", said, 3)
    assert "b_frames" not in figures.of(anew)


def test_inspections():
    said = {
        "b_frames": True,
        "keyframe_secs": 8.333,
        "measured_fps": 29.9704,
        "has_audio": True,
        "has_video": True,
        "hevc": False,
        "av_offset_ms": -12,
        "video_bitrate": 1_000_000,
        "made_up": 1,
        "width": 640,
    }
    found = after((0, stream(9)), said=said)
    assert found["keyframe_secs"] == 8.333
    assert (found["b_frames"], found["measured_fps"], found["hevc"]) == (True, 29.97, False)
    assert (found["width"], found["has_audio"]) == (1280, True)
    assert "made_up" not in found
    assert after((0, stream(9, Meta())), said=said)["width"] == 640
    hevc = after((0, stream(9)), said={**said, "hevc": True, "video_codec": "HEVC"})
    assert hevc["video_codec"] == "HEVC"


def test_the_longest_distance_of_keyframes_in_a_minute():
    figures = Figures()
    one = stream(9)
    figures.got_page({"play_a": one}, 0)
    for at, secs in ((0, 8.3), (30, 6.0)):
        figures.got_inspection("play_a", {"keyframe_secs": secs, "video_bitrate": 1}, at)
    assert figures.of(one)["keyframe_secs"] == 8.3
    figures.got_inspection("play_a", {"keyframe_secs": 1.0, "video_bitrate": 1}, 80)
    assert figures.of(one)["keyframe_secs"] == 6.0


ODD = [None, [], "x", 1, {"b_frames": True}, {"video_bitrate": 1, "b_frames": "yes"}]
ODD += [{"video_bitrate": 1, "measured_fps": each} for each in (True, "30", float("nan"), None)]
ODD += [{"video_bitrate": 1, "width": float("inf"), "audio_codec": 7}]


@pytest.mark.parametrize("said", ODD)
def test_odd_answers_of_playback(said: object):
    assert after((0, stream(9)), said=said) == after((0, stream(9)))


def test_when_a_stream_is_looked_at():
    """All the time at first; later twice in 20 s."""
    asked, seen = -100.0, []
    for secs in range(100):
        if is_due(secs, secs - asked):
            seen.append(secs)
            asked = secs
    assert seen[:15] == list(range(15))
    assert set(seen[15:]) <= {20, 21, 26, 40, 41, 46, 60, 61, 66, 80, 81, 86}
    assert {20, 26, 40, 46} <= set(seen)
