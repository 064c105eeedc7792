"""The group of pictures that late viewers get: from the last keyframe, and bounded."""

from __future__ import annotations

import pytest

from playback import gop
from playback.gop import Chunk, Gop


def chunk(at_ms: int, *, start: bool = False, size: int = 10, frames: int = 1) -> Chunk:
    return Chunk(bytes(size), start, frames, at_ms, at_ms / 1000)


def times(of: Gop) -> list[int]:
    return [each.timestamp_ms for each in of.chunks]


def test_begins_with_the_last_keyframe() -> None:
    one = Gop()
    for at_ms, start in ((0, False), (40, True), (80, False), (120, True), (160, False)):
        one.add(chunk(at_ms, start=start), has_video=True)
    assert times(one) == [120, 160]
    assert one.size_bytes == 20


@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_BYTES", 100), ("MAX_FRAMES", 10), ("MAX_MS", 400)]
)
def test_a_group_beyond_a_limit_is_given_up_until_the_next_keyframe(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(gop, limit, value)
    one = Gop()
    for index in range(15):
        one.add(chunk(40 * index, start=index == 0), has_video=True)
    assert one.chunks == [] and one.size_bytes == 0
    one.add(chunk(1_000, start=True), has_video=True)
    one.add(chunk(1_040), has_video=True)
    assert times(one) == [1_000, 1_040]


def test_obs_default_of_8_secs_fits_at_20_mbps() -> None:
    one = Gop()
    for index in range(250):
        one.add(chunk(index * 33, start=index == 0, size=66_000 - 2_000), has_video=True)
    assert len(one.chunks) == 250


def test_sound_alone_is_not_kept() -> None:
    one = Gop()
    one.add(chunk(0, start=True), has_video=False)
    assert one.chunks == []
