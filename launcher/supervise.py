"""Keeps processes running: restarts what ends, passes on what they print, stops them all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from launcher.config import BASE_DIR

FIRST_DELAY_SECS = 0.2
LONGEST_DELAY_SECS = 5.0
HEALTHY_AFTER_SECS = 10.0  # one that ran this long is restarted without having to wait
TERM_SECS = 4.0  # then SIGKILL: Ctrl-C must leave nothing after 5 s
GOODBYE_SECS = 3.2  # of it, for those that stop first
LONGEST_LINE_BYTES = 64 * 1024
TETHER = Path(__file__).with_name("tether.py")


@dataclass(frozen=True)
class Child:
    """A process to keep running."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    whole_group: bool = False  # what it starts outlives it: see tether.py
    stops_after: tuple[str, ...] = ()  # others that say goodbye through it
    secrets: tuple[str, ...] = ()  # never to be seen in what it prints


def next_delay(last_delay_secs: float, ran_secs: float) -> float:
    """How long to wait before the next start: 0.2 s, doubled up to 5 s while it dies young."""
    if ran_secs >= HEALTHY_AFTER_SECS or last_delay_secs == 0:
        return FIRST_DELAY_SECS
    return min(last_delay_secs * 2, LONGEST_DELAY_SECS)


def describe_end(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"


class Supervisor:
    """Runs `children` until `stop` is called."""

    def __init__(
        self, children: Sequence[Child], log_dir: Path, say: Callable[[str], None] | None = None
    ) -> None:
        self._children = children
        self._log_dir = log_dir
        self._say = say or (lambda line: print(line, flush=True))
        self._stopping = asyncio.Event()
        self._in_a_hurry = asyncio.Event()
        self._gone = {child.name: asyncio.Event() for child in children}

    def stop(self) -> None:
        """End everything; called a second time, at once."""
        if self._stopping.is_set():
            self._in_a_hurry.set()
        self._stopping.set()

    async def run(self) -> None:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        await asyncio.gather(*(self._keep(child) for child in self._children))

    async def _keep(self, child: Child) -> None:
        log = open_log(child.name, self._log_dir)
        delay_secs = 0.0
        while not self._stopping.is_set():
            started = time.monotonic()
            ending = await self._run_once(child, log)
            if self._stopping.is_set():
                break
            delay_secs = next_delay(delay_secs, time.monotonic() - started)
            note = f"{child.name} {ending}; starting it again in {delay_secs:g} s"
            self._tell("launcher", note, log)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_secs)
        self._gone[child.name].set()

    async def _run_once(self, child: Child, log: logging.Logger) -> str:
        """Start it, wait for its end (or ours) and say how it ended."""
        group = ("--group",) if child.whole_group else ()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *group),
                *child.command,
                env=dict(child.env),
                cwd=BASE_DIR,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C of the terminal is for the launcher alone
                limit=LONGEST_LINE_BYTES,
            )
        except OSError as error:
            return f"could not be started ({error})"
        output = asyncio.create_task(self._pass_on(child, process, log))
        ended = asyncio.create_task(end_of(process))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await self._let_go_first(child, ended)
                await self._end(process, ended)
        finally:
            stopping.cancel()
            signal_group(process.pid, signal.SIGKILL)  # whatever it left behind
        code = await ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(output, 0.5)
        return describe_end(code)

    async def _let_go_first(self, child: Child, ended: asyncio.Task[int]) -> None:
        others = [self._gone[name].wait() for name in child.stops_after if name in self._gone]
        if not others:
            return
        gone = asyncio.gather(*others)
        hurry = asyncio.create_task(self._in_a_hurry.wait())
        first: set[asyncio.Future[Any]] = {gone, ended, hurry}
        await asyncio.wait(first, timeout=GOODBYE_SECS, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        hurry.cancel()

    async def _end(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        signal_group(process.pid, signal.SIGTERM)
        hurry = asyncio.create_task(self._in_a_hurry.wait())
        await asyncio.wait({ended, hurry}, timeout=TERM_SECS, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not ended.done():
            signal_group(process.pid, signal.SIGKILL)

    async def _pass_on(
        self, child: Child, process: asyncio.subprocess.Process, log: logging.Logger
    ) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                line = error.partial
            except asyncio.LimitOverrunError as error:
                line = await process.stdout.readexactly(error.consumed)
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            for secret in child.secrets:
                text = text.replace(secret, "…")
            self._tell(child.name, text, log)

    def _tell(self, who: str, text: str, log: logging.Logger) -> None:
        self._say(f"{who:<8} | {text}")
        log.info("%s", text)


async def end_of(process: asyncio.subprocess.Process) -> int:
    """Its exit code at once. `process.wait()` waits also for orphans that hold its stdout."""
    while process.returncode is None:  # noqa: ASYNC110 (asyncio tells of nothing else)
        await asyncio.sleep(0.05)
    return process.returncode


def signal_group(pid: int, number: signal.Signals) -> None:
    """To the process and all it started (it leads a group of its own)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def open_log(name: str, folder: Path) -> logging.Logger:
    """A file that keeps the last 10 to 20 MB."""
    handler = RotatingFileHandler(
        folder / f"{name}.log", maxBytes=10_000_000, backupCount=1, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger(f"launcher.child.{name}")
    log.setLevel(logging.INFO)
    log.propagate = False
    for old in log.handlers[:]:
        log.removeHandler(old)
        old.close()
    log.addHandler(handler)
    return log
