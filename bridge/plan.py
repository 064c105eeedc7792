"""The one place that decides which bridges should run. Pure (docs/bridge.md, "Jobs").

Rooms × demand × what the children say → the jobs that should run, each with its mode. A job's
past comes in as `Held` and goes out with the job: the plan itself remembers nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

# An encoder that comes back finds its bridge still there; longer, and it is another broadcast's.
LINGER_SECS: Final = 10.0
LUXURIES: Final = ("restream", "ladder")  # of a person's own jobs they come last


@dataclass(frozen=True)
class Limits:
    """Of this installation."""

    to_webrtc: bool = True
    to_rtmp: bool = True
    sfu: bool = True  # installed, whether or not it answers
    rtmp: bool = True  # installed
    ladder: bool = False
    ladder_transcodes: bool = True  # false: sound alone, which costs next to nothing
    max_jobs: int = 40
    max_transcodes: int = 1
    stop_after_secs: float = 15.0


@dataclass(frozen=True)
class Shown:
    """One on the programme of a room."""

    person: int
    session_id: str = ""  # "": comes by RTMP
    streams: tuple[tuple[str, str], ...] = ()  # (stream id, "camera" | "screen"); (): not known
    name: str = ""
    muted: bool = False

    @property
    def by_rtmp(self) -> bool:
        return not self.session_id


@dataclass(frozen=True)
class Demand:
    """Who wants FLV, HLS or a file of a room."""

    flv: int = 0  # players, on our pages and elsewhere
    hls: int = 0
    waits: bool = False  # a request that came before there was anything to play
    record: bool = False  # and the disk has space

    def __bool__(self) -> bool:
        return bool(self.flv or self.hls or self.waits or self.record)


@dataclass(frozen=True)
class RoomNow:
    """A room that is on the air. Others have no bridges: leave them out."""

    room_id: str
    play_id: str
    owner: int = 0
    mode: str = "hybrid"  # a StreamingMode
    programme: tuple[Shown, ...] = ()
    demand: Demand = Demand()
    audio_only: bool = False
    layout: str = "speaker"
    node: str = ""  # of the SFU, where there are several
    targets: tuple[int, ...] = ()  # enabled restream targets
    sealed: frozenset[int] = frozenset()  # of them: STREAM_KEY_SECRET was changed since


@dataclass(frozen=True)
class Heard:
    """What a job's child said last."""

    state: str = "starting"
    reason: str = ""
    needs: str = ""
    session_id: str = ""


@dataclass(frozen=True)
class Held:
    """A job's past."""

    since: float  # wanted since; seconds since 1970
    wished_at: float  # somebody wanted it last
    has_slot: bool = False
    mode: str = "pass"
    person: int = 0  # to_webrtc: who comes by RTMP
    heard: Heard | None = None  # None: no child
    not_before: float = 0.0  # it broke: not to be started before
    broke: str = ""  # "crashed" | "hung"


@dataclass(frozen=True)
class Job:
    """Something that should run; `may_run` false: it has to wait, for `reason`."""

    kind: str
    room_id: str
    play_id: str
    since: float
    wished_at: float
    target: int | None = None
    owner: int = 0  # of the room
    person: int = 0  # to_webrtc: whose encoder it is
    mode: str = "pass"
    may_run: bool = True
    reason: str = ""
    has_slot: bool = False
    audio_only: bool = False
    layout: str = "speaker"
    node: str = ""
    tiles: tuple[Shown, ...] = ()

    @property
    def key(self) -> str:
        return key_of(self.kind, self.room_id, self.target)


@dataclass(frozen=True)
class Plan:
    jobs: tuple[Job, ...] = ()  # oldest first
    drop_out: tuple[str, ...] = ()  # play ids whose publisher in nginx's `out` is to go


@dataclass(frozen=True)
class _Wish:
    """A job before slots are given. `mixes`, `transcodes`: what it would do with one."""

    job: Job
    held: Held | None
    mixes: bool = False
    transcodes: bool = False
    runs_without: bool = True  # something comes of it in mode pass
    sealed: bool = False  # nobody knows the key any more
    ready: bool = True  # a mix does not begin without somebody, but goes on without

    @property
    def costs(self) -> bool:
        return (self.mixes or self.transcodes) and not self.job.audio_only


