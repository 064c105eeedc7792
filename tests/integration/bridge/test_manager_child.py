"""A child by itself: what it says over its socket, and when it ends of its own accord."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.child.spec import Spec, Tile

ROOT = Path(__file__).parents[3]
SPEC = Spec("to_rtmp", "room_a", "play_a", "abc", 1936)
PATIENCE_SECS = 20.0


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Any]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.fakes.bridge_child", "abc.sock", *more]
        started.append(subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}))
        return started[0]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Any]:
    """Connects to it as a manager does."""
    lines: list[Line] = []

    async def connect() -> Line:
        lines.append(Line())
        return await lines[-1].open(tmp_path)

    yield connect
    for line in lines:
        line.close()
        with contextlib.suppress(OSError):
            await line._writer.wait_closed()


class Line:
    """A manager's end of it."""

    async def open(self, folder: Path) -> Line:
        deadline = time.monotonic() + PATIENCE_SECS
        while True:
            try:
                self._reader, self._writer = await asyncio.open_unix_connection(folder / "abc.sock")
                return self
            except OSError:
                assert time.monotonic() < deadline, "nobody listens"
                await asyncio.sleep(0.02)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECS):
            return json.loads(await self._reader.readline())

    async def hear_until(self, **wanted: Any) -> dict[str, Any]:
        while not wanted.items() <= (said := await self.hear()).items():
            pass
        return said

    def say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def run(self, spec: Spec) -> None:
        self.say({"do": "run", "spec": json.loads(spec.to_json())})

    def close(self) -> None:
        self._writer.close()


async def ended(process: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(process.wait, PATIENCE_SECS)


async def test_a_life(child, manager, tmp_path: Path) -> None:
    process = child()
    line = await manager()
    hello = (await line.hear())["hello"]
    assert hello == {"run_id": "abc", "pid": process.pid, "kind": None, "spec_id": None}
    assert (await line.hear())["state"] == "starting"
    line.run(SPEC)
    await line.hear_until(state="running")
    began = time.monotonic()
    await line.hear()
    assert time.monotonic() - began > 0.5  # not on change: its beat
    later = Spec("to_rtmp", "room_a", "play_a", "abc", 1936, tiles=(Tile("sess_a"),))
    line.run(later)
    line.run(later)  # said twice, done once
    while (figures := (await line.hear())["figures"])["tiles"] != ["sess_a"]:
        pass
    assert figures["changes"] == 1
    line.close()
    line = await manager()
    assert (await line.hear())["hello"]["spec_id"] == later.spec_id
    line.say({"do": "stop"})
    assert await ended(process) == 0
    assert not (tmp_path / "abc.sock").exists()


async def test_nonsense_is_no_reason_to_end(child, manager, tmp_path: Path) -> None:
    process = child()
    line = await manager()
    line.run(SPEC)
    await line.hear_until(state="running")
    for said in ([], {"do": "dance"}, {"do": "run", "spec": {"kind": "to_mars"}}, {"do": "run"}):
        line.say(said)  # type: ignore[arg-type]
    other = json.loads(SPEC.to_json()) | {"room_id": "room_b"}
    line.say({"do": "run", "spec": other})
    assert await line.hear_until(reason="bad_spec")
    assert process.poll() is None


async def test_a_newer_manager_takes_the_line_over(child, manager, tmp_path: Path) -> None:
    child()
    first = await manager()
    await first.hear()
    second = await manager()
    assert "hello" in await second.hear()
    async with asyncio.timeout(PATIENCE_SECS):
        while await first._reader.readline():
            pass


async def test_alone_it_ends(child, manager, tmp_path: Path) -> None:
    process = child("--alone-secs", "1")
    assert await ended(process) == 0
    assert not (tmp_path / "abc.sock").exists()


async def test_not_alone_it_stays(child, manager, tmp_path: Path) -> None:
    process = child("--alone-secs", "1")
    line = await manager()
    for _ in range(3):  # hello, state, and a beat 2 s later
        await line.hear()
    assert process.poll() is None
    line.close()
    assert await ended(process) == 0


async def test_a_signal_ends_it(child, manager, tmp_path: Path) -> None:
    process = child()
    await manager()
    process.send_signal(signal.SIGTERM)
    assert await ended(process) == 0


async def test_what_breaks_says_so_and_ends(child, manager, tmp_path: Path) -> None:
    process = child()
    line = await manager()
    line.run(Spec("to_rtmp", "room_crash", "play_a", "abc", 1936))
    await line.hear_until(state="waiting", reason="crashed")
    assert await ended(process) == 1
