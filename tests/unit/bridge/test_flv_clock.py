"""An encoder's clock over pauses, jumps and reconnects; samples counted without a break."""

from __future__ import annotations

import pytest

from bridge.flv_clock import MediaClock, SampleClock


def run(*steps: tuple[int, float]) -> list[int]:
    clock = MediaClock()
    return [clock.at(timestamp_ms, now_ms) for timestamp_ms, now_ms in steps]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(5_000, 100), (5_033, 133), (5_021, 134)], [0, 33, 21]),
        # A stall, then all at once: the encoder's time is the truth.
        ([(0, 0), (33, 33), (66, 3_000), (99, 3_001)], [0, 33, 66, 99]),
        # A pause of the encoder itself.
        ([(0, 0), (40, 40), (30_040, 30_040)], [0, 40, 30_040]),
        # A new clock, forwards and backwards: as much later as time has passed.
        ([(0, 0), (40, 40), (90_000_000, 80), (90_000_040, 120)], [0, 40, 80, 120]),
        ([(50_000, 0), (50_040, 40), (0, 80), (40, 120)], [0, 40, 80, 120]),
        # 32 bits wrap.
        ([(2**32 - 20, 0), (20, 40)], [0, 40]),
    ],
)
def test_media_clock(steps: list[tuple[int, float]], expected: list[int]) -> None:
    assert run(*steps) == expected


def test_another_connection_goes_on_where_the_time_is() -> None:
    clock = MediaClock()
    assert [clock.at(9_000, 1_000), clock.at(9_100, 1_100)] == [0, 100]
    clock.restart()
    assert [clock.at(0, 4_100), clock.at(40, 4_140)] == [3_100, 3_140]


def test_samples_are_counted_and_rounded_times_smoothed() -> None:
    clock = SampleClock(48_000)
    frames = 30_000  # 10 minutes
    for index in range(frames):
        assert clock.push(1_024, round(500 + index * 1_024 / 48)) == 0
    assert clock.position == 24_000 + frames * 1_024
    assert clock.at_ms(clock.position) == pytest.approx(500 + frames * 1_024 / 48, abs=1)


def test_sound_that_runs_slow_is_followed() -> None:
    clock = SampleClock(48_000)
    for index in range(28_000):  # 10 minutes, 100 ppm
        at_ms = index * 1_024 / 48 * 1.0001
        assert clock.push(1_024, round(at_ms)) == 0
    assert clock.at_ms(clock.position - 1_024) == pytest.approx(at_ms, abs=2)


def test_a_hole_is_told_and_an_overlap_goes_on() -> None:
    clock = SampleClock(48_000)
    assert clock.push(1_024, 0) == 0
    assert clock.push(1_024, 1_021.333) == pytest.approx(48_000, abs=1)
    assert clock.at_ms(clock.position) == pytest.approx(1_042.7, abs=0.1)
    position = clock.position
    assert clock.push(1_024, 500) == 0
    assert clock.position == position + 1_024
    assert clock.at_ms(position) == pytest.approx(500, abs=0.1)
