"""Peers through a real gRPC server: what reaches the SFU and what comes back."""

from __future__ import annotations

import json
import time

from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    MediaStarted,
    Offered,
    Refused,
    Role,
    RoomId,
    SessionId,
    Target,
    TracksChanged,
)
from sfu_relay.proto import rtc_pb2
from sfu_relay.relay import Relay
from tests.fakes.captured_sdp import captured
from tests.fakes.scripted_sfu import ScriptedSfu, until
from tests.integration.sfu_relay.conftest import Stage, make_stage, no_relay_tasks

OFFER = captured("publisher-h264-simulcast")
SFU_OFFER = captured("sfu-offer")
ANSWER = captured("viewer-answer")
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


def infos() -> list[rtc_pb2.TrackInfo]:
    """The tracks of OFFER as Ion announces them: one a layer."""
    ids = [line for line in OFFER.split("\r\n") if line.startswith("a=msid:")]
    audio, video = (line.removeprefix("a=msid:").split(" ") for line in ids)
    return [
        rtc_pb2.TrackInfo(id=audio[1], streamId=audio[0], kind="audio"),
        *(
            rtc_pb2.TrackInfo(id=video[1], streamId=video[0], kind="video", layer=layer)
            for layer in ("f", "q", "h")
        ),
    ]


async def test_a_publisher_joins_renegotiates_and_trickles(stage: Stage) -> None:
    publisher = stage.open(Role.PUBLISHER)
    assert publisher.peer.node == stage.sfu.address
    publisher.peer.candidate(CANDIDATE, Target.PUBLISHER)  # ahead of the offer: kept
    publisher.peer.offer(OFFER, {})
    assert (await publisher.hears(Answered)).sdp == "answer to join"
    publisher.peer.offer(captured("publisher-screen-added"), {})
    assert (await publisher.hears(Answered, 2)).sdp == "answer to offer"
    stream = await stage.stream("sess_1")
    await until(lambda: len(stream.received) == 3, "join, candidate, offer")
    assert stream.kinds() == ["join", "trickle", "description"]
    join = stream.received[0].join
    assert (join.sid, join.uid) == ("room_1", "sess_1")
    assert dict(join.config) == {"NoAutoSubscribe": "true"}
    assert json.loads(stream.received[1].trickle.init)["candidate"] == CANDIDATE["candidate"]
    stream.say(trickle=rtc_pb2.Trickle(init=json.dumps(CANDIDATE)))
    assert await publisher.hears(CandidateFound) == CandidateFound(Target.PUBLISHER, CANDIDATE)


async def test_a_viewer_gets_offers_answers_and_changes_layers(stage: Stage) -> None:
    publisher, viewer = stage.open(Role.PUBLISHER, name="pub"), stage.open(name="view")
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    stream = await stage.stream("view")
    stream.say_tracks("pub", *infos())
    tracks = (await viewer.hears(TracksChanged)).tracks
    assert [(t.kind, t.layers) for t in tracks] == [("audio", ()), ("video", ("q", "h", "f"))]
    await publisher.hears(MediaStarted)  # though another's stream brought the news
    stream.say_offer(SFU_OFFER)
    offered = await viewer.hears(Offered)
    assert offered.sdp == SFU_OFFER
    viewer.peer.answer(ANSWER, offered.offer_id)
    viewer.peer.candidate(CANDIDATE, Target.SUBSCRIBER)
    viewer.peer.layer(tracks[1].stream_id, "h")
    await until(lambda: len(stream.received) == 4, "join, answer, candidate, layer")
    assert stream.kinds() == ["join", "description", "trickle", "subscription"]
    subscription = stream.received[3].subscription.subscriptions[0]
    assert (subscription.trackId, subscription.layer) == (tracks[1].track_id, "h")
    info = rtc_pb2.TrackInfo(streamId="cam", kind="video", layer="h")
    stream.say_tracks("pub", info, state=rtc_pb2.TrackEvent.UPDATE)
    assert await viewer.hears(LayerChanged) == LayerChanged("cam", "h", True)
    await publisher.peer.close()
    assert (await viewer.hears(TracksChanged, 2)).tracks == ()


async def test_rooms_do_not_hear_of_each_other(stage: Stage) -> None:
    publisher = stage.open(Role.PUBLISHER, room="room_1", name="pub")
    inside, outside = stage.open(room="room_1", name="in"), stage.open(room="room_2", name="out")
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    stream = await stage.stream("out")  # Ion tells every peer of the node
    stream.say_tracks("pub", *infos())
    stream.say_tracks("somebody-elses", *infos())
    await inside.hears(TracksChanged)
    stream.say_offer(SFU_OFFER)
    await outside.hears(Offered)
    assert not outside.told(TracksChanged)


async def test_a_late_viewer_is_told_the_tracks(stage: Stage) -> None:
    publisher = stage.open(Role.PUBLISHER, name="pub")
    publisher.peer.offer(OFFER, {infos()[0].streamId: "screen"})
    await publisher.hears(Answered)
    (await stage.stream("pub")).say_tracks("pub", *infos())
    await publisher.hears(MediaStarted)
    late = stage.open()
    assert {t.source for t in (await late.hears(TracksChanged)).tracks} == {"screen"}


