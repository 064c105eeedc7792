"""The one place that decides which bridges should run. Pure (docs/bridge.md, "Jobs").

Rooms × demand × what the children say → the jobs that should run, each with its mode. A job's
past comes in as `Held` and goes out with the job: the plan itself remembers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.plan_terms import Held, Job, Limits, Plan, RoomNow, Wish
from bridge.slots import by_turns, slots_of
from bridge.wishes import wishes_of


def plan(rooms: Iterable[RoomNow], held: Mapping[str, Held], limits: Limits, now: float) -> Plan:
    """`held`: by key, of all jobs of the plan before. `now`: seconds since 1970."""
    wishes = sorted(
        (wish for room in rooms for wish in wishes_of(room, held, limits, now)),
        key=lambda wish: (wish.job.since, wish.job.key),
    )
    placed = by_turns([wish for wish in wishes if not wish.sealed])[: limits.max_jobs]
    has_place = frozenset(wish.job.key for wish in placed)
    slots = slots_of(
        [wish for wish in wishes if wish.job.key in has_place], limits.max_transcodes, now
    )
    jobs = [
        _settled(wish, wish.job.key in slots, wish.job.key in has_place, now) for wish in wishes
    ]
    return Plan(tuple(jobs), tuple(job.play_id for job in jobs if _must_drop(job, held)))


def held_of(made: Plan, before: Mapping[str, Held]) -> dict[str, Held]:
    """The past of the next plan, as far as a plan says it."""
    return {
        job.key: replace(
            before.get(job.key, Held(job.since, job.wished_at)),
            since=job.since,
            wished_at=job.wished_at,
            has_slot=job.has_slot,
            slot_since=job.slot_since,
            waits_since=job.waits_since,
            mode=job.mode,
            person=job.person,
        )
        for job in made.jobs
    }


def _settled(wish: Wish, has_slot: bool, has_place: bool, now: float) -> Job:
    may_cost = has_slot or wish.job.audio_only
    mode = "pass"
    if may_cost and wish.mixes and wish.ready:
        mode = "mix"
    elif may_cost and wish.transcodes:
        mode = "transcode"
    job = replace(
        wish.job,
        mode=mode,
        has_slot=has_slot,
        slot_since=_slot_since(wish, now) if has_slot else 0.0,
        waits_since=_waits_since(wish, now) if has_place and not has_slot else 0.0,
    )
    if wish.sealed:
        return replace(job, may_run=False, reason="key_unreadable")
    if not has_place:
        return replace(job, may_run=False, reason="too_many_jobs")
    if wish.held is not None and wish.held.heard is None and now < wish.held.not_before:
        return replace(job, may_run=False, reason=wish.held.broke)
    if wish.costs and not has_slot:
        return replace(job, may_run=wish.runs_without, reason="no_slot")
    if mode == "pass" and not wish.runs_without:
        return replace(job, may_run=False, reason="bridge_starting")  # the other one
    return job


def _slot_since(wish: Wish, now: float) -> float:
    past = wish.held
    return (past.slot_since if past is not None and past.has_slot else 0.0) or now


def _waits_since(wish: Wish, now: float) -> float:
    if not wish.costs:
        return 0.0
    return (wish.held.waits_since if wish.held is not None else 0.0) or now


def _must_drop(job: Job, held: Mapping[str, Held]) -> bool:
    past = held.get(job.key)
    if job.kind != "to_rtmp" or not job.may_run or past is None or past.heard is None:
        return False
    return past.heard.reason == "taken"
