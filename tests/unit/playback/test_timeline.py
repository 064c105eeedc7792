"""Timestamps that begin anywhere, wrap, jump, and go on after a break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.timeline import Timeline


@pytest.mark.parametrize(
    ("given_ms", "expected"),
    [
        ([5_000, 5_040, 5_020, 5_080], [0, 40, 20, 80]),
        ([2**24 - 20, 2**24, 2**24 + 20], [0, 20, 40]),
        ([2**32 - 20, 0, 20], [0, 20, 40]),
        ([2**32 - 20, 10, 2**32 - 10, 20], [0, 30, 10, 40]),  # wraps between sound and picture
        ([100, 60], [0, 0]),
        ([1_000, 1_040, 3_600_000, 3_600_040], [0, 40, 40, 80]),  # the encoder's clock was set
        ([3_600_000, 3_600_040, 0, 40], [0, 40, 40, 80]),
        ([0, 9_000], [0, 9_000]),  # a pause, not a jump
    ],
)
def test_times(given_ms: list[int], expected: list[int]) -> None:
    timeline = Timeline()
    assert [timeline.at(each) for each in given_ms] == expected


def test_goes_on_after_a_break() -> None:
    timeline = Timeline()
    timeline.at(500_000)
    timeline.at(501_000)
    timeline.restart(2_000)
    assert [timeline.at(0), timeline.at(40)] == [3_000, 3_040]


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50))
def test_any_times_go_nowhere_below_zero(given_ms: list[int]) -> None:
    timeline = Timeline()
    latest = 0
    for each in given_ms:
        assert timeline.at(each) >= 0
        assert latest <= timeline.latest_ms <= latest + 10_000
        latest = timeline.latest_ms