def key_of(kind: str, room_id: str, target: int | None = None) -> str:
    return f"{kind}:{room_id}" if target is None else f"{kind}:{room_id}:{target}"


def plan(rooms: Iterable[RoomNow], held: Mapping[str, Held], limits: Limits, now: float) -> Plan:
    """`held`: by key, of all jobs of the plan before. `now`: seconds since 1970."""
    wishes = sorted(
        (wish for room in rooms for wish in _wishes(room, held, limits, now)),
        key=lambda wish: (wish.job.since, wish.job.key),
    )
    slots = _slots(wishes, limits.max_transcodes)
    places = _by_turns([wish for wish in wishes if not wish.sealed])[: limits.max_jobs]
    has_place = frozenset(wish.job.key for wish in places)
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
            mode=job.mode,
            person=job.person,
        )
        for job in made.jobs
    }


# --- What is wanted -----------------------------------------------------------------------------
def _wishes(room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float) -> Iterator[_Wish]:
    if limits.rtmp and room.mode == "hybrid" and limits.sfu:
        yield from _to_webrtc(room, held, limits, now)
        yield from _to_rtmp(room, held, limits, now)
    if limits.rtmp and room.mode != "webrtc":
        if limits.ladder:
            yield from _ladder(room, held, limits, now)
        for target in room.targets:
            job, past = _job("restream", room, held, now, target)
            if past is None and not room.programme:
                continue  # on the air by a button alone: there is nothing to pass on
            yield _Wish(job, past, sealed=target in room.sealed)


def _to_webrtc(
    room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float
) -> Iterator[_Wish]:
    if not limits.to_webrtc:
        return
    senders = [shown.person for shown in room.programme if shown.by_rtmp]
    job, past = _job("to_webrtc", room, held, now, wished=bool(senders))
    person = senders[0] if senders else past.person if past else 0
    if not senders:
        replaced = any(shown.person == person for shown in room.programme)
        if past is None or replaced or now - past.wished_at > LINGER_SECS:
            return
    yield _Wish(replace(job, person=person), past, transcodes=_needs(past))


def _to_rtmp(
    room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float
) -> Iterator[_Wish]:
    """Goes on while nobody sends (a page is reloaded), but does not begin then."""
    if not limits.to_rtmp or _is_one_by_rtmp(room.programme):
        return
    wished = bool(room.demand) or bool(room.targets)
    job, past = _job("to_rtmp", room, held, now, wished=wished)
    if past is None and not (wished and room.programme):
        return
    if now - job.wished_at > limits.stop_after_secs:
        return
    tiles = tuple(_with_session(room, shown, held) for shown in room.programme)
    complete = all(tile.session_id for tile in tiles)
    mixes = _pictures(tiles) > 1
    job = replace(job, tiles=tuple(tile for tile in tiles if tile.session_id))
    by_rtmp_first = bool(room.programme) and room.programme[0].by_rtmp
    yield _Wish(
        job,
        past,
        mixes=mixes,
        transcodes=_needs(past),
        # Without mixing nginx's own push of the encoder shows the first one.
        runs_without=not by_rtmp_first,
        ready=complete or (past is not None and past.mode == "mix"),
    )


def _ladder(room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float) -> Iterator[_Wish]:
    if room.audio_only:
        return  # there is nothing to make smaller
    wished = bool(room.demand.hls)
    job, past = _job("ladder", room, held, now, wished=wished)
    if past is None and not (wished and room.programme):
        return
    if now - job.wished_at <= limits.stop_after_secs:
        costs = limits.ladder_transcodes
        yield _Wish(job, past, transcodes=costs, runs_without=not costs)


