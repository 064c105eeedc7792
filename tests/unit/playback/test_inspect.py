"""What the inspector says of streams whose settings are known."""

from __future__ import annotations

import pytest

from playback import flv
from playback.inspect import Inspector
from tests.unit.playback.media import AAC, AVC, audio, video


def run(
    secs: float,
    *,
    fps: float = 30,
    keyframe_secs: float = 1.0,
    compositions: tuple[int, ...] = (0,),
    sound: bool = True,
    pictures: bool = True,
    sound_late_ms: int = 0,
    header: bytes = AVC,
    start_ms: int = 0,
) -> dict[str, object]:
    one = Inspector()
    events = []
    if pictures:
        one.got_video(start_ms, header, flv.parse_video(header))
        per_group = round(fps * keyframe_secs)
        for index in range(int(secs * fps)):
            key = index % per_group == 0
            body = video(
                key=key, composition_ms=compositions[index % len(compositions)], size=1_000
            )
            events.append((index * 1000 / fps, 9, body))
    if sound:
        one.got_audio(start_ms, AAC, flv.parse_audio(AAC))
        for index in range(int(secs * 50)):
            events.append((index * 20 + sound_late_ms, 8, audio(200)))
    for at_ms, kind, body in sorted(events, key=lambda each: each[0]):
        at = (start_ms + round(at_ms)) % 2**32
        if kind == 9:
            one.got_video(at, body, flv.parse_video(body))
        else:
            # What comes late also comes with a timestamp that is behind.
            one.got_audio((at - sound_late_ms) % 2**32, body, flv.parse_audio(body))
    return one.report()


def test_a_stream_as_recommended() -> None:
    found = run(10)
    assert found == {
        "has_audio": True,
        "has_video": True,
        "video_codec": "H264",
        "hevc": False,
        "audio_codec": "AAC",
        "width": 640,
        "height": 360,
        "profile": "High",
        "level": "3.0",
        "b_frames": False,
        "keyframe_secs": 1.0,
        "av_offset_ms": found["av_offset_ms"],
        "video_bitrate": pytest.approx(240_000, rel=0.02),
        "audio_bitrate": pytest.approx(80_000, rel=0.02),
        "measured_fps": pytest.approx(30, abs=0.3),
    }
    assert abs(int(str(found["av_offset_ms"]))) <= 20


def test_obs_defaults() -> None:
    found = run(20, keyframe_secs=8.3, compositions=(66, 133, 33, 0))
    assert found["keyframe_secs"] == pytest.approx(8.3, abs=0.05)
    assert found["b_frames"] is True


def test_a_constant_composition_time_is_no_reordering() -> None:
    assert run(5, compositions=(66,))["b_frames"] is False


@pytest.mark.parametrize("start_ms", [2**24 - 2_000, 2**32 - 2_000])
def test_timestamps_that_pass_a_limit(start_ms: int) -> None:
    found = run(10, start_ms=start_ms)
    assert found["measured_fps"] == pytest.approx(30, abs=0.3)
    assert found["keyframe_secs"] == 1.0


def test_a_keyframe_that_never_comes_again() -> None:
    assert run(50, keyframe_secs=1_000)["keyframe_secs"] == pytest.approx(50, abs=0.1)


def test_the_longest_gap_is_of_the_last_minute() -> None:
    one = Inspector()
    for secs in (0, 9, *range(10, 80)):
        for part in range(10):
            body = video(key=part == 0)
            one.got_video(secs * 1000 + part * 20, body, flv.parse_video(body))
    assert one.report()["keyframe_secs"] == 1.0


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"sound": False}, "has_audio", False),
        ({"pictures": False}, "has_video", False),
        ({"header": b"\x90hvc1" + bytes(30)}, "width", None),
        ({"header": b"\x17\0\0\0\0garbage"}, "width", None),
    ],
)
def test_what_is_not_there(options: dict[str, object], name: str, value: object) -> None:
    assert run(5, **options).get(name) == value  # type: ignore[arg-type]


def test_missing_sound_is_only_said_after_a_while() -> None:
    assert "has_audio" not in run(1, sound=False)


def test_sound_that_is_behind() -> None:
    assert run(10, sound_late_ms=400)["av_offset_ms"] == pytest.approx(-400, abs=30)


def test_nothing_yet() -> None:
    assert Inspector().report() == {}


def test_hevc_is_named() -> None:
    one = Inspector()
    body = b"\x91hvc1\0\0\0data"
    one.got_video(0, body, flv.parse_video(body))
    assert (one.report()["hevc"], one.report()["video_codec"]) == (True, "HEVC")
