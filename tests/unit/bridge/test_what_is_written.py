"""When a job's row is written at once: what pages hear of has changed, figures as such have not."""

from __future__ import annotations

from bridge.jobs import _plain
from bridge.manager import State
from bridge.plan_terms import Job

JOB = Job("ladder", "room_a", "play_a", since=1.0, wished_at=2.0)


def state(**figures: object) -> State:
    return State(JOB, "running", "", 1, "run", 7, figures=figures)


def test_qualities_are_news_and_what_they_cost_is_not() -> None:
    before = _plain(state(qualities=["source"], late_ms=3))
    assert _plain(state(qualities=["source"], late_ms=900)) == before
    assert _plain(state(qualities=["source", "360p"], late_ms=3)) != before
    assert _plain(state()) != before
    assert _plain(state()) == _plain(state(cpu_percent=30))
