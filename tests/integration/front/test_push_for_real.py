"""An encoder whose place in `out` a bridge has: it goes on, and is heard again afterwards."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ingest import control
from ingest.nginx import Nginx
from ingest.pushes import Pushes
from ingest.stat import Stat, parse_stat
from tests.e2e.harness.rtmp_client import VIDEO, Refused, RtmpClient
from tests.integration.front.alone import PLAY, Alone, alone, stand_in, until
from tests.integration.front.test_rtmp_for_real import KEYFRAME, STREAM_HEADS

pytestmark = pytest.mark.media
KEY = "key-of-the-encoder-that-nobody-may-read"


def stat_of(rtmp: Alone) -> Stat:
    return parse_stat(rtmp.ask("/stat", port=rtmp.values.rtmp_control_port).body)


def feeder(rtmp: Alone, application: str = "out") -> str:
    """nginx's id of who feeds it; "" when nobody does."""
    stream = stat_of(rtmp).publishers(application).get(PLAY)
    return stream.publisher.client_id if stream is not None and stream.publisher else ""


def files_of(rtmp: Alone) -> int:
    """Open in nginx's worker."""
    master = rtmp.running["rtmp"].pid
    worker = Path(f"/proc/{master}/task/{master}/children").read_text().split()[0]
    return len(os.listdir(f"/proc/{worker}/fd"))


def beginning(port: int) -> RtmpClient:
    """As a bridge's child: tries until nginx has let go of whoever was there."""

    def takes() -> RtmpClient | None:
        client = RtmpClient(port).__enter__()
        try:
            client.publish(PLAY, "out")
        except Refused:
            client.__exit__()
            return None
        for kind, body in (*STREAM_HEADS, (VIDEO, KEYFRAME)):
            client.media(kind, 0, body)
        return client

    client: RtmpClient = until("out is free", takes)
    return client


async def test_an_encoder_is_pushed_again_when_the_bridge_has_gone(
    nginx: Nginx, tmp_path: Path, settings: Any
) -> None:
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp, stand_in(rtmp.values.app_port):
        settings.RTMP_CONTROL_PORT = rtmp.values.rtmp_control_port
        bridge = beginning(rtmp.values.rtmp_out_port)
        bridges = until("the bridge feeds out", lambda: feeder(rtmp))
        with RtmpClient(rtmp.values.rtmp_port) as encoder:
            encoder.publish(KEY)
            for kind, body in STREAM_HEADS:
                encoder.media(kind, 0, body)

            def goes_on() -> bool:
                encoder.media(VIDEO, 40, KEYFRAME)
                return PLAY in stat_of(rtmp).publishers("live")

            until("the encoder is live", goes_on)
            before = files_of(rtmp)
            raw = until("bridges can pull it", lambda: feeder(rtmp, "raw"))
            for _ in range(5):  # dropped and refused again and again: nothing piles up
                async with asyncio.timeout(20):
                    while not await control.push_again_soon(PLAY):  # until nginx pushes again
                        assert goes_on()
                        await asyncio.sleep(0.05)
            assert feeder(rtmp) == bridges
            assert files_of(rtmp) <= before + 2
            bridge.__exit__()
            gone_at = time.monotonic()
            until("the bridge is gone", lambda: feeder(rtmp) != bridges)
            pushes, found = Pushes(), ""
            while not found:
                goes_on()
                stat = stat_of(rtmp)
                due = pushes.got_page(
                    stat.publishers("live"), stat.publishers("out"), time.monotonic()
                )
                for play_id in due:
                    await control.push_again_soon(play_id)
                found = feeder(rtmp)
                assert time.monotonic() - gone_at < 20
            print(f"pushed again {time.monotonic() - gone_at:.2f} s after the bridge (goal: 1 s)")
            assert goes_on()
            assert feeder(rtmp, "raw") == raw  # untouched by all that
        for secret in (KEY, rtmp.values.ingest_secret):
            assert secret not in rtmp.said()


async def test_a_bridge_takes_the_place_of_a_push(
    nginx: Nginx, tmp_path: Path, settings: Any
) -> None:
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp, stand_in(rtmp.values.app_port):
        settings.RTMP_CONTROL_PORT = rtmp.values.rtmp_control_port
        with RtmpClient(rtmp.values.rtmp_port) as encoder:
            encoder.publish(KEY)
            for kind, body in (*STREAM_HEADS, (VIDEO, KEYFRAME)):
                encoder.media(kind, 0, body)
            pushed = until("it is pushed", lambda: feeder(rtmp))
            drop = f"/control/drop/publisher?srv=1&app=out&name={PLAY}"
            rtmp.ask(drop, port=rtmp.values.rtmp_control_port)
            with beginning(rtmp.values.rtmp_out_port):
                until("another feeds out", lambda: feeder(rtmp) not in ("", pushed))
                encoder.media(VIDEO, 40, KEYFRAME)
                assert PLAY in stat_of(rtmp).publishers("live")
