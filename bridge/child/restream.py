"""Passes `out/<play id>` on to another RTMP server, untouched, while there is something."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from typing import Any, Final

from bridge.child.spec import Spec
from bridge.child.usage import Usage
from bridge.child.work import Report
from bridge.rtmp.backlog import Tag
from bridge.rtmp.connection import resolve
from bridge.rtmp.inlet import Inlet
from bridge.rtmp.outlet import Outlet, OutState
from bridge.rtmp.target import parse_url

FIRST_WAIT_SECS: Final = 1.0
LONGEST_WAIT_SECS: Final = 30.0  # platforms lock out who knocks all the time
FIGURES_SECS: Final = 2.0
RESOLVE_SECS: Final = 5.0
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
LATE_MS: Final = 5_000  # a home's uplink stalls for longer than loopback does


def make(spec: Spec, report: Report) -> Restream:
    return Restream(spec, report)


class Restream:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._report = report
        self._private_ok = spec.private_ok
        self._own_port = spec.rtmp_out_port
        self._target = parse_url(spec.url)
        self._out = Outlet(
            self._target,
            on_change=self._out_changed,
            first_wait_secs=FIRST_WAIT_SECS,
            longest_wait_secs=LONGEST_WAIT_SECS,
            late_ms=LATE_MS,
            may_connect=self._may_connect,
        )
        self._in = Inlet(
            spec.rtmp_out_port,
            "out",
            spec.play_id,
            on_tag=self._got,
            on_change=lambda comes: self._tell(),
        )
        self._state = OutState(False)
        self._usage = Usage()

    async def run(self) -> None:
        await self._wait_for_good_address()
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
        return {
            **self._usage.figures(sent_bytes=self._out.sent_bytes),
            "sent_bytes": self._out.sent_bytes,
            "queue_ms": self._out.queue_ms,
            "dropped_frames": self._out.dropped_frames,
            "connects": self._out.connects,
            "detail": self._without_key(self._state.detail)[:200],
        }

    def _without_key(self, text: str) -> str:
        """A server that refuses a key may repeat it; staff reads figures."""
        for secret in (self._target.name, self._target.name.partition("?")[0]):
            text = text.replace(secret, "…")
        return text

    async def _wait_for_good_address(self) -> None:
        """Told at once, not when something is sent; the connection looks again for itself."""
        wait_secs = FIRST_WAIT_SECS
        host, port = self._target.host, self._target.port
        while True:
            addresses: list[str] = []
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(RESOLVE_SECS):
                    addresses = await resolve(host, port)
            if addresses and all(self._may_connect(address, port) for address in addresses):
                return
            self._report("waiting", "private_address" if addresses else "unreachable")
            await asyncio.sleep(wait_secs)
            wait_secs = min(wait_secs * 2, LONGEST_WAIT_SECS)

    def _may_connect(self, address: str, port: int) -> bool:
        """A room's owner may not make this machine knock at doors inside of its own network; and
        never at `out`, where everybody's broadcasts are."""
        if is_own(address) and port == self._own_port:
            return False
        return self._private_ok or is_public(address)


def is_public(address: str) -> bool:
    """Of IPv6 also what holds one of IPv4 (mapped, 6to4, NAT64), or is multicast."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour
        if within is None and ip in NAT64:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within is not None:
            return is_public(str(within))
    return ip.is_global and not ip.is_multicast


def is_own(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_loopback or ip.is_unspecified
