"""The worker's jobs of ingest."""

from __future__ import annotations

from worker.job import Job


def ingest_jobs() -> list[Job]:
    return []
