"""Real small processes under the supervisor: restarted, ended, and none left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher.config import BASE_DIR
from launcher.ready import Answer, parse_answer
from launcher.supervise import Child, Supervisor, describe_end, next_delay


@pytest.mark.parametrize(
    ("last", "ran", "delay"),
    [(0, 0.1, 0.2), (0.2, 0.1, 0.4), (3.2, 1, 5), (5, 9.9, 5), (5, 10, 0.2)],
)
def test_back_off(last: float, ran: float, delay: float):
    assert next_delay(last, ran) == pytest.approx(delay)


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with code 0"), (-9, "was killed by SIGKILL"), (-99, "was killed by signal 99")],
)
def test_words_for_an_end(code: int, words: str):
    assert describe_end(code) == words


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nhi", Answer(200, "hi")),
        (b"HTTP/1.1 503 No\r\n\r\n", Answer(503, "")),
        (b"", None),
        (b"SSH-2.0-x\r\n", None),
        (b"HTTP/1.1 abc\r\n\r\n", None),
    ],
)
def test_http_answers(raw: bytes, answer: Answer | None):
    assert parse_answer(raw) == answer


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(reason: str, condition, within_secs: float = 10.0) -> None:
    deadline = time.monotonic() + within_secs
    while not condition():
        assert time.monotonic() < deadline, f"still waiting until {reason}"
        await asyncio.sleep(0.02)


class Running:
    """A supervisor over one Python program, and what it said."""

    def __init__(self, program: str, log_dir: Path) -> None:
        self.lines: list[str] = []
        child = Child("probe", (sys.executable, "-c", program), dict(os.environ))
        self.supervisor = Supervisor([child], log_dir, self.lines.append)
        self.log = log_dir / "probe.log"

    def pids(self) -> list[int]:
        return [int(line.split("pid ")[1]) for line in self.lines if "pid " in line]

    def leaders(self) -> list[int]:
        return [pid for pid in self.pids() if os.getpgid(pid) == pid]

    async def __aenter__(self) -> Running:
        self.task = asyncio.create_task(self.supervisor.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.supervisor.stop()
        self.supervisor.stop()
        await self.task


PRINT_AND_WAIT = "import os,time; print('pid', os.getpid(), flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + PRINT_AND_WAIT
WITH_CHILD = (
    "import subprocess,sys;"
    f"subprocess.Popen([sys.executable, '-c', {PRINT_AND_WAIT!r}]);" + PRINT_AND_WAIT
)


async def test_a_killed_child_is_started_again(tmp_path: Path):
    async with Running(PRINT_AND_WAIT, tmp_path) as running:
        await until("it runs", lambda: len(running.pids()) == 1)
        os.kill(running.pids()[0], signal.SIGKILL)
        await until("it runs again", lambda: len(running.pids()) == 2)
    assert any("was killed by SIGKILL; starting it again in 0.2 s" in x for x in running.lines)
    assert f"pid {running.pids()[1]}" in running.log.read_text()
    assert not any(alive(pid) for pid in running.pids())


async def test_what_a_killed_child_leaves_behind_does_not_keep_the_next_from_starting(
    tmp_path: Path,
):
    async with Running(WITH_CHILD, tmp_path) as running:
        await until("both run", lambda: len(running.pids()) == 2)
        first = running.pids()
        parent = next(pid for pid in first if pid in running.leaders())
        os.kill(parent, signal.SIGKILL)
        await until("two others run", lambda: len(running.pids()) == 4)
        assert not any(alive(pid) for pid in first)


async def test_stop_ends_it_and_what_it_started(tmp_path: Path):
    async with Running(WITH_CHILD, tmp_path) as running:
        await until("both run", lambda: len(running.pids()) == 2)
        running.supervisor.stop()
        await asyncio.wait_for(running.task, 2)
    await until("both are gone", lambda: not any(alive(pid) for pid in running.pids()))


async def test_one_deaf_to_sigterm_is_killed_within_five_seconds(tmp_path: Path):
    async with Running(DEAF, tmp_path) as running:
        await until("it runs", lambda: len(running.pids()) == 1)
        running.supervisor.stop()
        await asyncio.wait_for(running.task, 5)
    assert not alive(running.pids()[0])


async def test_a_second_stop_does_not_wait(tmp_path: Path):
    async with Running(DEAF, tmp_path) as running:
        await until("it runs", lambda: len(running.pids()) == 1)
        running.supervisor.stop()
        running.supervisor.stop()
        await asyncio.wait_for(running.task, 2)
    assert not alive(running.pids()[0])


async def test_a_very_long_line_does_not_stop_the_flow(tmp_path: Path):
    async with Running(f"print('x' * 200_000); {PRINT_AND_WAIT}", tmp_path) as running:
        await until("the line after it comes", lambda: len(running.pids()) == 1)
    assert sum(line.count("x") for line in running.lines) >= 200_000


async def test_a_missing_program_is_said_and_tried_again(tmp_path: Path):
    running = Running("", tmp_path)
    child = Child("probe", ("/no/such/program",), dict(os.environ))
    running.supervisor = Supervisor([child], tmp_path, running.lines.append)
    async with running:
        await until("it is said", lambda: any("starting it again" in x for x in running.lines))


async def test_killing_the_launcher_leaves_no_child(tmp_path: Path):
    program = (
        "import asyncio,sys,os; from pathlib import Path;"
        "from launcher.supervise import Child, Supervisor;"
        f"child = Child('probe', (sys.executable, '-c', {PRINT_AND_WAIT!r}), dict(os.environ));"
        f"asyncio.run(Supervisor([child], Path({str(tmp_path)!r})).run())"
    )
    launcher = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=BASE_DIR, stdout=subprocess.PIPE
    )
    assert launcher.stdout is not None
    line = await asyncio.wait_for(launcher.stdout.readline(), 10)
    pid = int(line.split(b"pid ")[1])
    assert alive(pid)
    launcher.kill()
    await launcher.wait()
    await until("the child is gone", lambda: not alive(pid), 5)


async def test_a_group_goes_with_the_launcher_even_if_its_members_do_not_care(tmp_path: Path):
    """As nginx's workers, which outlive a master that was killed."""
    program = (
        "import asyncio,sys,os; from pathlib import Path;"
        "from launcher.supervise import Child, Supervisor;"
        f"command = (sys.executable, '-c', {WITH_CHILD!r});"
        "child = Child('probe', command, dict(os.environ), whole_group=True);"
        f"asyncio.run(Supervisor([child], Path({str(tmp_path)!r})).run())"
    )
    launcher = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=BASE_DIR, stdout=subprocess.PIPE
    )
    assert launcher.stdout is not None
    pids = []
    for _ in range(2):
        line = await asyncio.wait_for(launcher.stdout.readline(), 10)
        pids.append(int(line.split(b"pid ")[1]))
    assert all(alive(pid) for pid in pids)
    launcher.kill()
    await launcher.wait()
    await until("both are gone", lambda: not any(alive(pid) for pid in pids), 5)


