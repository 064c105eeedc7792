"""A child's line to its manager: JSON lines over a unix socket on which the child listens.

Which spec it got and how it is: it knows nothing of media. A newer manager takes the line over.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

from bridge.child.spec import Spec, SpecError, parse_spec

logger = logging.getLogger("bridge")
BEAT_SECS: Final = 2.0
LONGEST_LINE_BYTES: Final = 256 * 1024
MOST_UNREAD_BYTES: Final = 64 * 1024  # a manager that does not read is no manager


class Line:
    """Enter to listen. `path`: relative, as a socket's path must be short."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.on_spec: Callable[[Spec], None] = lambda spec: None  # a first one, or a changed one
        self.on_stop: Callable[[], None] = lambda: None
        self._said: dict[str, Any] = {
            "state": "starting",
            "reason": "",
            "needs": "",
            "session_id": "",
            "figures": {},
        }
        self._spec: Spec | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.AbstractServer | None = None
        self._beat: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self.alone_since: float | None = time.monotonic()  # None: a manager listens

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(
            self._got_manager, self._path, limit=LONGEST_LINE_BYTES
        )
        self._beat = asyncio.create_task(self._beats(), name="beat")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in (self._beat, self._reading):
            if task is not None:
                task.cancel()
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.close()  # what was written still goes out
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    # --- What the child says ---------------------------------------------------------------------

    def report(
        self,
        state: str,
        reason: str = "",
        *,
        needs: str = "",
        session_id: str | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> None:
        """See bridge.child.work.Report."""
        before = dict(self._said)
        self._said |= {"state": state, "reason": reason, "needs": needs}
        if session_id is not None:
            self._said["session_id"] = session_id
        at_once = before != self._said
        if figures is not None:
            self._said["figures"] = dict(figures)
        if at_once:
            self._tell(self._said)

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECS)
            self._tell(self._said)

    def _tell(self, message: Mapping[str, Any]) -> None:
        writer = self._writer
        if writer is None or writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            writer.transport.abort()
            return
        writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    # --- What its manager says -------------------------------------------------------------------

    def _got_manager(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = writer
        self._reading = asyncio.create_task(self._read(reader, writer), name="manager")

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.alone_since = None
        self._tell({"hello": self._hello()})
        self._tell(self._said)
        try:
            while line := await reader.readline():
                self._got(line)
        except (OSError, ValueError):  # ValueError: a line over the limit
            logger.warning("the manager's line broke")
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
                self.alone_since = time.monotonic()

    def _hello(self) -> dict[str, Any]:
        return {
            "run_id": os.path.basename(self._path).removesuffix(".sock"),
            "pid": os.getpid(),
            "kind": self._spec.kind if self._spec is not None else None,
            "spec_id": self._spec.spec_id if self._spec is not None else None,
        }

    def _got(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            logger.warning("the manager sent what is no JSON")
            return
        match message:
            case {"do": "run", "spec": said}:
                self._got_spec(said)
            case {"do": "stop"}:
                self.on_stop()
            case _:
                logger.warning("the manager sent something unknown")

    def _got_spec(self, said: Any) -> None:
        try:
            spec = parse_spec(said)
            if self._spec is not None and _fixed(spec) != _fixed(self._spec):
                raise SpecError("kind, room and run of a child stay as they are")
        except SpecError as error:
            logger.error("a spec was refused: %s", error)
            self.report("waiting", "bad_spec")
            return
        if spec != self._spec:
            self._spec = spec
            self.on_spec(spec)


def _fixed(spec: Spec) -> tuple[str, ...]:
    return spec.kind, spec.room_id, spec.play_id, spec.run_id, spec.url
