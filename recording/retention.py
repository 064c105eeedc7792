"""Pure: which recordings have to go, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GIGABYTE: Final = 1_000_000_000
KEEP_FAILED: Final = timedelta(days=7)


@dataclass(frozen=True)
class Kept:
    """A finished recording: ready or failed."""

    pk: int
    started_at: datetime
    finished_at: datetime
    size_bytes: int
    failed: bool = False


@dataclass(frozen=True)
class Limits:
    """0: no limit."""

    keep_days: int = 0
    quota_gb: float = 0.0


@dataclass(frozen=True)
class Doomed:
    pk: int
    why: str  # "failed", "too_old" or "over_quota"


def to_delete(rows: Iterable[Kept], limits: Limits, now: datetime) -> list[Doomed]:
    """Failed ones of long ago; then what is too old; then, while over the quota, oldest first."""
    oldest_first = sorted(rows, key=lambda row: (row.started_at, row.pk))
    doomed = {
        row.pk: Doomed(row.pk, "failed")
        for row in oldest_first
        if row.failed and now - row.finished_at >= KEEP_FAILED
    }
    if limits.keep_days > 0:
        before = now - timedelta(days=limits.keep_days)
        for row in oldest_first:
            if row.started_at < before:
                doomed.setdefault(row.pk, Doomed(row.pk, "too_old"))
    if limits.quota_gb > 0:
        left = [row for row in oldest_first if row.pk not in doomed]
        over = sum(row.size_bytes for row in left) - limits.quota_gb * GIGABYTE
        for row in left:
            if over <= 0:
                break
            if row.size_bytes:
                doomed[row.pk] = Doomed(row.pk, "over_quota")
                over -= row.size_bytes
    return list(doomed.values())
