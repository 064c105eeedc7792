"""Makes a plan so: one child per job that may run, told what to do; and says how each one is.

Knows processes, no database: what it finds comes out as values.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from bridge.child.spec import Spec
from bridge.children import COMMAND, Child, adopt_all, new_run_id
from bridge.folder import Folder
from bridge.plan import held_of
from bridge.plan_terms import Held, Job, Plan
from worker.quiet import Quiet

logger = logging.getLogger("bridge")
HUNG_SECS: Final = 5.0
FIRST_WORD_SECS: Final = 15.0  # Python's start on a busy machine
MOST_BETWEEN_SECS: Final = 1.0  # of one look to the next: longer, it is we who were away
STOP_SECS: Final = 2.0  # then SIGKILL
FIRST_DELAY_SECS: Final = 0.2
LONGEST_DELAY_SECS: Final = 10.0
HEALTHY_AFTER_SECS: Final = 10.0  # of media: the next crash is a first one again


@dataclass
class Kept:
    """One job, over all of its processes."""

    job: Job
    held: Held
    child: Child | None = None
    starts: int = 0
    delay_secs: float = 0.0
    silent_secs: float = 0.0
    heard_at: float = 0.0


@dataclass(frozen=True)
class Leaving:
    """A child that was told to go. Its name and session are its own until it is gone."""

    child: Child
    job: Job | None
    kill_at: float


@dataclass(frozen=True)
class State:
    """A job as it is said to be."""

    job: Job
    state: str
    reason: str
    starts: int = 0
    run_id: str = ""
    pid: int | None = None
    session_id: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        return datetime.fromtimestamp(self.job.since, UTC)


class Manager:
    """`enter` first; then, again and again, `look`, plan with `held`, `carry_out`."""

    def __init__(
        self,
        folder: Folder,
        environment: Mapping[str, str],
        command: Sequence[str] = COMMAND,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._command = command
        self._on_news = on_news
        self._kept: dict[str, Kept] = {}
        self._leaving: list[Leaving] = []
        self._looked_at = time.monotonic()
        self._quiet = Quiet()
        self.problem = ""  # why no child could be started last
        self.freed: set[str] = set()  # play ids whose `out` nobody of ours feeds any more

    async def enter(self, past: Mapping[str, tuple[Job, Held, str, int]]) -> None:
        """Takes over: `past` has each row's job, past, run id and count of starts, by key."""
        found = {child.run_id: child for child in await adopt_all(self._folder, self._on_news)}
        for key, (job, held, run_id, starts) in past.items():
            child = found.pop(run_id, None)
            self._kept[key] = Kept(job, replace(held, heard=None), child, starts)
            if child is not None:
                logger.info("bridge %s: found at work", key)
        for child in found.values():
            self._let_go(child, None)

    def leave(self) -> None:
        """The next manager finds them."""
        for child in self._all_children():
            child.leave()

    @property
    def keys(self) -> list[str]:
        return [*self._kept, *(gone.job.key for gone in self._leaving if gone.job is not None)]

    @property
    def is_idle(self) -> bool:
        return not self._kept and not self._leaving

    def _all_children(self) -> Iterable[Child]:
        yield from (kept.child for kept in self._kept.values() if kept.child is not None)
        yield from (leaving.child for leaving in self._leaving)

    # --- Looking ---------------------------------------------------------------------------------
    def look(self, anew: Collection[str] = ()) -> None:
        """Who ended, who hangs. `anew`: keys of those that staff wants started anew."""
        now = time.monotonic()
        passed = min(now - self._looked_at, MOST_BETWEEN_SECS)
        self._looked_at = now
        for key, kept in self._kept.items():
            child = kept.child
            if child is None:
                continue
            if child.ended:
                self._broke(kept, "crashed")
            elif self._is_silent(kept, child, passed):
                child.kill()
                self._broke(kept, "hung")
            elif key in anew:
                logger.info("bridge %s: started anew, as staff wishes", key)
                self._let_go(child, kept.job)
                kept.child = None
        self._bury(now)

    def _is_silent(self, kept: Kept, child: Child, passed: float) -> bool:
        if child.heard_at != kept.heard_at:
            kept.heard_at, kept.silent_secs = child.heard_at, 0.0
        kept.silent_secs += passed
        return kept.silent_secs > (HUNG_SECS if child.heard is not None else FIRST_WORD_SECS)

    def _broke(self, kept: Kept, how: str) -> None:
        child = kept.child
        assert child is not None
        kept.child = None
        self._free(kept.job)
        ran_secs = time.monotonic() - (child.running_since or time.monotonic())
        again = kept.delay_secs and ran_secs < HEALTHY_AFTER_SECS
        kept.delay_secs = (
            min(kept.delay_secs * 2, LONGEST_DELAY_SECS) if again else FIRST_DELAY_SECS
        )
        kept.held = replace(
            kept.held, heard=None, broke=how, not_before=time.time() + kept.delay_secs
        )
        asyncio.get_running_loop().call_later(kept.delay_secs, self._on_news)
        if self._quiet.may_say(f"{kept.job.key} {how}"):
            code = "" if child.code is None else f" (code {child.code})"
            printed = self._folder.tail(child.run_id)
            logger.warning("bridge %s %s%s\n%s", kept.job.key, how, code, printed)
        self._leaving.append(Leaving(child, None, 0.0))

    def _bury(self, now: float) -> None:
        still = []
        for leaving in self._leaving:
            if leaving.child.ended:
                self._free(leaving.job)
                leaving.child.leave()
                self._folder.remove(leaving.child.run_id)
                continue
            if now >= leaving.kill_at:
                leaving.child.kill()
            still.append(leaving)
        self._leaving = still

    def _free(self, job: Job | None) -> None:
        if job is not None and job.kind == "to_rtmp":
            self.freed.add(job.play_id)

    def held(self) -> dict[str, Held]:
        """What the plan is to know."""
        return {
            key: replace(kept.held, heard=kept.child.heard if kept.child else None)
            for key, kept in self._kept.items()
        }

    # --- Doing -----------------------------------------------------------------------------------
    def carry_out(self, plan: Plan, spec_of: Callable[[Job, str], Spec]) -> None:
        """`spec_of`: what the child of this run id is to do for a job."""
        past = held_of(plan, {key: kept.held for key, kept in self._kept.items()})
        wanted = {job.key: job for job in plan.jobs}
        for key in self._kept.keys() - wanted.keys():
            kept = self._kept.pop(key)
            if kept.child is not None:
                self._let_go(kept.child, kept.job)
        for key, job in wanted.items():
            kept = self._kept.setdefault(key, Kept(job, past[key]))
            kept.job, kept.held = job, past[key]
            if not job.may_run:
                if kept.child is not None:
                    self._let_go(kept.child, job)
                    kept.child = None
                continue
            if kept.child is None:
                kept.child = self._start(kept)
            if kept.child is not None:
                self._tell(kept, kept.child, spec_of(job, kept.child.run_id))

    def _tell(self, kept: Kept, child: Child, spec: Spec) -> None:
        if child.spec is not None and child.spec.sfu != spec.sfu:
            logger.info("bridge %s: moves to another SFU", kept.job.key)
            self._let_go(child, kept.job)
            kept.child = None  # the next look starts another
            return
        child.tell(spec)

    def _start(self, kept: Kept) -> Child | None:
        child = Child(self._folder, new_run_id(), self._on_news)
        try:
            child.start(self._command, self._environment)
        except OSError as error:
            self.problem = str(error)
            if self._quiet.may_say(self.problem):
                logger.error("bridge %s could not be started: %s", kept.job.key, error)
            return None
        self.problem = ""
        kept.starts += 1
        kept.silent_secs = 0.0
        logger.info("bridge %s: started (%s)", kept.job.key, kept.job.mode)
        return child

    def _let_go(self, child: Child, job: Job | None) -> None:
        child.ask_to_stop()
        self._leaving.append(Leaving(child, job, time.monotonic() + STOP_SECS))
        asyncio.get_running_loop().call_later(STOP_SECS, self._on_news)

    # --- Saying ----------------------------------------------------------------------------------
    def states(self) -> list[State]:
        """Of each job, and of those that are just ending."""
        ending = [
            State(leaving.job, "stopping", "", 0, leaving.child.run_id, leaving.child.pid)
            for leaving in self._leaving
            if leaving.job is not None and leaving.job.key not in self._kept
        ]
        return [_state(kept) for kept in self._kept.values()] + ending

    def sessions(self) -> dict[str, tuple[Job, bool]]:
        """session id → its job, and whether media flows."""
        return {
            kept.child.heard.session_id: (kept.job, kept.child.heard.state == "running")
            for kept in self._kept.values()
            if kept.job.kind == "to_webrtc" and kept.child is not None
            if kept.child.heard is not None and kept.child.heard.session_id
        }


def _state(kept: Kept) -> State:
    job, child = kept.job, kept.child
    if not job.may_run:
        return State(job, "waiting", job.reason, kept.starts)
    if child is None:
        return State(job, "starting", "", kept.starts)
    heard = child.heard
    state, reason = (heard.state, heard.reason) if heard is not None else ("starting", "")
    if job.reason == "no_slot" and state != "starting":
        reason = job.reason  # also while it shows the first of several
    return State(
        job=job,
        state=state,
        reason=reason,
        starts=kept.starts,
        run_id=child.run_id,
        pid=child.pid,
        session_id=heard.session_id if heard is not None else "",
        figures=child.figures,
    )
