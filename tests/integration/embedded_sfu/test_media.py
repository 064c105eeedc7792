"""Real Chromium publishes and watches through the embedded SFU."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc.aio
import pytest

from embedded_sfu import refusals, subscribing
from embedded_sfu.service import Sfu
from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc

from .bridge import FIXED_OFFER, until
from .conftest import Open
from .seen import frames, frames_advance, plays, width_is

pytestmark = pytest.mark.media


@pytest.mark.parametrize(("codec", "layers"), [("H264", False), ("VP8", True), ("AV1", False)])
async def test_waiting_and_late_viewer(client: Open, codec: str, layers: bool) -> None:
    early = await client("early")
    await early.watch("room")
    publisher = await client("publisher")
    stream = await publisher.publish("room", codec=codec, layers=layers, width=1280, height=720)
    await plays(early, stream)
    late = await client("late")
    await late.watch("room")
    took = await plays(late, stream)
    print(f"{codec}, simulcast {layers}: first frame of a late viewer after {took:.0f} ms")

    async def heard() -> Any:
        return [item for item in (await late.stats())["audio"] if (item["level"] or 0) > 0]

    await until("sound arrives", heard)
    kinds = {(info.kind, info.type) for event in early.events for info in event.tracks}
    assert kinds == {("audio", rtc_pb2.UserMedia), ("video", rtc_pb2.UserMedia)}
    assert publisher.events, "the publisher itself is told that its media started"
    assert not early.errors and not late.errors and not publisher.errors


async def test_layers_are_chosen_and_left_when_they_stop(client: Open) -> None:
    publisher, viewer = await client("publisher"), await client("viewer")
    stream = await publisher.publish("room", codec="H264", layers=True, width=1280, height=720)
    await viewer.watch("room")
    await plays(viewer, stream)
    await width_is(viewer, 1280)
    track = next(info.id for event in viewer.events for info in event.tracks if info.layer == "f")
    await viewer.subscribe(trackId=track, subscribe=True, layer="q")
    await width_is(viewer, 320)
    told = [event for event in viewer.events if event.state == rtc_pb2.TrackEvent.UPDATE]
    assert (told[-1].uid, told[-1].tracks[0].layer) == ("publisher", "q")
    await viewer.subscribe(trackId=track, subscribe=True, layer="auto")
    await width_is(viewer, 1280)

    await viewer.subscribe(trackId=track, subscribe=True, mute=True)

    async def silent() -> Any:
        before = await frames(viewer)
        await asyncio.sleep(0.4)
        return await frames(viewer) == before

    await until("no video comes while muted", silent)
    await viewer.subscribe(trackId=track, subscribe=True)
    await frames_advance(viewer)

    await publisher.page.evaluate(
        """async () => {
            const sender = pub.getSenders().find(s => s.track && s.track.kind === 'video');
            const parameters = sender.getParameters();
            parameters.encodings.find(e => e.rid === 'f').active = false;
            await sender.setParameters(parameters);
        }"""
    )
    await width_is(viewer, 640)
    await frames_advance(viewer)
    assert not viewer.errors


async def test_publisher_reloads_and_shares_a_screen(client: Open, sfu: Sfu) -> None:
    viewer, publisher = await client("viewer"), await client("publisher")
    await viewer.watch("room")
    await plays(viewer, await publisher.publish("room"))
    await publisher.close()
    again = await client("again")
    stream = await again.publish("room")
    await plays(viewer, stream)

    screen = await again.renegotiate("how => addScreen(how)", codec="VP8")
    await plays(viewer, screen)
    await frames_advance(viewer, streams=2)
    kinds = {info.type for event in viewer.events for info in event.tracks}
    assert kinds == {rtc_pb2.UserMedia, rtc_pb2.ScreenCapture}

    await again.renegotiate("() => removeScreen()")

    async def removed() -> Any:
        event = viewer.events[-1]
        return event.state == rtc_pb2.TrackEvent.REMOVE and event.tracks[0].streamId == screen

    await until("the screen is taken back", removed)
    slots = sfu.rooms.members["viewer"].subscribing.sections.slots  # type: ignore[attr-defined]
    sections = len(slots)

    async def settled() -> Any:
        return any(slot.reusable for slot in slots)

    await until("the viewer has answered that its section is free", settled)
    second = await again.renegotiate("how => addScreen(how)", codec="VP8")
    await plays(viewer, second)
    assert len(slots) == sections, "the section of the first screen is used again"
    assert not viewer.errors and not again.errors


async def test_two_publishers_with_different_codecs(client: Open) -> None:
    one, two, viewer = await client("one"), await client("two"), await client("viewer")
    first = await one.publish("room", codec="VP8", subscribe=True)
    second = await two.publish("room", codec="H264", subscribe=True)
    await viewer.watch("room")
    await plays(viewer, first)
    await plays(viewer, second)
    await frames_advance(viewer, streams=2)
    await plays(one, second)
    await plays(two, first)


async def test_five_joins_and_leaves_leave_nothing(client: Open, sfu: Sfu) -> None:
    publisher = await client("publisher")
    stream = await publisher.publish("room")
    tasks = None
    for number in range(5):
        viewer = await client(f"viewer{number}")
        await viewer.watch("room")
        await plays(viewer, stream, more=2)
        await viewer.close()

        async def gone() -> Any:
            return list(sfu.rooms.members) == ["publisher"] and len(sfu.endpoint.associations) == 1

        await until("the viewer is gone", gone)
        rows = [
            row
            for track in sfu.rooms.members["publisher"].published()
            for layer in track.layers.values()
            for row in (*layer.rows, *layer.waiting)
        ]
        assert rows == []
        if tasks is None:
            tasks = len(asyncio.all_tasks())
        else:

            async def calm(most: int = tasks) -> Any:
                return len(asyncio.all_tasks()) <= most

            await until("no task is left over", calm)
    await publisher.close()

    async def empty() -> Any:
        return not (sfu.rooms.members or sfu.rooms.rooms or sfu.endpoint.associations)

    await until("nothing is left", empty)
    assert sfu.endpoint.counters.internal_errors == 0


async def test_a_viewer_that_never_answers_is_let_go(
    client: Open, channel: grpc.aio.Channel, sfu: Sfu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribing, "ANSWER_TIMEOUT_SECS", 0.3)
    publisher = await client("publisher")
    await publisher.publish("room")

    async def started() -> Any:
        return publisher.events

    await until("media starts", started)
    call = rtc_pb2_grpc.RTCStub(channel).Signal()
    description = rtc_pb2.SessionDescription(type="offer", sdp=FIXED_OFFER)
    join = rtc_pb2.JoinRequest(sid="room", uid="silent", description=description)
    await call.write(rtc_pb2.Request(join=join))
    replies = []
    while (reply := await asyncio.wait_for(call.read(), 10)) is not grpc.aio.EOF:
        replies.append(reply)
    kinds = [reply.WhichOneof("payload") for reply in replies]
    assert kinds[0] == "join" and "description" in kinds and kinds[-1] == "error"
    assert replies[-1].error.code == refusals.TIMEOUT
    assert list(sfu.rooms.members) == ["publisher"]
