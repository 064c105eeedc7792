"""The child `to_webrtc` between a real nginx and a real SFU: what a viewer sees and hears, when."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bridge.rtmp.backlog import Tag
from bridge.rtmp.outlet import Outlet
from bridge.rtmp.target import Target
from sfu_relay.relay import Relay
from tests.e2e.harness.camera import FRAMES
from tests.e2e.harness.encoder import LOW_DELAY, OBS_DEFAULTS, SILENT, SMALL, Encoder, stream_file
from tests.fakes.scripted_sfu import until
from tests.integration.bridge.test_rtmp_publisher import tags_of
from tests.integration.bridge.to_webrtc_rig import PLAY_ID, ROOM, Child, at_work, raw_url
from tests.integration.bridge.webrtc_viewer import WebrtcViewer
from tests.integration.playback.rig import Rig

pytestmark = [pytest.mark.media, pytest.mark.timeout(900)]
LONG_RUN_SECS = float(os.environ.get("BRIDGE_RUN_SECS", "30"))


@asynccontextmanager
async def encoding(rig: Rig, style=LOW_DELAY) -> AsyncIterator[Encoder]:
    encoder = await asyncio.to_thread(Encoder, raw_url(rig), style)
    try:
        yield encoder
    finally:
        await asyncio.to_thread(encoder.stop)


@asynccontextmanager
async def viewing(relay: Relay) -> AsyncIterator[WebrtcViewer]:
    viewer = WebrtcViewer(relay, ROOM)
    try:
        yield viewer
    finally:
        await viewer.close()


def report(what: str, viewer: WebrtcViewer, encoder: Encoder, child: Child) -> None:
    heard, figures = viewer.heard, child.figures
    delays = sorted(encoder.behind_ms(heard.arrivals[-300:]))
    gaps = [b[2] - a[2] for a, b in itertools.pairwise(heard.frames)]
    offset_ms = heard.av_offset_ms if heard.beeps else 0.0
    print(
        f"{what}: first frame {viewer.first_frame_at - viewer.joined_at:.2f} s after the join, "
        f"delay {statistics.median(delays):.0f} ms (most {delays[-1]:.0f}), "
        f"longest freeze {max(gaps):.0f} ms, sound {offset_ms:+.1f} ms, "
        f"CPU {figures['cpu_percent']} %, {figures['rss_mb']} MB, {figures['kbps']} kbit/s, "
        f"{figures['fps']} fps, {figures['plis']} PLIs"
    )


def lost_share(numbers: list[int]) -> float:
    """Of pictures; a viewer on a busy machine is late and loses some by itself."""
    steps = [(b - a) % FRAMES for a, b in itertools.pairwise(numbers)]
    return sum(each != 1 for each in steps) / max(1, len(steps))


async def test_passes_on_in_step_for_long(rig: Rig, tmp_path: Path) -> None:
    async with at_work(rig, tmp_path) as (child, _, relay), encoding(rig, SMALL) as encoder:
        began = time.monotonic()
        await child.becomes("running")
        print(f"running {time.monotonic() - began:.2f} s after the encoder began")
        async with viewing(relay) as viewer:
            await viewer.sees(150)
            memory_mb, offset_ms = child.figures["rss_mb"], viewer.heard.av_offset_ms
            await viewer.sees(int((LONG_RUN_SECS - 5) * 30), LONG_RUN_SECS * 3)
            report("passed on", viewer, encoder, child)
            heard = viewer.heard
            print(f"lost {lost_share(heard.numbers):.2%}")
            assert lost_share(heard.numbers) < 0.1
            heard.frames, heard.beeps = heard.frames[-120:], heard.beeps[-4:]
            last_ms = heard.av_offset_ms
            print(f"sound {offset_ms:+.1f} ms, after {LONG_RUN_SECS:.0f} s {last_ms:+.1f} ms")
            assert abs(offset_ms) < 40
            assert abs(last_ms) < 40
            cpu = [one["figures"]["cpu_percent"] for one in child.all if one["state"] == "running"]
            print(f"CPU {statistics.median(cpu)} % (most {max(cpu)})")
            print(f"memory {memory_mb} MB, then {child.figures['rss_mb']} MB")
            assert child.figures["rss_mb"] - memory_mb < 30
            assert child.figures["joins"] == 1


async def test_b_frames_are_said_and_transcoded(rig: Rig, tmp_path: Path) -> None:
    async with at_work(rig, tmp_path) as (child, _, relay), encoding(rig, OBS_DEFAULTS) as encoder:
        await child.becomes("waiting", "b_frames")
        assert child.said["needs"] == "transcode"
        await until(lambda: not child.said["session_id"], "it leaves the SFU")
        child.change(mode="transcode")
        await child.becomes("running")
        assert child.said["needs"] == "transcode"
        async with viewing(relay) as viewer, viewing(relay):
            await viewer.sees(150)
            async with viewing(relay) as late:
                await late.sees(5)
                print(f"late: {late.first_frame_at - late.joined_at:.2f} s, keyframes 8.3 s apart")
            report("transcoded", viewer, encoder, child)
            assert viewer.sizes == {(1280, 720)}
            assert abs(viewer.heard.av_offset_ms) < 40
            print(f"lost {lost_share(viewer.heard.numbers):.2%}")


async def test_sound_alone_and_pictures_alone(rig: Rig, tmp_path: Path) -> None:
    async with at_work(rig, tmp_path, audio_only=True) as (child, _, relay):
        async with encoding(rig):
            await child.becomes("running")
            async with viewing(relay) as viewer:
                await until(lambda: "audio" in viewer.tracks, "sound")
                await asyncio.sleep(0.5)
                assert viewer.tracks == ["audio"]
        child.change(audio_only=False)
        await until(lambda: not child.said["session_id"], "it leaves when nobody sends")
        async with encoding(rig, SILENT):
            await child.becomes("running")
            async with viewing(relay) as viewer:
                await viewer.sees(30)
                assert viewer.tracks == ["video"]


async def test_a_killed_sfu_and_an_encoder_that_comes_back(rig: Rig, tmp_path: Path) -> None:
    async with at_work(rig, tmp_path) as (child, sfu, relay):
        async with encoding(rig):
            await child.becomes("running")
            first = child.said["session_id"]
            await sfu.end(signal.SIGKILL)
            await until(lambda: child.said["session_id"] != first, "the loss is seen")
            began = time.monotonic()
            await sfu.start()
            await until(
                lambda: child.state == ("running", "") and child.said["session_id"], "it is back"
            )
            print(f"back {time.monotonic() - began:.2f} s after the SFU's start")
            async with viewing(relay) as viewer:
                await viewer.sees(30)
                session_id = child.said["session_id"]
                assert session_id != first
                # The same viewer, over an encoder that reconnects as OBS does.
        async with viewing(relay) as viewer:
            await asyncio.sleep(1.0)
            async with encoding(rig):
                await viewer.sees(30)
                assert child.said["session_id"] == session_id
        await child.becomes("waiting", "rtmp_down")
        await until(lambda: not child.said["session_id"], "it leaves when nobody sends")
        async with encoding(rig):
            await child.becomes("running")
            async with viewing(relay) as viewer:
                await viewer.sees(30)


async def test_other_parameters_and_garbage_in_mid_stream(rig: Rig, tmp_path: Path) -> None:
    small, large = tags_of(stream_file(SMALL)), tags_of(stream_file(LOW_DELAY))
    garbage = [
        Tag(kind, at_ms, head + os.urandom(400))
        for at_ms in range(0, 500, 10)
        for kind, head in ((9, b"\x27\1\0\0\0"), (8, b"\xaf\1"), (9, b"\x17\1\0\0\0"), (9, b"\x90"))
    ]
    outlet = Outlet(Target("127.0.0.1", rig.rtmp_port, "raw", PLAY_ID))

    async def feed() -> None:
        base_ms, began = 0, time.monotonic()
        for tags in (small, garbage, large, garbage, small):
            for tag in tags:
                if tag.timestamp_ms > 4_000:
                    break
                at_ms = base_ms + tag.timestamp_ms
                await asyncio.sleep(max(0.0, began + at_ms / 1_000 - time.monotonic()))
                outlet.put(Tag(tag.kind, at_ms, tag.body))
            base_ms = at_ms + 20

    async with at_work(rig, tmp_path) as (child, _, relay):
        outlet.start()
        feeding = asyncio.create_task(feed())
        try:
            await child.becomes("running")
            async with viewing(relay) as viewer:
                await until(
                    lambda: viewer.sizes >= {(640, 360), (1280, 720)}, f"both sizes; {viewer.sizes}"
                )
                await feeding
                assert child.is_running
                print(f"garbage: {child.figures['broken_frames']} broken frames, {child.figures}")
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError):
                await feeding
            await outlet.aclose()
