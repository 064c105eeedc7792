"""Runs a child process that reads media: with a time limit, and never longer than we do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

# Enough to find Python and its libraries; none of our secrets.
ENVIRONMENT: Final = {"PYTHONPATH": str(settings.BASE_DIR), "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Done:
    code: int | None  # None: it took too long; negative: the signal that ended it
    out: bytes


async def run_child(
    module: str, arguments: Sequence[str], secs: float, said: bytes = b"", keep: Sequence[int] = ()
) -> Done:
    """`said`: its standard input. `keep`: file descriptors that it inherits, such as a lock."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # names of files and bytes of strangers
        cwd=settings.BASE_DIR,
        env=ENVIRONMENT,
        pass_fds=keep,
    )
    try:
        async with asyncio.timeout(secs):
            out, _ = await child.communicate(said)
    except TimeoutError:
        return Done(None, b"")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return Done(child.returncode, out)
