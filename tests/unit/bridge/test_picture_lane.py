"""Pictures that waited go out quicker than they were taken, and not at once."""

from __future__ import annotations

import asyncio
import time
from typing import cast

from bridge.child.lanes import CATCH_UP, EncoderTime, PictureLane
from bridge.recode import Picture
from bridge.webrtc.publisher import Publisher

STEP_MS, COUNT = 33, 31


class Sent:
    """An outlet, and the publisher that has it."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.all = asyncio.Event()

    def outlet(self, kind: str) -> Sent:
        return self

    async def send(self, payloads: list[bytes], rtp_time: int, moment: float) -> None:
        self.at.append(time.monotonic())
        if len(self.at) == COUNT:
            self.all.set()


async def test_a_backlog_is_not_poured_out():
    sent = Sent()
    lane = PictureLane(cast(Publisher, sent), EncoderTime(), lambda kind: None)
    for number in range(COUNT):
        lane._put(Picture([b"\x65\x88\x80"], number * STEP_MS, is_key=True))
    running = asyncio.create_task(lane.run())
    try:
        async with asyncio.timeout(30):
            await sent.all.wait()
    finally:
        running.cancel()
    least_secs = (COUNT - 2) * STEP_MS / 1_000 / CATCH_UP
    assert sent.at[-1] - sent.at[0] >= least_secs
