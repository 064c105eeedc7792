"""Passes `out/<play id>` on to another RTMP server, untouched, while there is something."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
from typing import Any, Final

from bridge.child.spec import Spec
from bridge.child.work import Report
from bridge.rtmp.backlog import Tag
from bridge.rtmp.inlet import Inlet
from bridge.rtmp.outlet import Outlet, OutState
from bridge.rtmp.target import parse_url

FIRST_WAIT_SECS: Final = 1.0
LONGEST_WAIT_SECS: Final = 30.0  # platforms lock out who knocks all the time
FIGURES_SECS: Final = 2.0
RESOLVE_SECS: Final = 5.0
LATE_MS: Final = 5_000  # a home's uplink stalls for longer than loopback does


def make(spec: Spec, report: Report) -> Restream:
    return Restream(spec, report)


class Restream:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._report = report
        self._may_be_private = spec.private_ok
        self._target = parse_url(spec.url)
        self._out = Outlet(
            self._target,
            on_change=self._out_changed,
            first_wait_secs=FIRST_WAIT_SECS,
            longest_wait_secs=LONGEST_WAIT_SECS,
            late_ms=LATE_MS,
        )
        self._in = Inlet(
            spec.rtmp_out_port,
            "out",
            spec.play_id,
            on_tag=self._got,
            on_change=lambda comes: self._tell(),
        )
        self._state = OutState(False)
        self._sent = (time.monotonic(), 0)
        self._kbps = 0

    async def run(self) -> None:
        await self._wait_for_public_address()
        pulling = asyncio.create_task(self._in.run(), name="inlet")
        try:
            while not pulling.done():
                await asyncio.wait({pulling}, timeout=FIGURES_SECS)
                self._tell()
            pulling.result()
        finally:
            pulling.cancel()
            await asyncio.gather(pulling, return_exceptions=True)

    def changed(self, spec: Spec) -> None:
        """Nothing that may change matters here."""

    async def close(self) -> None:
        await self._out.aclose()

    def _got(self, tag: Tag) -> None:
        self._out.metadata = self._in.metadata or None
        self._out.start()  # now that it is known what there is
        self._out.put(tag)

    def _out_changed(self, state: OutState) -> None:
        self._state = state
        self._tell()

    def _tell(self) -> None:
        if not self._in.comes:
            self._report("waiting", self._in.problem, figures=self._figures())
        elif self._state.connected:
            self._report("running", figures=self._figures())
        elif self._state.reason:
            self._report("waiting", self._state.reason, figures=self._figures())

    def _figures(self) -> dict[str, Any]:
        now, sent = time.monotonic(), self._out.sent_bytes
        before, sent_before = self._sent
        if now - before >= FIGURES_SECS / 2:
            self._sent = (now, sent)
            self._kbps = round((sent - sent_before) * 8 / 1000 / (now - before))
        return {
            "kbps": self._kbps,
            "sent_bytes": sent,
            "queue_ms": self._out.queue_ms,
            "dropped_frames": self._out.dropped_frames,
            "connects": self._out.connects,
            "detail": self._state.detail[:200],
        }

    async def _wait_for_public_address(self) -> None:
        """A room's owner may not make this machine knock at doors inside of its own network."""
        wait_secs = FIRST_WAIT_SECS
        while not self._may_be_private:
            addresses: list[str] = []
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(RESOLVE_SECS):
                    addresses = await resolve(self._target.host, self._target.port)
            if addresses and all(is_public(address) for address in addresses):
                return
            self._report("waiting", "private_address" if addresses else "unreachable")
            await asyncio.sleep(wait_secs)
            wait_secs = min(wait_secs * 2, LONGEST_WAIT_SECS)


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def is_public(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_global
