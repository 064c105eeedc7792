"""One child process as its manager sees it: started or found, heard, told, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bridge.child.line import LONGEST_LINE_BYTES
from bridge.child.spec import Spec
from bridge.child.tie import gone
from bridge.folder import Folder
from bridge.plan_terms import Heard

logger = logging.getLogger("bridge")
COMMAND: Final = (sys.executable, "-P", "-m", "bridge.child")
RETRY_SECS: Final = 0.02
GREETING_SECS: Final = 1.0  # of a child that was found; it answers within 1 ms
# Enough to find Python and its libraries; none of our secrets.
NONSENSE: Final = (OSError, ValueError, EOFError, AttributeError, TypeError, RecursionError)
STATES: Final = ("starting", "running", "waiting")
A_NAME: Final = re.compile(r"[a-z0-9_]{0,30}")
A_SESSION: Final = re.compile(r"[\w-]{0,64}", re.ASCII)
MOST_FIGURES: Final = 40
KEPT_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LOG_LEVEL")


class Child:
    """`on_news` is called when its state changed or it ended."""

    def __init__(self, folder: Folder, run_id: str, on_news: Callable[[], None]) -> None:
        self.run_id = run_id
        self.pid: int | None = None
        self.kind: str | None = None  # None: it has no spec yet
        self.told: str | None = None  # id of the spec that it has
        self.heard: Heard | None = None
        self.figures: Mapping[str, Any] = {}
        self.started_at = self.heard_at = time.monotonic()
        self.ended = False
        self.code: int | None = None  # None: not ours, or not ended
        self.running_since: float | None = None  # first media, monotonic
        self._folder = folder
        self._on_news = on_news
        self._process: subprocess.Popen[bytes] | None = None
        self._handle: int | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.spec: Spec | None = None  # what we told it; its own, when it was adopted
        self._tasks: list[asyncio.Task[None]] = []

    # --- Beginnings ------------------------------------------------------------------------------
    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises OSError."""
        launcher = str(os.getppid())  # when it is gone nothing of ours is wanted
        with self._folder.log(self.run_id).open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"{self.run_id}.sock", "--launcher", launcher],
                cwd=self._folder.path,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it outlives us: what starts us ends our group with us
            )
        self._begin(self._process.pid)

    async def adopt(self) -> bool:
        """One that an earlier manager started. False: nobody is there."""
        try:
            reader, writer = await self._connect()
        except OSError:
            return False
        pid = listener(writer)
        hello: dict[str, Any] = {}
        try:
            async with asyncio.timeout(GREETING_SECS):
                while not hello or self.heard is None:
                    said = json.loads(await reader.readline())
                    hello = said.get("hello") or hello
                    self._got(said)
        except NONSENSE:
            writer.close()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)  # it hangs
            return False
        self.kind, self.told = hello.get("kind"), hello.get("spec_id")
        self._begin(pid or int(hello["pid"]), (reader, writer))
        return True

    def _begin(
        self, pid: int, line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    ) -> None:
        self.pid = pid
        with contextlib.suppress(OSError, AttributeError):  # else signals go by its number
            self._handle = os.pidfd_open(pid)
        self._tasks = [
            asyncio.create_task(self._mind(line), name=f"bridge {self.run_id}"),
            asyncio.create_task(self._wait(pid), name=f"bridge {self.run_id} ends"),
        ]

    # --- Its line --------------------------------------------------------------------------------
    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = self._folder.address(self.run_id)
        return await asyncio.open_unix_connection(address, limit=LONGEST_LINE_BYTES)

    async def _mind(
        self, line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    ) -> None:
        """Reads what it says, for ever; a line that breaks is made again."""
        while True:
            try:
                reader, self._writer = line or await self._connect()
                line = None
                self._send_spec()
                while said := await reader.readline():
                    self._got(json.loads(said))
            except NONSENSE:
                pass  # it is not there yet, or talks nonsense: then it is soon silent for too long
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            await asyncio.sleep(RETRY_SECS)

    def _got(self, said: Mapping[str, Any]) -> None:
        self.heard_at = time.monotonic()
        if said.get("state") not in STATES:
            return
        heard = Heard(
            state=said["state"],
            reason=_word(said.get("reason"), A_NAME),
            needs=_word(said.get("needs"), A_NAME),
            session_id=_word(said.get("session_id"), A_SESSION),
        )
        self.figures = _figures(said.get("figures"))
        if heard.state == "running" and self.running_since is None:
            self.running_since = self.heard_at
        if heard != self.heard:
            self.heard = heard
            self._on_news()

    def tell(self, spec: Spec) -> None:
        """Once per spec; again when its line was broken."""
        if self.told != spec.spec_id:
            self.told, self.kind, self.spec = spec.spec_id, spec.kind, spec
            self._send_spec()
        elif self.spec is None:
            self.spec = spec  # adopted: for a line that breaks

    def _send_spec(self) -> None:
        if self.spec is not None and self.told == self.spec.spec_id:
            self._send(b'{"do":"run","spec":' + self.spec.to_json().encode() + b"}\n")

    def _send(self, line: bytes) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(line)

    # --- Ends ------------------------------------------------------------------------------------
    def ask_to_stop(self) -> None:
        if self._writer is None:
            self.signal(signal.SIGTERM)
        self._send(b'{"do":"stop"}\n')

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        if self.ended or self.pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, number)
            else:
                os.kill(self.pid, number)

    async def _wait(self, pid: int) -> None:
        await gone(pid)
        if self._process is not None:
            self.code = self._process.wait()  # at once: it has ended
        self.ended = True
        self._on_news()

    def leave(self) -> None:
        """Let go of it, running or not."""
        for task in self._tasks:
            task.cancel()
        if self._writer is not None:
            self._writer.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        if self._process is not None and self._process.returncode is None:
            self._process.returncode = 0  # or Popen complains that it still runs, as it should


def _word(said: Any, allowed: re.Pattern[str]) -> str:
    """What decodes the media of strangers may say anything."""
    return said if isinstance(said, str) and allowed.fullmatch(said) else ""


def _figures(said: Any) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        return {}
    plain = {name: value for name, value in said.items() if A_NAME.fullmatch(name)}
    fit = {name: value for name, value in plain.items() if len(str(value)) <= 200}
    return dict(list(fit.items())[:MOST_FIGURES])


def listener(writer: asyncio.StreamWriter) -> int | None:
    """The process that listens at the other end, by the kernel's word (Linux)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    line: socket.socket = writer.get_extra_info("socket")
    asked = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid = int(struct.unpack("3i", asked)[0])
    return pid if pid > 1 else None


def new_run_id() -> str:
    return secrets.token_hex(8)


def environment(base_dir: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # Codecs have a thread a core; an arena for each would fill the address space they may have.
    return {**kept, "PYTHONPATH": base_dir, "MALLOC_ARENA_MAX": "2"}


async def adopt_all(folder: Folder, on_news: Callable[[], None]) -> list[Child]:
    """All that are there; what dead ones left is removed."""
    found = [Child(folder, run_id, on_news) for run_id in folder.run_ids()]
    answers = await asyncio.gather(*(child.adopt() for child in found))
    for child, answered in zip(found, answers, strict=True):
        if not answered:
            folder.remove(child.run_id)
    return [child for child, answered in zip(found, answers, strict=True) if answered]
