"""`python -m bridge.child <socket> [--launcher PID]`: one job, as the manager says over the socket.

By hand, for development: `python -m bridge.child --spec spec.json` does what the file says, prints
what it would report as JSON lines, reads the file again at SIGHUP, and ends with Ctrl-C. A spec:
`{"kind": "to_webrtc", "room_id": "room_x", "play_id": "play_x", "run_id": "hand",
"rtmp_out_port": 1936, "sfu": {"enabled": true, "server_url": "127.0.0.1:5551"}}`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from bridge.child.line import Line
from bridge.child.runner import Runner
from bridge.child.spec import SpecError, from_json
from bridge.child.tie import gone
from bridge.child.work import Make, load

logger = logging.getLogger("bridge")
ALONE_SECS: Final = 15.0  # a worker that is restarted takes 2
MEMORY_BYTES: Final = 4_000_000_000  # address space; PyAV with x264's threads maps 1.5 GB
LOG_BYTES: Final = 1_000_000
FILE_BYTES: Final = 100_000_000
HUNG_SECS: Final = 20  # a manager kills after 5; this is for when there is none


async def serve(
    path: str, launcher: int | None, alone_secs: float, loading: Callable[[str], Make]
) -> int:
    stopping = asyncio.Event()
    on_signals(stopping)
    line = Line(path)
    runner = Runner(line.report, loading)
    line.on_spec, line.on_stop = runner.got_spec, stopping.set
    async with line:
        ends: list[Awaitable[Any]] = [stopping.wait(), left_alone(line, alone_secs), wind_up()]
        if launcher is not None:
            ends.append(end_with(launcher, path))
        await first_of(*ends, runner.ended.wait())
        await runner.close()
    return runner.code


async def left_alone(line: Line, secs: float) -> None:
    """Returns when no manager has been there for so long."""
    while line.alone_since is None or time.monotonic() - line.alone_since < secs:  # noqa: ASYNC110
        await asyncio.sleep(0.5)


async def end_with(launcher: int, path: str) -> None:
    """At once: whoever we could say goodbye to has gone as well."""
    await gone(launcher)
    with contextlib.suppress(OSError):
        os.unlink(path)
    os._exit(0)


async def wind_up() -> None:
    """The kernel's alarm clock: whoever hangs can't end itself."""
    while True:
        signal.alarm(HUNG_SECS)
        await asyncio.sleep(1.0)


async def first_of(*ends: Awaitable[Any]) -> None:
    waits = [asyncio.ensure_future(end) for end in ends]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def by_hand(file: Path) -> int:
    stopping = asyncio.Event()
    on_signals(stopping)
    runner = Runner(say)

    def read() -> None:
        try:
            runner.got_spec(from_json(file.read_bytes()))
        except SpecError as error:
            print(f"{file}: {error}", file=sys.stderr)

    read()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, read)
    await first_of(stopping.wait(), runner.ended.wait())
    await runner.close()
    return runner.code


def say(
    state: str,
    reason: str = "",
    *,
    needs: str = "",
    session_id: str | None = None,
    figures: Mapping[str, Any] | None = None,
) -> None:
    said = {"state": state, "reason": reason, "needs": needs, "session_id": session_id}
    print(json.dumps({**said, "figures": dict(figures or {})}), flush=True)


def on_signals(stopping: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)


def limit_myself() -> None:
    """What is decoded comes from strangers: a file that fools the library costs only this."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What is printed; `ladder`, which writes segments, takes all of it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (LOG_BYTES, FILE_BYTES))


def main(loading: Callable[[str], Make] = load) -> int:
    parser = argparse.ArgumentParser(prog="python -m bridge.child")
    parser.add_argument("socket", nargs="?")
    parser.add_argument("--launcher", type=int)
    parser.add_argument("--spec", type=Path)
    parser.add_argument("--alone-secs", type=float, default=ALONE_SECS)
    asked = parser.parse_args()
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s: %(message)s"
    )
    faulthandler.enable()
    if asked.spec is not None:
        return asyncio.run(by_hand(asked.spec))
    if asked.socket is None:
        parser.error("a socket or --spec is wanted")
    limit_myself()
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(serve(asked.socket, asked.launcher, asked.alone_secs, loading))
    return 0


if __name__ == "__main__":
    sys.exit(main())