def _job(
    kind: str,
    room: RoomNow,
    held: Mapping[str, Held],
    now: float,
    target: int | None = None,
    *,
    wished: bool = True,
) -> tuple[Job, Held | None]:
    past = held.get(key_of(kind, room.room_id, target))
    job = Job(
        kind=kind,
        room_id=room.room_id,
        play_id=room.play_id,
        target=target,
        owner=room.owner,
        since=past.since if past else now,
        wished_at=now if wished or past is None else past.wished_at,
        audio_only=room.audio_only,
        layout=room.layout,
        node=room.node,
    )
    return job, past


def _is_one_by_rtmp(programme: Collection[Shown]) -> bool:
    return len(programme) == 1 and all(shown.by_rtmp for shown in programme)


def _with_session(room: RoomNow, shown: Shown, held: Mapping[str, Held]) -> Shown:
    """Who comes by RTMP is seen in the SFU as what to_webrtc sends there, once it does."""
    if not shown.by_rtmp:
        return shown
    bridge = held.get(key_of("to_webrtc", room.room_id))
    heard = bridge.heard if bridge else None
    runs = heard is not None and heard.state == "running"
    return replace(shown, session_id=heard.session_id) if heard and runs else shown


def _pictures(tiles: Iterable[Shown]) -> int:
    return sum(max(1, len(tile.streams)) for tile in tiles)


def _needs(past: Held | None) -> bool:
    """A child that transcodes goes on with it until it says that it does well without."""
    if past is None or past.heard is None:
        return past is not None and past.mode == "transcode"
    if past.heard.needs:
        return True
    return past.mode == "transcode" and past.heard.state != "running"


# --- What of it may run -------------------------------------------------------------------------
def _by_turns(wishes: Sequence[_Wish]) -> list[_Wish]:
    """One of each owner, oldest first, then the next of each: where there are too many, nobody's
    many rooms keep the others out."""
    turns: Counter[int] = Counter()
    found = []
    for wish in sorted(wishes, key=lambda wish: wish.job.kind in LUXURIES):
        found.append((turns[wish.job.owner], wish))
        turns[wish.job.owner] += 1
    return [wish for _, wish in sorted(found, key=lambda one: one[0])]


def _slots(wishes: Iterable[_Wish], most: int) -> frozenset[str]:
    """Whoever has one keeps it; the rest goes to the oldest, by turns of owners.

    Qualities get what is left, and give it back: viewers have the source without them, but
    nothing at all where a picture can't be converted.
    """
    wishes = list(wishes)
    given: list[str] = []
    for extra in (False, True):
        these = [wish for wish in wishes if (wish.job.kind == "ladder") is extra]
        holding = [wish.job.key for wish in these if wish.held is not None and wish.held.has_slot]
        waiting = [wish for wish in these if wish.costs and wish.job.key not in holding]
        in_turn = [wish.job.key for wish in _by_turns(waiting)]
        free = max(0, most - len(given))
        given += (holding + in_turn)[: free if extra else max(free, len(holding))]
    return frozenset(given)


def _settled(wish: _Wish, has_slot: bool, in_number: bool, now: float) -> Job:
    job = replace(wish.job, has_slot=has_slot)
    may_cost = has_slot or job.audio_only
    mode = "pass"
    if may_cost and wish.mixes and wish.ready:
        mode = "mix"
    elif may_cost and wish.transcodes:
        mode = "transcode"
    job = replace(job, mode=mode)
    if wish.sealed:
        return replace(job, may_run=False, reason="key_unreadable")
    if not in_number:
        return replace(job, may_run=False, reason="too_many_jobs")
    if wish.held is not None and wish.held.heard is None and now < wish.held.not_before:
        return replace(job, may_run=False, reason=wish.held.broke)
    if wish.costs and not has_slot:
        return replace(job, may_run=wish.runs_without, reason="no_slot")
    if mode == "pass" and not wish.runs_without:
        return replace(job, may_run=False, reason="bridge_starting")  # the other one
    return job


def _must_drop(job: Job, held: Mapping[str, Held]) -> bool:
    past = held.get(job.key)
    if job.kind != "to_rtmp" or not job.may_run or past is None or past.heard is None:
        return False
    return past.heard.reason == "taken"
