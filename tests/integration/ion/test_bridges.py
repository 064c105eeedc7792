"""Bridges through a real Ion node: RTMP in and WebRTC out of it, WebRTC in and RTMP out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.harness.encoder import SMALL
from tests.integration.bridge.rtmp_tape import Tape
from tests.integration.bridge.test_to_rtmp import FPS, said, until
from tests.integration.bridge.test_to_webrtc import encoding, lost_share, viewing
from tests.integration.bridge.to_webrtc_rig import at_work
from tests.integration.bridge.webrtc_room import Room
from tests.integration.ion.conftest import relay_config
from tests.integration.ion.node import IonNode
from tests.integration.playback.conftest import free_ports
from tests.integration.playback.rig import Rig

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]
PLAY_ID = "play_ion000000001"


async def test_an_encoder_is_seen_through_ion(node: IonNode, rig: Rig, tmp_path: Path) -> None:
    async with at_work(rig, tmp_path, node) as (child, _, relay), encoding(rig, SMALL):
        began = time.monotonic()
        await child.becomes("running")
        print(f"running {time.monotonic() - began:.2f} s after the encoder began")
        async with viewing(relay) as viewer:
            await viewer.sees(150)
            async with viewing(relay) as late:
                await late.sees(30)
                print(f"late: {late.first_frame_at - late.joined_at:.2f} s after its join")
            heard = viewer.heard
            await until("three beeps", lambda: len(viewer.heard.beeps) >= 3)
            print(
                f"first picture {viewer.first_frame_at - viewer.joined_at:.2f} s after the join, "
                f"lost {lost_share(heard.numbers):.2%}, sound {heard.av_offset_ms:+.1f} ms, "
                f"{child.figures}"
            )
            assert set(viewer.tracks) == {"audio", "video"}
            assert lost_share(heard.numbers) < 0.2
            assert child.figures["joins"] == 1


@pytest.fixture
async def room(node: IonNode, rig: Rig, tmp_path: Path) -> AsyncIterator[Room]:
    one = Room(tmp_path, free_ports(2), rig.rtmp_port)
    one.config = relay_config(node)
    try:
        yield one
    finally:
        await one.close()
        print(one.log())
    assert "Traceback" not in one.log()


@pytest.fixture
async def tape(rig: Rig, room: Room) -> AsyncIterator[Tape]:
    one = Tape(rig.rtmp_port, PLAY_ID)
    yield one
    await one.stop()


async def test_a_browser_goes_out_by_rtmp(room: Room, tape: Tape) -> None:
    one = await room.publish()
    room.bridge(one, play_id=PLAY_ID)
    await until("the first picture", tape.frames)
    print(f"first picture {time.monotonic() - room.child_started:.2f} s after the process began")
    await until("seconds of it", lambda: tape.frames() > 8 * FPS)
    delay_ms, _ = said(room, tape, "pass through Ion", 360)
    assert delay_ms < 2_000
    assert room.state() == ("running", "")
    gaps = np.diff(tape.keyframe_times())
    print(f"keyframes {gaps.max() / 1000:.1f} s apart at most")


async def test_one_that_comes_back_goes_on(room: Room, tape: Tape) -> None:
    """Ion offers anew for each that comes or goes, and the child answers it again and again."""
    for turn in range(3):
        one = await room.publish()
        room.bridge(one, play_id=PLAY_ID)
        at = tape.frames()
        await until(f"pictures of turn {turn}", lambda at=at: tape.frames() > at + 2 * FPS)
        await one.close()
    assert tape.drops == 0, "the stream went on"
    assert (room.figures()["connects"], room.figures()["joins"]) == (1, 1)
