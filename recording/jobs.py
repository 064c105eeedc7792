"""The recording jobs of the worker, wired together."""

from __future__ import annotations

from worker.job import Job


def recording_jobs() -> list[Job]:
    return []
