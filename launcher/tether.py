"""Ties the program given as arguments to its parent: when that dies, so does this.

`tether.py <pid of the parent> program …` becomes the program. With `--group` before it, it stays
beside the program and ends the whole process group: nginx's workers outlive a killed master.

A program of its own, and not `preexec_fn`: code between fork and exec may deadlock where threads
run, and asyncio waits for its children in threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def tie(parent: int, number: signal.Signals) -> None:
    """`number` comes when the parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it died before we were tied to it
        sys.exit(1)


def mind(parent: int, command: list[str]) -> int:
    """Runs `command` in our group until it ends; the group goes with the parent."""
    # SIGTERM comes to the whole group: the program takes its time, and we wait for it.
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGUSR1, lambda *_: os.killpg(0, signal.SIGKILL))
    tie(parent, signal.SIGUSR1)
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:  # end as it did, for whoever asks how
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if command[0] == "--group":
        sys.exit(mind(parent, command[1:]))
    tie(parent, signal.SIGKILL)
    os.execvp(command[0], command)  # noqa: S606 (no shell is the point)


if __name__ == "__main__":
    main()
