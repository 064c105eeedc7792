"""What is true of every plan, whatever the rooms, the past and the limits are."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.plan import Demand, Heard, Held, Limits, RoomNow, Shown, held_of, key_of, plan
from tests.effort import few

NAMES = ["room_a", "room_b", "room_c", "room_d"]
NOW = 100.0

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
)
rooms_now = st.lists(some_room, max_size=4, unique_by=lambda one: one.room_id)
heard = st.builds(
    Heard,
    st.sampled_from(["starting", "running", "waiting"]),
    st.sampled_from(["", "b_frames", "taken"]),
    st.sampled_from(["", "transcode"]),
    st.sampled_from(["", "sess_bridge"]),
)
times = st.floats(80, 100)
past = st.builds(
    Held,
    since=times,
    wished_at=times,
    mode=st.sampled_from(["pass", "transcode", "mix"]),
    person=st.integers(1, 3),
    heard=st.none() | heard,
    not_before=st.floats(95, 105),
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
    held = {key: replace(one, has_slot=one.mode != "pass") for key, one in held.items()}
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
    kept = {job.key for job in made.jobs}
    for key, one in held.items():
        if one.has_slot and key in kept and not key.startswith("ladder"):
            assert next(job for job in made.jobs if job.key == key).has_slot
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
