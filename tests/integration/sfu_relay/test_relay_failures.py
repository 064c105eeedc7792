"""When the SFU is slow, dead, back again, or odd."""

from __future__ import annotations

import asyncio
import time

import grpc

from sfu_relay.config import RelayConfig
from sfu_relay.events import (
    Answered,
    Lost,
    Offered,
    Role,
    RoomId,
    SessionId,
    Target,
    TracksChanged,
)
from sfu_relay.proto import rtc_pb2
from sfu_relay.relay import Relay
from tests.fakes.captured_sdp import captured
from tests.fakes.scripted_sfu import (
    ScriptedSfu,
    ScriptedStream,
    answer_everything,
    say_nothing,
    until,
)
from tests.integration.sfu_relay.conftest import Stage, make_stage, no_relay_tasks

OFFER = captured("publisher-h264-simulcast")
SFU_OFFER = captured("sfu-offer")
CANDIDATE = {
    "candidate": "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


async def test_a_join_that_is_not_answered(sfu: ScriptedSfu) -> None:
    sfu.replier = say_nothing
    async with make_stage(sfu, join_timeout_secs=0.3) as stage:
        viewer = stage.open()
        assert (await viewer.hears(Lost)).code == "sfu_timeout"
        assert not viewer.peer.alive
        await until(lambda: sfu.streams[0].over, "its stream to end")


async def test_an_answer_that_never_comes(sfu: ScriptedSfu) -> None:
    async with make_stage(sfu, answer_timeout_secs=0.3) as stage:
        viewer = stage.open()
        (await stage.stream("sess_1")).say_offer(SFU_OFFER)
        await viewer.hears(Offered)
        lost = await viewer.hears(Lost)
        assert lost.code == "answer_timeout"
        assert lost.retry_in_ms is not None


async def test_an_sfu_that_refuses(stage: Stage) -> None:
    async def refuse(stream: ScriptedStream, request: rtc_pb2.Request) -> None:
        stream.say(join=rtc_pb2.JoinReply(error=rtc_pb2.Error(reason="full")))

    stage.sfu.replier = refuse
    lost = await stage.open().hears(Lost)
    assert lost.code == "sfu_refused"
    assert "full" in lost.detail


async def test_a_dead_node_is_noticed_at_once_by_all_its_peers(stage: Stage) -> None:
    browsers = [stage.open() for _ in range(20)]
    for browser in browsers:
        (await stage.stream(browser.peer.session_id)).say_offer(SFU_OFFER)
        await browser.hears(Offered)
    began = time.monotonic()
    await stage.sfu.kill()
    losses = [await browser.hears(Lost) for browser in browsers]
    print(f"20 peers told {time.monotonic() - began:.3f} s after the kill")
    assert {lost.code for lost in losses} == {"sfu_restarted"}
    waits = [lost.retry_in_ms for lost in losses if lost.retry_in_ms is not None]
    assert len(waits) == 20
    assert all(50 <= wait <= 250 for wait in waits)
    assert len(set(waits)) > 3  # spread
    assert stage.relay.peers() == []


async def test_a_restarted_node_heals_who_was_joining(stage: Stage) -> None:
    await until(stage.relay.healthy, "the first health check")
    await stage.sfu.kill()
    viewer, publisher = stage.open(name="v"), stage.open(Role.PUBLISHER, name="p")
    publisher.peer.offer(OFFER, {})
    # Down long enough for gRPC's own back-off to reach its cap.
    await until(lambda: viewer.peer._session._ends.reconnects >= 4, "four vain tries")
    await stage.sfu.start()
    began = time.monotonic()
    await publisher.hears(Answered)
    (await stage.stream("v")).say_offer(SFU_OFFER)
    await viewer.hears(Offered)
    print(f"joined {time.monotonic() - began:.3f} s after the restart")
    assert not viewer.told(Lost)


async def test_a_node_that_stays_down(sfu: ScriptedSfu) -> None:
    await sfu.kill()
    async with make_stage(sfu, join_timeout_secs=0.5) as stage:
        assert (await stage.open().hears(Lost)).code == "sfu_unavailable"
        assert not stage.relay.healthy()


async def test_health_goes_and_comes(sfu: ScriptedSfu) -> None:
    heard: list[bool] = []
    async with make_stage(sfu) as stage:
        stage.relay.on_health = heard.append
        assert not stage.relay.healthy()
        await until(stage.relay.healthy, "the first health check")
        await sfu.kill()
        await until(lambda: not stage.relay.healthy(), "the node to be down")
        (state,) = await stage.relay.node_states()
        assert (state.address, state.state) == (sfu.address, "down")
        assert "UNAVAILABLE" in state.last_error
        await sfu.start()
        await until(stage.relay.healthy, "the node to be back")
        assert heard == [True, False, True]
        (state,) = await stage.relay.node_states()
        assert (state.state, state.last_error) == ("ready", "")


async def test_a_quick_restart_is_not_news(stage: Stage) -> None:
    await until(stage.relay.healthy, "the first health check")
    heard: list[bool] = []
    stage.relay.on_health = heard.append
    await stage.sfu.kill()
    await stage.sfu.start()
    viewer = stage.open()
    await stage.stream("sess_1")
    assert stage.relay.healthy()
    assert heard == []
    assert viewer.peer.alive


async def test_a_hung_node_gives_its_peers_up(stage: Stage) -> None:
    """A stopped process gives no sign on gRPC: its health checks do."""
    await until(stage.relay.healthy, "the first health check")
    viewer = stage.open()
    await stage.stream("sess_1")
    stage.sfu.health_answers.clear()
    try:
        assert (await viewer.hears(Lost)).code == "sfu_restarted"
        assert not stage.relay.healthy()
    finally:
        stage.sfu.health_answers.set()


async def test_ions_write_race_is_healed_by_a_second_stream(stage: Stage) -> None:
    async def race_once(stream: ScriptedStream, request: rtc_pb2.Request) -> None:
        if stage.sfu.streams.index(stream) == 0:
            detail = "transport: the stream is done or WriteHeader was already called"
            stream.end(grpc.StatusCode.INTERNAL, detail)
        else:
            await answer_everything(stream, request)

    stage.sfu.replier = race_once
    publisher = stage.open(Role.PUBLISHER, name="p")
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    assert [stream.uid for stream in stage.sfu.streams] == ["p", "p~1"]


async def test_a_stream_that_ends_in_an_error_ends_its_peer_alone(stage: Stage) -> None:
    unlucky, lucky = stage.open(name="u"), stage.open(name="l")
    stream, other = await stage.stream("u"), await stage.stream("l")
    stream.say_offer(SFU_OFFER)
    await unlucky.hears(Offered)
    stream.end(grpc.StatusCode.UNKNOWN, "unable to start track, codec is not supported by remote")
    assert (await unlucky.hears(Lost)).code == "sfu_refused"
    other.say_offer(SFU_OFFER)
    await lucky.hears(Offered)
    assert lucky.peer.alive


async def test_an_sfu_that_does_not_read(stage: Stage) -> None:
    publisher = stage.open(Role.PUBLISHER)
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    for _ in range(250):  # all at once: the writer has no chance to run in between
        publisher.peer.candidate(CANDIDATE, Target.PUBLISHER)
    for _ in range(10):
        publisher.peer._send(rtc_pb2.Request())
    assert (await publisher.hears(Lost)).code == "sfu_timeout"
    assert not publisher.peer.alive


async def test_an_sfu_that_never_lets_go_is_cut_off_after_a_second(sfu: ScriptedSfu) -> None:
    async with make_stage(sfu, close_timeout_secs=0.2) as stage:
        viewer = stage.open()
        stream = await stage.stream("sess_1")
        sfu.reading.clear()  # it will not see the half-close
        viewer.peer.candidate(CANDIDATE, Target.SUBSCRIBER)
        began = time.monotonic()
        await viewer.peer.close()
        took = time.monotonic() - began
        assert 0.1 < took < 5
        await until(lambda: stream.over, "the stream to be cut off")
        sfu.reading.set()


async def test_rooms_move_to_another_node_when_theirs_dies() -> None:
    async with ScriptedSfu() as one, ScriptedSfu() as two:
        relay = Relay(
            RelayConfig(
                enabled=True,
                server_url="",
                mode="cluster",
                cluster_nodes=(one.address, two.address),
                health_interval_secs=0.1,
            )
        )
        stage = Stage(one, relay)
        try:
            await _all_ready(relay)
            rooms = [f"room_{n}" for n in range(4)]
            homes = {room: stage.open(room=room).peer.node for room in rooms}
            assert set(homes.values()) == {one.address, two.address}  # by turns
            mate = stage.open(room="room_0")
            assert mate.peer.node == homes["room_0"]  # a room is never split
            await until(lambda: len(one.streams) + len(two.streams) == 5, "the joins")
            await until(
                lambda: all(peer._session.phase.value == "joined" for peer in relay.peers()),
                "the join replies",
            )
            dead, living = (one, two) if homes["room_0"] == one.address else (two, one)
            await dead.kill()
            assert (await mate.hears(Lost)).code == "sfu_restarted"
            again = stage.open(room="room_0")
            await until(lambda: again.peer._session.phase.value == "joined", "the new join")
            assert again.peer.node == living.address == relay.placement(RoomId("room_0"))
        finally:
            await relay.aclose()
            await no_relay_tasks()


async def _all_ready(relay: Relay) -> None:
    pool = relay._pool
    assert pool is not None
    await until(lambda: all(node.state == "ready" for node in pool), "both nodes to be ready")


async def test_fifty_peers_come_and_go_and_leave_nothing(stage: Stage) -> None:
    for _ in range(5):
        browsers = [stage.open() for _ in range(10)]
        streams = [await stage.stream(browser.peer.session_id) for browser in browsers]
        await asyncio.gather(*(browser.peer.close() for browser in browsers))
        await until(lambda streams=streams: all(s.over for s in streams), "the streams to end")
    relay = stage.relay
    assert relay.peers() == []
    assert relay._rooms == relay._peer_nodes == relay._directory._publishers == {}
    assert relay.peer(SessionId("sess_1")) is None


async def test_tracks_of_a_dead_publisher_are_gone(stage: Stage) -> None:
    publisher, viewer = stage.open(Role.PUBLISHER, name="p"), stage.open(name="v")
    publisher.peer.offer(OFFER, {})
    await publisher.hears(Answered)
    stream = await stage.stream("p")
    stream.say_tracks("p", rtc_pb2.TrackInfo(id="a", streamId="s", kind="audio"))
    await viewer.hears(TracksChanged)
    stream.end(grpc.StatusCode.INTERNAL, "boom")
    assert (await viewer.hears(TracksChanged, 2)).tracks == ()
