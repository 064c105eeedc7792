"""What is true of every plan, whatever the rooms, the past and the limits are."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.plan import held_of, plan
from bridge.plan_terms import Demand, Heard, Held, Limits, RoomNow, Shown, key_of
from bridge.slots import HOLD_SECS, WAIT_SECS
from tests.effort import few

NAMES = ["room_a", "room_b", "room_c", "room_d"]
NOW = 1000.0

streams = st.sampled_from([(), (("c", "camera"),), (("c", "camera"), ("s", "screen"))])
shown = st.builds(
    Shown, st.integers(1, 3), st.sampled_from(["", "sess_a", "sess_b"]), streams, st.just("")
)
demand = st.builds(Demand, st.integers(0, 2), st.integers(0, 2), st.booleans(), st.booleans())
some_room = st.builds(
    RoomNow,
    room_id=st.sampled_from(NAMES),
    play_id=st.just("play"),
    mode=st.sampled_from(["hybrid", "hybrid", "hybrid", "rtmp", "webrtc"]),
    programme=st.lists(shown, max_size=3, unique_by=lambda one: one.person).map(tuple),
    demand=demand,
    audio_only=st.booleans(),
    targets=st.sampled_from([(), (7,), (7, 8)]),
    viewers=st.integers(0, 1),
    owner=st.integers(1, 2),
)
rooms_now = st.lists(some_room, max_size=4, unique_by=lambda one: one.room_id)
heard = st.builds(
    Heard,
    st.sampled_from(["starting", "running", "waiting"]),
    st.sampled_from(["", "b_frames", "taken"]),
    st.sampled_from(["", "transcode"]),
    st.sampled_from(["", "sess_bridge"]),
)
times = st.floats(NOW - 20, NOW)
past = st.builds(
    Held,
    since=times,
    wished_at=times,
    slot_since=st.sampled_from([0.0, NOW - 10, NOW - HOLD_SECS]),
    waits_since=st.sampled_from([0.0, NOW - 1, NOW - WAIT_SECS]),
    mode=st.sampled_from(["pass", "transcode", "mix"]),
    person=st.integers(1, 3),
    heard=st.none() | heard,
    not_before=st.floats(NOW - 5, NOW + 5),
    broke=st.sampled_from(["crashed", "hung"]),
)
ALL_KEYS = [key_of(kind, room) for room in NAMES for kind in ("to_webrtc", "to_rtmp", "ladder")]
held_jobs = st.dictionaries(st.sampled_from(ALL_KEYS), past)
some_limits = st.builds(
    Limits,
    ladder=st.booleans(),
    ladder_transcodes=st.booleans(),
    max_jobs=st.integers(0, 6),
    max_transcodes=st.integers(0, 3),
)


@few
@given(rooms_now, held_jobs, some_limits)
def test_a_fulfilled_plan_changes_nothing(
    rooms: list[RoomNow], held: dict[str, Held], limits: Limits
) -> None:
    # No plan makes anybody transcode or mix without a slot.
    held = {
        key: replace(one, has_slot=True, waits_since=0.0)
        if one.mode != "pass"
        else replace(one, slot_since=0.0)
        for key, one in held.items()
    }
    first = plan(rooms, held, limits, NOW)
    second = plan(rooms, held_of(first, held), limits, NOW)
    assert second == first


@few
@given(rooms_now, held_jobs, some_limits, st.randoms())
def test_the_order_of_rooms_does_not_matter(
    rooms: list[RoomNow], held: dict[str, Held], limits: Limits, dice: random.Random
) -> None:
    shuffled = list(rooms)
    dice.shuffle(shuffled)
    assert plan(shuffled, held, limits, NOW) == plan(rooms, held, limits, NOW)


@few
@given(rooms_now, held_jobs, some_limits, st.sets(st.sampled_from(ALL_KEYS), max_size=3))
def test_limits_hold(
    rooms: list[RoomNow], held: dict[str, Held], limits: Limits, holders: set[str]
) -> None:
    held = {
        key: replace(one, has_slot=key in holders and limits.max_transcodes >= len(holders))
        for key, one in held.items()
    }
    made = plan(rooms, held, limits, NOW)
    assert sum(job.has_slot for job in made.jobs) <= limits.max_transcodes
    assert sum(job.may_run for job in made.jobs) <= limits.max_jobs
    assert len({job.key for job in made.jobs}) == len(made.jobs)
    by_key = {job.key: job for job in made.jobs}
    may_wait = [job for job in made.jobs if job.kind != "ladder" and job.has_slot]
    for key, one in held.items():
        if not one.has_slot or key not in by_key or key.startswith("ladder"):
            continue
        job = by_key[key]
        if not job.has_slot and job.reason != "too_many_jobs":
            # Somebody who waited long enough has it, who had none before.
            assert any(
                held[winner.key].waits_since <= NOW - WAIT_SECS and not held[winner.key].has_slot
                for winner in may_wait
                if winner.key in held
            )
    modes = {room.room_id: room.mode for room in rooms}
    for job in made.jobs:
        assert modes[job.room_id] != "webrtc"
        if job.kind in ("to_webrtc", "to_rtmp"):
            assert modes[job.room_id] == "hybrid"
        if job.mode != "pass" and not job.audio_only:
            assert job.has_slot
        if not job.may_run:
            assert job.reason
        if job.may_run and job.kind == "to_rtmp":
            assert all(tile.session_id for tile in job.tiles)
