"""What has to go, in which order, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recording.retention import Doomed, Kept, Limits, to_delete

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def kept(pk: int, days: float, gb: float = 1.0, failed: bool = False) -> Kept:
    at = NOW - timedelta(days=days)
    return Kept(pk, at, at + timedelta(hours=1), round(gb * 1e9), failed)


ROWS = [kept(1, 40), kept(2, 20, 2.0), kept(3, 10), kept(4, 1, 3.0)]  # 7 GB


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), []),
        (Limits(keep_days=30), [(1, "too_old")]),
        (Limits(keep_days=1), [(1, "too_old"), (2, "too_old"), (3, "too_old")]),
        (Limits(quota_gb=7.0), []),
        (Limits(quota_gb=6.5), [(1, "over_quota")]),
        (Limits(quota_gb=4.5), [(1, "over_quota"), (2, "over_quota")]),
        (Limits(quota_gb=0.1), [(n, "over_quota") for n in (1, 2, 3, 4)]),
        (Limits(keep_days=30, quota_gb=4.5), [(1, "too_old"), (2, "over_quota")]),
        (Limits(keep_days=30, quota_gb=6.0), [(1, "too_old")]),
    ],
)
def test_limits(limits, expected):
    for rows in (ROWS, ROWS[::-1]):
        assert to_delete(rows, limits, NOW) == [Doomed(*one) for one in expected]


def test_failed_ones_are_kept_for_a_week_and_weigh_what_their_pieces_weigh():
    rows = [kept(1, 8, failed=True), kept(2, 6, failed=True), kept(3, 9)]
    assert to_delete(rows, Limits(), NOW) == [Doomed(1, "failed")]
    assert to_delete(rows, Limits(quota_gb=1.0), NOW) == [
        Doomed(1, "failed"),
        Doomed(3, "over_quota"),
    ]


def test_what_weighs_nothing_is_not_deleted_for_the_quota():
    assert to_delete([kept(1, 2, 0.0), kept(2, 1, 2.0)], Limits(quota_gb=1.0), NOW) == [
        Doomed(2, "over_quota")
    ]
