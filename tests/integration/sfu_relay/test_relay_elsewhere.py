"""Tracks that were published through another app process."""

from __future__ import annotations

import asyncio

from sfu_relay.elsewhere import Publisher
from sfu_relay.events import Lost, RoomId, SessionId, TracksChanged
from sfu_relay.proto import rtc_pb2
from tests.fakes.scripted_sfu import until
from tests.integration.sfu_relay.conftest import Stage

CAMERA = rtc_pb2.TrackInfo(id="t1", streamId="s1", kind="video")
SCREEN = rtc_pb2.TrackInfo(id="t2", streamId="s2", kind="video")
ADD, REMOVE = rtc_pb2.TrackEvent.ADD, rtc_pb2.TrackEvent.REMOVE


class Application:
    """Knows one publisher, of room_1; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, session_id: SessionId) -> Publisher | None:
        self.asked.append(session_id)
        await self.may_answer.wait()
        if session_id == "sess_there":
            return Publisher(RoomId("room_1"), {"s2": "screen"})
        if session_id == "sess_odd":
            raise RuntimeError("for the test")
        return None


async def tracks_told(told: list[TracksChanged], *expected: str) -> None:
    def now() -> list[str]:
        return sorted(f"{t.track_id} {t.source}" for t in told[-1].tracks) if told else []

    await until(lambda: now() == sorted(expected), f"{expected}; got {told}")


async def test_they_are_told_and_taken_back(stage: Stage) -> None:
    application = Application()
    stage.relay.find_publishers_elsewhere(application)
    viewer = stage.open(name="viewer")
    stream = await stage.stream("viewer")
    stream.say_tracks("sess_there", CAMERA)
    await viewer.hears(TracksChanged)
    await tracks_told(viewer.told(TracksChanged), "t1 camera")
    stream.say_tracks("sess_there", SCREEN)
    await until(lambda: len(viewer.told(TracksChanged)) >= 2, "the screen")
    await tracks_told(viewer.told(TracksChanged), "t1 camera", "t2 screen")
    late = stage.open(name="late")
    await late.hears(TracksChanged)
    await tracks_told(late.told(TracksChanged), "t1 camera", "t2 screen")
    stream.say_tracks("sess_there", CAMERA, SCREEN, state=REMOVE)
    await until(lambda: viewer.told(TracksChanged)[-1].tracks == (), "them to be gone")


async def test_news_waits_in_order_while_the_application_thinks(stage: Stage) -> None:
    application = Application()
    application.may_answer.clear()
    stage.relay.find_publishers_elsewhere(application)
    viewer = stage.open(name="viewer")
    stream = await stage.stream("viewer")
    stream.say_tracks("sess_there", CAMERA, SCREEN)
    stream.say_tracks("sess_there", CAMERA, state=REMOVE)
    await until(lambda: application.asked, "the question")
    application.may_answer.set()
    await until(lambda: viewer.told(TracksChanged), "the tracks")
    await until(
        lambda: [t.track_id for t in viewer.told(TracksChanged)[-1].tracks] == ["t2"],
        "the camera to be gone",
    )
    assert application.asked == ["sess_there"]


async def test_strangers_are_asked_about_once_and_never_shown(stage: Stage) -> None:
    application = Application()
    stage.relay.find_publishers_elsewhere(application)
    viewer = stage.open(name="viewer", room="room_1")
    other = stage.open(name="other", room="room_2")
    stream = await stage.stream("viewer")
    other_stream = await stage.stream("other")
    for _ in range(3):
        stream.say_tracks("sess_of_nobody", CAMERA)
        stream.say_tracks("sess_odd", CAMERA)
        await until(lambda: len(application.asked) >= 2, "the questions")
    other_stream.say_tracks("sess_there", CAMERA)  # Ion tells of all its rooms
    await until(lambda: viewer.told(TracksChanged), "the room that it belongs to to hear of it")
    assert sorted(application.asked) == ["sess_odd", "sess_of_nobody", "sess_there"]
    assert other.told(TracksChanged) == []


async def test_a_dead_node_leaves_no_ghosts(stage: Stage) -> None:
    stage.relay.find_publishers_elsewhere(Application())
    viewer = stage.open(name="viewer")
    stream = await stage.stream("viewer")
    stream.say_tracks("sess_there", CAMERA)
    await viewer.hears(TracksChanged)
    await stage.sfu.kill()
    await viewer.hears(Lost)
    await stage.sfu.start()
    again = stage.open(name="again")
    fresh = await stage.stream("again")
    assert again.told(TracksChanged) == []
    fresh.say_tracks("sess_there", SCREEN)
    await again.hears(TracksChanged)
    await tracks_told(again.told(TracksChanged), "t2 screen")
