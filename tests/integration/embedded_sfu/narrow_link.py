"""A link of a chosen width to a network namespace of our own: a viewer behind a poor line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest


class NoLink(Exception):
    """The machine can't make one; the text says why."""


class NarrowLink:
    """A veth pair: `host_ip` at our end, whose way out is shaped; a browser at the other."""

    def __init__(self) -> None:
        pid = os.getpid()
        net = f"10.213.{pid >> 6 & 255}"
        first = (pid & 63) * 4
        self.namespace = f"microvibe{pid}"
        self.host_ip, self.viewer_ip = f"{net}.{first + 1}", f"{net}.{first + 2}"
        self._host, self._viewer = f"mvh{pid}", f"mvv{pid}"

    def connect(self) -> None:
        inside = ("ip", "-n", self.namespace)
        pair = ("type", "veth", "peer", "name", self._viewer, "netns", self.namespace)
        run("ip", "link", "add", self._host, *pair)
        run("ip", "addr", "add", f"{self.host_ip}/30", "dev", self._host)
        run("ip", "link", "set", self._host, "up")
        run(*inside, "addr", "add", f"{self.viewer_ip}/30", "dev", self._viewer)
        run(*inside, "link", "set", self._viewer, "up")
        run(*inside, "link", "set", "lo", "up")
        # Without camera permission Chromium looks for the way to the internet only.
        run(*inside, "route", "add", "default", "via", self.host_ip)

    def carries(self, kbps: int) -> None:
        """A queue of 200 ms, as a home router has; what does not fit is dropped."""
        shape = ("tbf", "rate", f"{kbps}kbit", "burst", "16kb", "latency", "200ms")
        run("tc", "qdisc", "replace", "dev", self._host, "root", *shape)

    def browser(self, executable: str, folder: Path) -> Path:
        """A program that runs `executable` at the far end."""
        script = folder / "browser-behind-the-link"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.namespace} {executable} "$@"\n')
        script.chmod(0o755)
        return script


def run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)
    except FileNotFoundError as error:
        raise NoLink(f"{command[0]} is not there (Debian package iproute2)") from error
    except subprocess.CalledProcessError as error:
        raise NoLink(f"{' '.join(command)}: {error.stderr.strip()}") from error


@contextmanager
def narrow_link(missing_part: Callable[[str], None]) -> Iterator[NarrowLink]:
    """Skips where there are no namespaces; where there are, the rest must work in CI."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a narrow link needs root and iproute2")
    link = NarrowLink()
    with ExitStack() as undo:
        try:
            run("ip", "netns", "add", link.namespace)
        except NoLink as error:
            pytest.skip(f"no network namespaces here: {error}")
        # The pair goes with it.
        undo.callback(run, "ip", "netns", "del", link.namespace)
        try:
            link.connect()
            link.carries(kbps=3_000)
        except NoLink as error:
            missing_part(f"a narrow link: {error}")
        yield link
