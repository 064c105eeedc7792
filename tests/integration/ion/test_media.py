"""Our relay before a real Ion node: H.264 and Opus in by aiortc, pictures that go on out of it."""

from __future__ import annotations

import pytest

from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.ion.conftest import relay_config, until_true
from tests.integration.ion.node import IonNode
from tests.integration.ion.people import LONG_SECS, sending, watching

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]


async def test_a_waiting_and_a_late_viewer_see_and_hear(node: IonNode, relay: Relay) -> None:
    async with watching(relay) as early:
        await until(lambda: early.peer._session.phase.value == "joined", "the join", LONG_SECS)
        async with sending(relay_config(node)) as publisher:
            await early.sees(60)
            async with watching(relay) as late:
                await late.sees(60)
                print(f"late viewer: first picture {late.first_frame_secs:.2f} s after its join")
                await until(lambda: late.sounds > 20 and early.sounds > 20, "sound")
            print(publisher.told())

    async def is_empty() -> bool:
        return await node.streams() == 0

    await until_true(is_empty, "no stream is left")
