"""Slots for converting pictures, over hours: everybody gets one, and nobody for a moment only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.plan import held_of, plan
from bridge.plan_terms import Heard, Held, Job, Limits, RoomNow, Shown
from bridge.slots import HOLD_SECS, WAIT_SECS
from tests.effort import few

ENCODER = Shown(1)
STEP_SECS = 30.0
B_FRAMES = Heard("waiting", "b_frames", "transcode")
FINE = Heard("running")


def room(name: str, owner: int, viewers: int = 0) -> RoomNow:
    return RoomNow(name, f"play_{name}", owner, programme=(ENCODER,), viewers=viewers)


class Hours:
    """Plans again and again, as the worker does; each child says that it needs transcoding."""

    def __init__(self, slots: int) -> None:
        self.limits = Limits(max_transcodes=slots)
        self.now = 1_000_000.0
        self.held: dict[str, Held] = {}
        self.jobs: dict[str, Job] = {}
        self.held_secs: defaultdict[str, list[float]] = defaultdict(list)  # of slots given up

    def go(
        self,
        rooms: Sequence[RoomNow],
        secs: float = STEP_SECS,
        says: Mapping[str, Heard] | None = None,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        end = self.now + secs
        while self.now < end and not until():
            self.now += STEP_SECS
            made = plan(rooms, self.held, self.limits, self.now)
            jobs = {job.room_id: job for job in made.jobs}
            for name, was in self.jobs.items():
                if was.has_slot and name in jobs and not jobs[name].has_slot:
                    self.held_secs[name].append(self.now - was.slot_since)
            self.jobs = jobs
            self.held = {
                key: replace(held, heard=(says or {}).get(key.partition(":")[2], B_FRAMES))
                for key, held in held_of(made, self.held).items()
            }
            assert len(self.holders) <= self.limits.max_transcodes

    @property
    def holders(self) -> set[str]:
        return {name for name, job in self.jobs.items() if job.has_slot}

    @property
    def told(self) -> dict[str, tuple[str, bool, str]]:
        return {name: (job.mode, job.may_run, job.reason) for name, job in self.jobs.items()}


def test_who_has_a_slot_keeps_it_while_nobody_waits() -> None:
    hours = Hours(slots=1)
    hours.go([room("a", 1)], 24 * 3600)
    assert hours.holders == {"a"} and not hours.held_secs


def test_a_stream_that_never_ends_yields_to_who_waits() -> None:
    hours = Hours(slots=1)
    always, late = room("always", 1, viewers=3), room("late", 2, viewers=1)
    hours.go([always], 2 * HOLD_SECS)
    hours.go([always, late], WAIT_SECS)
    assert hours.holders == {"always"}
    hours.go([always, late], 2 * STEP_SECS)
    assert hours.told == {
        "always": ("pass", True, "no_slot"),  # its child goes on, and asks for the next one
        "late": ("transcode", True, ""),
    }
    hours.go([always, late], HOLD_SECS - 3 * STEP_SECS)
    assert hours.holders == {"late"}
    hours.go([always, late], 4 * STEP_SECS)
    assert hours.holders == {"always"}


@pytest.mark.parametrize(
    ("holder_viewers", "waiting_viewers", "first"),
    [(0, 1, "waits"), (1, 0, "holds"), (0, 0, "waits"), (1, 1, "waits")],
)
def test_rooms_with_viewers_come_before_rooms_without(
    holder_viewers: int, waiting_viewers: int, first: str
) -> None:
    hours = Hours(slots=1)
    holds, waits = room("holds", 1, holder_viewers), room("waits", 2, waiting_viewers)
    hours.go([holds], HOLD_SECS)
    hours.go([holds, waits], WAIT_SECS + 2 * STEP_SECS)
    assert hours.holders == {first}


def test_who_does_not_use_a_slot_any_more_yields_at_once() -> None:
    hours = Hours(slots=1)
    fine, waits = room("fine", 1, viewers=9), room("waits", 2)
    hours.go([fine])
    hours.go([fine])
    assert hours.holders == {"fine"}
    hours.go([fine, waits], WAIT_SECS, says={"fine": FINE})
    assert hours.holders == {"fine"}  # it may be a moment only
    hours.go([fine, waits], 3 * STEP_SECS, says={"fine": FINE})
    assert hours.holders == {"waits"}
    assert hours.told["fine"] == ("pass", True, "")


def test_many_rooms_of_one_owner_do_not_take_the_slot_of_another_s_only_room() -> None:
    hours = Hours(slots=2)
    only, many = room("only", 2), [room(f"many{n}", 1) for n in range(5)]
    hours.go([only, many[0]], 2 * HOLD_SECS)
    assert hours.holders == {"only", "many0"}
    hours.go([only, *many], 12 * 3600)
    assert "only" in hours.holders and not hours.held_secs["only"]
    assert all(hours.held_secs[f"many{n}"] for n in range(5))  # they take turns among themselves


@few
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 1)), min_size=1, max_size=6),
    st.integers(1, 3),
)
def test_everybody_is_served_and_nobody_for_a_moment(
    people: list[tuple[int, int]], slots: int
) -> None:
    watched = any(viewers for _, viewers in people)
    rooms = [room(f"r{n}", owner, viewers) for n, (owner, viewers) in enumerate(people)]
    hours = Hours(slots)
    served: set[str] = set()

    def all_served() -> bool:
        served.update(hours.holders)
        return len(served) == len(rooms)

    # Where some have viewers the others wait for as long as it takes: only those are counted.
    if watched:
        rooms = [one for one in rooms if one.viewers]
    longest = 4 * len(rooms) * (HOLD_SECS + 2 * WAIT_SECS)
    hours.go(rooms, longest, until=all_served)
    assert all_served()
    for lasted in hours.held_secs.values():
        assert min(lasted) >= HOLD_SECS
