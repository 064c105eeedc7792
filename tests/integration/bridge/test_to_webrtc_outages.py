"""`to_webrtc` over outages of the child, of the SFU and of its connection: pictures come back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aioice
import pytest

from bridge.webrtc import consent, pulse
from bridge.webrtc.publisher import Publisher
from tests.fakes.scripted_sfu import until
from tests.integration.bridge.test_to_webrtc import encoding, viewing
from tests.integration.bridge.to_webrtc_rig import at_work
from tests.integration.playback.rig import Rig
from tests.integration.sfu_relay.test_relay_with_embedded_sfu import running

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]
BACK_SECS = 60.0


async def stopped(pid: int, secs: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(secs)
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("secs", [8, 35])
async def test_a_child_that_stood_still(rig: Rig, tmp_path: Path, secs: int) -> None:
    """35 s: longer than the SFU waits for a sign (RFC 7675: 30 s). The viewer is the same."""
    async with (
        at_work(rig, tmp_path) as (child, _, relay),
        encoding(rig),
        viewing(relay) as viewer,
    ):
        await child.becomes("running")
        await viewer.sees(30)
        session_id = child.said["session_id"]
        await stopped(child.pid, secs)
        began = time.monotonic()
        await viewer.sees(30, BACK_SECS)
        print(f"stopped for {secs} s: back after {time.monotonic() - began:.2f} s")
        assert (child.said["session_id"] == session_id) == (secs < 30)


async def test_an_sfu_that_stood_still(rig: Rig, tmp_path: Path) -> None:
    """For 3 s nobody need notice. After 15 s its relays have given it up: all join anew."""
    async with at_work(rig, tmp_path) as (child, sfu, relay), encoding(rig):
        await child.becomes("running")
        session_id = child.said["session_id"]
        async with viewing(relay) as viewer:
            await viewer.sees(30)
            await stopped(sfu.pid, 3)
            await viewer.sees(30, BACK_SECS)
            assert child.said["session_id"] == session_id
            await stopped(sfu.pid, 15)
            await until(lambda: viewer.problem, "the viewer is told")
        began = time.monotonic()
        await until(
            lambda: child.state == ("running", "") and child.said["session_id"] != session_id,
            "the child joined anew",
            BACK_SECS,
        )
        print(f"joined anew after {time.monotonic() - began:.2f} s")
        async with viewing(relay) as viewer:
            await viewer.sees(30, BACK_SECS)


@asynccontextmanager
async def publishing() -> AsyncIterator[Publisher]:
    """It sends sound."""
    async with running() as (_, relay):
        publisher = Publisher(relay, "room_1", lambda: None)

        async def send() -> None:
            for number in range(1_000_000):
                outlet = publisher.outlet("audio")
                if outlet is not None:
                    with suppress(ConnectionError):
                        await outlet.send([b"\xf8\xff\xfe"], number * 960, time.time())
                await asyncio.sleep(0.02)

        tasks = [asyncio.create_task(publisher.run(["audio"])), asyncio.create_task(send())]
        try:
            await until(lambda: publisher.outlet("audio") and is_heard(publisher), "it is on", 60)
            yield publisher
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def is_heard(publisher: Publisher) -> bool:
    return any(each.heard_packets for each in publisher.outlets.values())


async def joins_anew(publisher: Publisher, session_id: str) -> None:
    await until(
        lambda: publisher.session_id not in ("", session_id) and is_heard(publisher),
        "it joins anew",
        BACK_SECS,
    )


def ice_of(publisher: Publisher) -> Any:
    return publisher.outlets["audio"]._transport.transport._connection


def answers_come(publisher: Publisher, late_secs: float | None) -> None:
    """STUN's, of the SFU, from now on; None: never."""
    for protocol in ice_of(publisher)._protocols:

        def later(data: bytes, address: Any, got: Any = protocol.datagram_received) -> None:
            if data[0] >= 4:
                got(data, address)
            elif late_secs is not None:
                asyncio.get_running_loop().call_later(late_secs, got, data, address)

        protocol.datagram_received = later


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consent is asked for ten times as often."""
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.5)
    monkeypatch.setattr(consent, "ASK_EVERY_SECS", 0.5)


async def test_consent_whose_answers_are_late(often: None) -> None:
    """aioice's own checks ended it after 6 of them, here 6 s; as they did on a busy machine."""
    async with publishing() as publisher:
        first = publisher.session_id
        answers_come(publisher, late_secs=0.8)
        heard, until_at = publisher.outlets["audio"].heard_packets, time.monotonic() + 12
        await until(lambda: time.monotonic() > until_at or publisher.session_id != first, "", 60)
        assert publisher.session_id == first
        assert publisher.outlets["audio"].heard_packets > heard


async def test_consent_that_expires(often: None) -> None:
    async with publishing() as publisher:
        first = publisher.session_id
        answers_come(publisher, late_secs=None)
        await joins_anew(publisher, first)


async def test_dtls_that_broke_while_ice_went_on() -> None:
    """As by an error in one of aiortc's handlers."""
    async with publishing() as publisher:
        first = publisher.session_id
        publisher.outlets["audio"]._transport._task.cancel()
        await joins_anew(publisher, first)


async def test_an_sfu_that_reports_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT_LOOKS", 3)
    async with publishing() as publisher:
        first, outlet = publisher.session_id, publisher.outlets["audio"]
        outlet._transport._rtp_router.unregister_sender(outlet)
        await joins_anew(publisher, first)
