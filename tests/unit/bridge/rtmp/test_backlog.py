"""What waits: headers first, a keyframe first, never more than two seconds."""

from __future__ import annotations

from bridge.rtmp.backlog import Backlog, Tag
from playback.flv import AUDIO, VIDEO

VIDEO_HEADER = b"\x17\0\0\0\0header"
KEYFRAME = b"\x17\1\0\0\0key"
FRAME = b"\x27\1\0\0\0frame"
AUDIO_HEADER = b"\xaf\0asc"
SOUND = b"\xaf\1sound"


def video(timestamp_ms: int, body: bytes = FRAME) -> Tag:
    return Tag(VIDEO, timestamp_ms, body)


def audio(timestamp_ms: int, body: bytes = SOUND) -> Tag:
    return Tag(AUDIO, timestamp_ms, body)


def opened(**how: int) -> Backlog:
    backlog = Backlog(**how)
    backlog.put(audio(0, AUDIO_HEADER))
    backlog.put(video(0, VIDEO_HEADER))
    backlog.restart()
    return backlog


def bodies(backlog: Backlog) -> list[bytes]:
    return [tag.body for tag in backlog.take(1 << 30)]


def test_nothing_but_headers_is_kept_while_closed() -> None:
    backlog = Backlog()
    backlog.put(video(0, VIDEO_HEADER))
    backlog.put(video(1, KEYFRAME))
    assert len(backlog) == 0
    backlog.restart()
    assert bodies(backlog) == [VIDEO_HEADER]
    assert backlog.wants_keyframe


def test_a_connection_begins_with_headers_and_a_keyframe() -> None:
    backlog = opened()
    for tag in (video(5), audio(6), video(7, KEYFRAME), audio(8), video(9)):
        backlog.put(tag)
    assert bodies(backlog) == [AUDIO_HEADER, VIDEO_HEADER, KEYFRAME, SOUND, FRAME]


def test_sound_alone_needs_no_keyframe_and_waits_three_seconds_for_a_camera_that_is_off() -> None:
    backlog = Backlog()
    backlog.put(audio(0, AUDIO_HEADER))
    backlog.restart()
    backlog.put(audio(1))
    assert bodies(backlog) == [AUDIO_HEADER, SOUND]
    backlog = opened()
    for at in range(100, 3_200, 100):
        backlog.put(audio(at))
    assert bodies(backlog) == [AUDIO_HEADER, VIDEO_HEADER, SOUND]


def test_who_is_late_goes_on_with_the_next_keyframe() -> None:
    backlog = opened()
    backlog.put(video(0, KEYFRAME))
    for at in range(40, 2_081, 40):
        backlog.put(video(at))
    assert backlog.wants_keyframe
    assert backlog.dropped_frames >= 50
    backlog.put(audio(2_100))
    backlog.put(video(2_120))
    backlog.put(video(2_160, KEYFRAME))
    # The headers had not gone out yet: they still go first.
    assert bodies(backlog) == [AUDIO_HEADER, VIDEO_HEADER, SOUND, KEYFRAME]
    assert backlog.queue_ms == 0


def test_a_new_header_is_never_dropped() -> None:
    backlog = opened()
    bodies(backlog)
    backlog.put(video(0, KEYFRAME))
    backlog.put(video(100, b"\x17\0\0\0\0other"))
    backlog.put(video(120, KEYFRAME))
    backlog.put(video(2_500))
    assert bodies(backlog) == [b"\x17\0\0\0\0other"]


def test_bytes_are_bounded() -> None:
    backlog = opened(max_bytes=1_000)
    backlog.put(video(0, KEYFRAME + bytes(900)))
    backlog.put(video(1, FRAME + bytes(900)))
    assert sum(map(len, bodies(backlog))) < 1_000
    backlog.put(video(2, KEYFRAME + bytes(5_000)))
    assert bodies(backlog) == []
