"""The worker's job of bridges: scene → plan → children → rows, twice a second and on news."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from channels.db import database_sync_to_async
from django.conf import settings

from bridge.children import COMMAND, environment
from bridge.folder import Folder
from bridge.hls.leftovers import remove_old
from bridge.manager import Manager, State
from bridge.plan import plan
from bridge.plan_terms import Held, Job, RoomNow
from bridge.scene import Scene, limits, may_wait, read_scene, with_waiting
from bridge.specs import Specs
from ingest import control
from ingest.parts import Parts
from live import actions, events
from live.actions.bridges import BridgeNow, BridgeSession
from live.models import BridgeJob, StreamType
from worker.job import Job as WorkerJob

logger = logging.getLogger("bridge")
FIGURES_EVERY_SECS: Final = 5.0
TOLD_FIGURES: Final = ("qualities",)  # pages hear of them
TOUCH_EVERY_SECS: Final = 2.0  # of sessions, which are taken for dead after 6 s
IDLE_LOOK_SECS: Final = 0.5
LEFTOVERS_EVERY_SECS: Final = 60.0


class Bridges(WorkerJob):
    name = "bridges"
    every_secs = IDLE_LOOK_SECS

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._news = asyncio.Event()
        self._folder = Folder(settings.DATA_DIR / "run" / "bridge")
        self._environment = environment(str(settings.BASE_DIR))
        self._manager = Manager(self._folder, self._environment, command, self._news.set)
        self._parts = Parts()
        self._undo: Callable[[], None] = lambda: None
        self._entered = False
        self._written: dict[str, State] = {}
        self._figures_at = self._touched_at = 0.0
        self._cleaned_at = -LEFTOVERS_EVERY_SECS
        self._sessions: list[BridgeSession] | None = None  # None: rows of others may be there

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        # An encoder begins or ends in this very process: half a second earlier than by looking.
        self._undo = events.listen(lambda event: loop.call_soon_threadsafe(self._news.set))
        return self

    async def rest(self, secs: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(secs):
                await self._news.wait()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo()
        self._manager.leave()
        self._folder.unlock()

    async def tick(self) -> None:
        self._news.clear()
        if not self._folder.lock():
            return  # another worker's; ours as soon as it is gone
        if not self._entered:
            past = await database_sync_to_async(read_past)()
            await self._manager.enter(past)
            self._written = {key: _as_left(*left) for key, left in past.items()}
            self._entered = True
        scene = await database_sync_to_async(read_scene)(self._manager.keys)
        rooms = scene.rooms
        if any(may_wait(room) for room in rooms):
            rooms = await with_waiting(rooms)
        await self._manage(rooms, scene)
        await self._write()
        await self._clean()

    async def _manage(self, rooms: tuple[RoomNow, ...], scene: Scene) -> None:
        manager = self._manager
        manager.look(self._to_start_anew(scene))
        made = plan(rooms, manager.held(), limits(), time.time())
        manager.carry_out(made, Specs(scene.urls).of)
        sent = {room.play_id for room in rooms if any(one.by_rtmp for one in room.programme)}
        with contextlib.suppress(control.NotAnswering):  # whoever looks at nginx says so
            for play_id in made.drop_out:
                await control.drop_out_publisher(play_id)
            for play_id in manager.freed & sent:
                await control.push_again_soon(play_id)  # the encoder's picture is wanted again
        manager.freed.clear()

    def _to_start_anew(self, scene: Scene) -> list[str]:
        return [
            key
            for key, run_id in scene.run_ids.items()
            if run_id == "" and key in self._written and self._written[key].run_id
        ]

    async def _clean(self) -> None:
        """Qualities whose process died, and was not replaced."""
        now = time.monotonic()
        if now - self._cleaned_at < LEFTOVERS_EVERY_SECS:
            return
        self._cleaned_at = now
        states = self._manager.states()
        at_work = {state.job.play_id for state in states if state.job.kind == "ladder"}
        await asyncio.to_thread(remove_old, settings.MEDIA_DIR / "ladder", at_work)

    # --- Rows ------------------------------------------------------------------------------------
    async def _write(self) -> None:
        states = {state.job.key: state for state in self._manager.states()}
        now = time.monotonic()
        due = now - self._figures_at >= FIGURES_EVERY_SECS
        changed = [
            state
            for key, state in states.items()
            if due or key not in self._written or _plain(state) != _plain(self._written[key])
        ]
        gone = list(self._written.keys() - states.keys())
        if due and states:
            self._figures_at = now
        await self._write_sessions(now)
        if changed or gone:
            rows = [_row(state) for state in changed]
            await database_sync_to_async(actions.do_set_bridges)(rows, gone)
        self._written = states
        counts = [state.state for state in states.values()]
        detail = f"{counts.count('running')} running, {counts.count('waiting')} waiting"
        problem = self._manager.problem
        await self._parts.tell("bridge", not problem, problem or detail)

    async def _write_sessions(self, now: float) -> None:
        """Before the rows that name them."""
        found = [
            BridgeSession(session_id, job.room_id, job.person, runs)
            for session_id, (job, runs) in self._manager.sessions().items()
        ]
        due = bool(found) and now - self._touched_at >= TOUCH_EVERY_SECS
        if found != self._sessions or due:
            await database_sync_to_async(actions.do_set_bridge_sessions)(found)
            self._sessions, self._touched_at = found, now


def _as_left(job: Job, held: Held, run_id: str, starts: int) -> State:
    return State(job, "", "", starts, run_id)


def _plain(state: State) -> State:
    """Without what changes all the time, and what the plan remembers by itself."""
    job = replace(state.job, wished_at=0.0, tiles=())
    told = {name: state.figures[name] for name in TOLD_FIGURES if name in state.figures}
    return replace(state, job=job, figures=told)


def _row(state: State) -> BridgeNow:
    job = state.job
    return BridgeNow(
        key=job.key,
        room_id=job.room_id,
        kind=job.kind,
        mode=job.mode,
        state=state.state,
        reason=state.reason,
        since=state.since,
        target_id=job.target,
        run_id=state.run_id,
        pid=state.pid,
        session_id=state.session_id,
        starts=state.starts,
        figures=state.figures,
    )


def read_past() -> Mapping[str, tuple[Job, Held, str, int]]:
    """What an earlier manager left in rows: each job, its past, its run id, its starts."""
    now = time.time()
    past: dict[str, tuple[Job, Held, str, int]] = {}
    for row in BridgeJob.objects.select_related("room"):
        audio_only = row.room.stream_type == StreamType.AUDIO
        job = Job(
            kind=row.kind,
            room_id=row.room.room_id,
            play_id=row.room.play_id,
            since=row.since.timestamp(),
            wished_at=now,
            target=row.target_id,
            person=row.room.owner_id,
            mode=row.mode,
        )
        has_slot = row.mode != "pass" and not audio_only
        held = Held(job.since, now, has_slot, mode=row.mode, person=job.person)
        past[job.key] = (job, held, row.run_id, row.starts)
    return past


def bridge_jobs() -> list[WorkerJob]:
    return [Bridges()]