async def test_media_is_assumed_on_an_sfu_without_announcements(sfu: ScriptedSfu) -> None:
    async with make_stage(sfu, assume_media_secs=0.2) as stage:
        publisher = stage.open(Role.PUBLISHER)
        publisher.peer.offer(OFFER, {})
        await publisher.hears(MediaStarted)
        assert len((await publisher.hears(TracksChanged)).tracks) == 2


async def test_an_sfu_with_stats_is_trusted_to_announce() -> None:
    async with ScriptedSfu(with_stats=True) as sfu, make_stage(sfu, assume_media_secs=0.2) as stage:
        await until(stage.relay.healthy, "the first health check")
        publisher = stage.open(Role.PUBLISHER, name="pub")
        publisher.peer.offer(OFFER, {})
        await publisher.hears(Answered)
        stats = await stage.relay.session_stats(SessionId("pub"))
        assert stats is not None
        assert (stats.video_bitrate, stats.jitter) == (1_500_000, 5.5)
        assert stage.relay.peer(SessionId("pub")) is publisher.peer
        assert publisher.peer._session.deadline is None  # nothing is going to be assumed


async def test_stats_of_an_sfu_that_has_none(stage: Stage) -> None:
    await until(stage.relay.healthy, "the first health check")
    stage.open(name="view")
    assert await stage.relay.session_stats(SessionId("view")) is None
    assert await stage.relay.session_stats(SessionId("nobody")) is None


async def test_a_watching_publisher_gets_offers_others_do_not(stage: Stage) -> None:
    watching = stage.open(Role.PUBLISHER, name="w", watch=True)
    blind = stage.open(Role.PUBLISHER, name="b")
    for browser in (watching, blind):
        browser.peer.offer(OFFER, {})
        await browser.hears(Answered)
        (await stage.stream(browser.peer.session_id)).say_offer(SFU_OFFER)
    await watching.hears(Offered)
    (await stage.stream("b")).say(trickle=rtc_pb2.Trickle(init=json.dumps(CANDIDATE)))
    await blind.hears(CandidateFound)  # came after the offer
    assert not blind.told(Offered)


async def test_a_session_id_is_used_once(stage: Stage) -> None:
    stage.open(name="same")
    for name in ("same", "a~1"):
        try:
            stage.open(name=name)
        except ValueError:
            continue
        raise AssertionError(f"{name} was taken")


async def test_closing_says_goodbye_and_leaves_nothing(stage: Stage) -> None:
    browsers = [stage.open(Role.PUBLISHER if n % 2 else Role.SUBSCRIBER) for n in range(6)]
    for browser in browsers[1::2]:
        browser.peer.offer(OFFER, {})
        await browser.hears(Answered)
    streams = [await stage.stream(browser.peer.session_id) for browser in browsers]
    for browser in browsers:
        await browser.peer.close("left")
        await browser.peer.close("left again")
    await until(lambda: all(stream.over for stream in streams), "every stream to end")
    assert all(stream.half_closed for stream in streams)
    assert stage.relay.peers_of(RoomId("room_1")) == stage.relay.peers() == []
    assert all(not browser.peer.alive for browser in browsers)
    browsers[1].peer.offer(OFFER, {})  # too late: nothing happens


async def test_the_end_is_said_not_waited_for(sfu: ScriptedSfu) -> None:
    async with make_stage(sfu, close_timeout_secs=8.0) as stage:
        viewer = stage.open()
        await stage.stream("sess_1")
        began = time.monotonic()
        await viewer.peer.close()
        assert time.monotonic() - began < 6.0, "the SFU was not told by a half-close"


async def test_what_is_queued_is_sent_before_the_end(stage: Stage) -> None:
    publisher = stage.open(Role.PUBLISHER)
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    for _ in range(20):
        publisher.peer.candidate(CANDIDATE, Target.PUBLISHER)
    await publisher.peer.close()
    stream = await stage.stream("sess_1")
    assert stream.kinds() == ["join"] + ["trickle"] * 20


async def test_a_relay_that_is_switched_off_says_so() -> None:
    from sfu_relay.config import RelayConfig
    from sfu_relay.events import Lost, PeerEvent

    relay = Relay(RelayConfig(enabled=False, server_url=""))
    events: list[PeerEvent] = []
    peer = relay.open_peer(
        session_id=SessionId("s"), room_id=RoomId("r"), role=Role.PUBLISHER, on_event=events.append
    )
    await until(lambda: events, "the loss")
    assert isinstance(events[0], Lost)
    assert (events[0].code, events[0].retry_in_ms) == ("sfu_unavailable", None)
    assert not peer.alive
    assert not relay.healthy()
    assert await relay.node_states() == []
    assert relay.placement(RoomId("r")) == ""
    await peer.close()
    await relay.aclose()
    await no_relay_tasks()


async def test_an_exploding_listener_hurts_nobody(stage: Stage) -> None:
    exploded = []

    def explode(event: object) -> None:
        viewer.peer._outbox._on_event = viewer.events.append
        exploded.append(event)
        raise RuntimeError("the application's bug")

    viewer = stage.open()
    viewer.peer._outbox._on_event = explode
    stream = await stage.stream("sess_1")
    stream.say_offer(SFU_OFFER)
    await until(lambda: exploded, "the first event")
    await until(lambda: viewer.peer._session._offers_down.waiting, "the offer")
    viewer.peer.answer("garbage", 1)
    assert (await viewer.hears(Refused)).code == "bad_sdp"