async def test_one_that_others_say_goodbye_through_stops_after_them(tmp_path: Path):
    said = "import signal,sys,time; signal.signal(signal.SIGTERM, lambda *_: sys.exit({end}));"
    slow = said.format(end="time.sleep(0.5)") + PRINT_AND_WAIT
    front = said.format(end="print('front goes', flush=True)") + PRINT_AND_WAIT
    lines: list[str] = []
    env = dict(os.environ)
    children = [
        Child("front", (sys.executable, "-c", front), env, stops_after=("app",)),
        Child("app", (sys.executable, "-c", slow), env),
    ]
    supervisor = Supervisor(children, tmp_path, lines.append)
    running = asyncio.create_task(supervisor.run())
    await until("both run", lambda: sum("pid " in line for line in lines) == 2)
    app = next(int(line.split("pid ")[1]) for line in lines if line.startswith("app"))
    supervisor.stop()
    await until("the front goes", lambda: any("front goes" in line for line in lines))
    assert not alive(app)
    await asyncio.wait_for(running, 5)


async def test_secrets_are_taken_out_of_what_it_prints(tmp_path: Path):
    lines: list[str] = []
    command = (sys.executable, "-c", f"print('a hush b', flush=True); {PRINT_AND_WAIT}")
    child = Child("probe", command, dict(os.environ), secrets=("hush",))
    supervisor = Supervisor([child], tmp_path, lines.append)
    running = asyncio.create_task(supervisor.run())
    await until("it runs", lambda: any("pid " in line for line in lines))
    supervisor.stop()
    await running
    assert lines[0].endswith("a … b")
    assert "hush" not in (tmp_path / "probe.log").read_text()
