"""When things break: WebSocket, SFU, app, publisher; and when somebody ends it on purpose."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import grpc
from django.utils import timezone

from live import actions, events
from live.actions.away import do_session_away
from live.housekeeper import bury_the_dead, look_after_rooms
from live.lifecycle import EndReason
from live.models import Broadcast, Participant, Room, SfuSession
from live.process import Process, close_process
from live.signalling.codes import CloseCode
from sfu_relay.proto import rtc_pb2
from tests.fakes.scripted_sfu import say_nothing, until
from tests.integration.signalling.conftest import (
    OFFER,
    SFU_OFFER,
    VIEWER_ANSWER,
    House,
    app_of,
    db,
    tracks_of_offer,
)


async def test_a_broken_websocket_comes_back_as_the_same_person(house: House) -> None:
    publisher, stream = await house.publishing()
    viewer = await house.connect()
    await publisher.leave(1006)
    await viewer.hears("room", state="interrupted")
    assert not stream.over, "the media go on for those who come back"
    again = await house.connect("publisher", house.owner, resume=publisher.welcome["resume"])
    assert again.welcome["resumed"] is True
    assert again.welcome["participant_id"] == publisher.welcome["participant_id"]
    assert again.welcome["sessions"] == [stream.uid]
    await viewer.hears("room", state="live", again=True)
    await again.send("offer", OFFER, session_id=stream.uid)  # renegotiates the same session
    assert (await again.hears("answer"))["session_id"] == stream.uid
    assert len(house.sfu.streams) == 1
    assert not [m for m in viewer.heard if m["type"] == "user_left"]


async def test_what_was_missed_is_heard_after_a_resume(house: House) -> None:
    viewer = await house.connect()
    await viewer.send("join", {})
    await viewer.sync()
    stream = house.sfu.streams[-1] if house.sfu.streams else None
    if stream is None:
        await until(lambda: house.sfu.streams, "the join")
        stream = house.sfu.streams[-1]
    await viewer.leave(1006)
    stream.say_offer(SFU_OFFER)
    session = next(iter(house.process.media.sessions.values()))
    await until(lambda: session.offer_id == 1, "the offer to be kept")
    again = await house.connect(resume=viewer.welcome["resume"])
    offer = await again.hears("offer")
    await again.send("answer", VIEWER_ANSWER, offer_id=offer["offer_id"])
    await until(lambda: "description" in stream.kinds(), "the answer")


async def test_a_session_is_not_kept_for_ever(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.media.service.RESUME_SECS", 0.2)
    publisher, stream = await house.publishing()
    await publisher.leave(1006)
    await until(lambda: stream.over, "the peer to be closed")
    await house.is_in_state("interrupted")


async def test_a_page_that_was_closed_takes_its_media_with_it(house: House) -> None:
    publisher, stream = await house.publishing()
    await publisher.leave(1001)
    await until(lambda: stream.over, "the peer to be closed at once")
    await house.is_in_state("interrupted")
    reloaded = await house.connect("publisher", house.owner, resume=publisher.welcome["resume"])
    assert reloaded.welcome["resumed"] is True and reloaded.welcome["sessions"] == []
    await house.publish(reloaded, rejoin=True)


async def test_a_resume_token_is_its_owners(house: House) -> None:
    publisher = await house.connect("publisher", house.owner)
    token = publisher.welcome["resume"]
    for browser in (
        await house.connect("subscriber", house.owner, resume=token),
        await house.connect("subscriber", house.stranger, resume=token),
        await house.connect("publisher", house.owner, resume=token[:-1] + "x"),
        await house.connect("publisher", house.owner, resume="\x00"),
    ):
        assert browser.welcome["resumed"] is False
        assert browser.welcome["participant_id"] != publisher.welcome["participant_id"]
    await publisher.sync()


async def test_the_same_participant_again_replaces_the_first(house: House) -> None:
    first = await house.connect(user=house.stranger)
    second = await house.connect(user=house.stranger, resume=first.welcome["resume"])
    assert second.welcome["resumed"] is True
    assert await first.is_closed() == CloseCode.REPLACED
    await second.sync()
    count = Participant.objects.filter(left_at__isnull=True).count
    assert await db(count)() == 1


async def test_the_sfu_restarts(house: House) -> None:
    publisher, _ = await house.publishing()
    viewer = await house.connect()
    await viewer.send("join", {})
    await viewer.sync()
    await house.sfu.kill()
    lost = (await publisher.hears("session_lost"))["payload"]
    assert lost["code"] == "sfu_restarted" and lost["retry_in_ms"] < 2000
    await house.is_in_state("interrupted")
    await house.sfu.start()
    await house.publish(publisher, rejoin=True)
    assert await house.state() == "live"


async def test_an_sfu_that_is_not_there(house: House, monkeypatch) -> None:
    viewer = await house.connect("publisher", house.owner)
    await house.sfu.kill()
    ladder = (await viewer.hears("playback"))["payload"]
    why = {way["way"]: way["reason"] for way in ladder["publish"]}
    assert why == {"webrtc": "sfu_unavailable", "rtmp": "rtmp_off"}
    await house.sfu.start()
    back = (await viewer.hears("playback", again=True))["payload"]
    assert back["publish"][0] == {
        "way": "webrtc",
        "available": True,
        "reason": None,
        "detail": None,
    }


async def test_an_sfu_that_refuses_or_is_silent(house: House, monkeypatch) -> None:
    async def refuse(stream: Any, request: Any) -> None:
        stream.end(grpc.StatusCode.INTERNAL, "no")

    house.sfu.replier = refuse
    publisher = await house.connect("publisher", house.owner)
    await publisher.send("offer", OFFER)
    assert (await publisher.hears("session_lost"))["payload"]["code"] == "sfu_refused"
    monkeypatch.setattr(
        house.process.media.relay,
        "config",
        _impatient(house.process.media.relay.config),
    )
    house.sfu.replier = say_nothing
    await publisher.send("offer", OFFER, rejoin=True)
    await publisher.hears("session_lost", code="sfu_timeout")


async def test_an_answer_that_never_comes(house: House, monkeypatch) -> None:
    relay = house.process.media.relay
    monkeypatch.setattr(relay, "config", _impatient(relay.config))
    viewer = await house.connect()
    await viewer.send("join", {})
    await until(lambda: house.sfu.streams, "the join")
    house.sfu.streams[-1].say_offer(SFU_OFFER)
    lost = await viewer.hears("session_lost", code="answer_timeout")
    assert lost["session_id"] == house.sfu.streams[-1].uid.partition("~")[0]


async def test_webrtc_switched_off(house: House) -> None:
    house.process.media.enabled = False
    viewer = await house.connect()
    await viewer.send("join", {})
    await viewer.error("sfu_unavailable")


async def test_ended_by_the_owner(house: House) -> None:
    publisher, stream = await house.publishing()
    viewer = await house.connect()
    await db(actions.do_end_broadcast)(house.room, EndReason.BY_OWNER)
    ended = (await viewer.hears("room", state="ended"))["payload"]
    assert ended["ended_reason"] == "by_owner"
    lost = (await publisher.hears("session_lost"))["payload"]
    assert (lost["code"], lost["retry_in_ms"]) == ("not_live", None)
    await until(lambda: stream.over, "the peer to be closed")
    await publisher.send("offer", OFFER, rejoin=True)
    await publisher.error("not_live")
    await house.publish(publisher)  # pressed "go live" again


async def test_grace_time_runs_out(house: House, settings: Any) -> None:
    settings.PUBLISHER_GRACE_SECS = 0.5
    publisher, _ = await house.publishing()
    viewer = await house.connect()
    await publisher.leave()
    assert (await viewer.hears("room", state="interrupted"))["payload"]["grace_until"]
    ended = (await viewer.hears("room", state="ended"))["payload"]
    assert ended["ended_reason"] == "publisher_left"


async def test_who_comes_back_just_in_time_is_not_cut_off(house: House, settings: Any) -> None:
    """The grace time runs out between the SFU's answer and the first packet."""
    settings.PUBLISHER_GRACE_SECS = 1.0
    publisher, _ = await house.publishing()
    await publisher.send("leave", {})
    await house.is_in_state("interrupted")
    await publisher.send("offer", OFFER)
    answer = await publisher.hears("answer", again=True)
    stream = await house.stream(answer["session_id"])
    until_secs = (await db(Room.objects.get)(pk=house.room.pk)).grace_until.timestamp()
    await until(lambda: time.time() > until_secs + 2.5, "two more rounds of the housekeeper")
    assert await house.state() == "interrupted"
    stream.say_tracks(stream.uid, *tracks_of_offer())
    await house.is_in_state("live")
    assert not stream.over
    assert await db(Broadcast.objects.filter(room=house.room).count)() == 1


async def test_a_broadcast_that_never_starts(house: House, settings: Any) -> None:
    settings.STARTING_TIMEOUT_SECS = 0.5
    publisher = await house.connect("publisher", house.owner)
    await publisher.send("offer", OFFER)
    ended = (await publisher.hears("room", state="ended"))["payload"]
    assert ended["ended_reason"] == "never_started"
    await publisher.hears("session_lost", code="not_live")


async def test_a_kick_reaches_the_process_that_has_the_session(
    house: House, other_process: Process
) -> None:
    elsewhere = await house.connect("publisher", house.owner, app=app_of(other_process))
    stream = await house.publish(elsewhere)
    await db(events.publish)(events.KickSession(house.room.room_id, stream.uid))
    lost = (await elsewhere.hears("session_lost"))["payload"]
    assert (lost["code"], lost["retry_in_ms"]) == ("kicked", None)
    await until(lambda: stream.over, "the peer to be closed")
    await house.is_in_state("interrupted")


async def test_a_ban_ends_connections_and_media(house: House, other_process: Process) -> None:
    publisher, stream = await house.publishing()
    elsewhere = await house.connect(app=app_of(other_process))
    await db(actions.do_ban_room)(house.room, house.owner, "spam")
    assert await publisher.is_closed() == CloseCode.BANNED
    assert await elsewhere.is_closed() == CloseCode.BANNED
    await until(lambda: stream.over, "the peer to be closed")


async def test_no_longer_allowed_to_publish(house: House) -> None:
    await db(actions.do_allow_publisher)(house.room, house.stranger, house.owner)
    guest = await house.connect("publisher", house.stranger)
    owner = await house.connect("publisher", house.owner)
    await db(actions.do_disallow_publisher)(house.room, house.stranger)
    assert await guest.is_closed() == CloseCode.FORBIDDEN
    await owner.sync()


async def test_two_processes_share_a_room(house: House, other_process: Process) -> None:
    publisher, _ = await house.publishing()
    elsewhere = await house.connect(user=house.stranger, app=app_of(other_process))
    assert elsewhere.welcome["room"]["state"] == "live"
    await elsewhere.send("chat", "hello over there")
    await publisher.hears("chat", text="hello over there")
    await publisher.send("like", {"count": 2})
    await elsewhere.hears("like", total=2)
    await publisher.hears("user_joined")
    await elsewhere.send("join", {})
    await until(lambda: len(house.sfu.streams) == 2, "the join")


async def test_what_another_process_publishes_is_told(house: House, other_process: Process) -> None:
    camera_stream = tracks_of_offer()[0].streamId
    sources = [{"stream_id": camera_stream, "source": "screen"}]
    _, stream = await house.publishing(tracks=sources)
    viewer = await house.connect(user=house.stranger, app=app_of(other_process))
    await viewer.send("join", {})
    await until(lambda: len(house.sfu.streams) == 2, "the join")
    seen_from = house.sfu.streams[1]
    seen_from.say_tracks(stream.uid, *tracks_of_offer())
    tracks = (await viewer.hears("tracks"))["payload"]["tracks"]
    assert {track["kind"] for track in tracks} == {"audio", "video"}
    assert {track["user"]["name"] for track in tracks} == {"Mei"}
    assert {(track["source"], track["via"]) for track in tracks} == {("screen", "webrtc")}
    seen_from.say_tracks("sess_of_nobody", *tracks_of_offer())
    removed = rtc_pb2.TrackEvent.REMOVE
    seen_from.say_tracks(stream.uid, *tracks_of_offer(), state=removed)
    assert (await viewer.hears("tracks", again=True))["payload"]["tracks"] == []


async def test_what_a_bridge_passes_on_is_the_owners(house: House) -> None:
    """Its session has a row, and no app process that could be asked."""
    session_id = "sess_of_bridge"
    await db(actions.do_open_session)(
        session_id, house.room, None, house.owner, "publisher", "", "bridge", "bridge"
    )
    viewer = await house.connect(user=house.stranger)
    await viewer.send("join", {})
    await until(lambda: len(house.sfu.streams) == 1, "the join")
    house.sfu.streams[0].say_tracks(session_id, *tracks_of_offer())
    tracks = (await viewer.hears("tracks"))["payload"]["tracks"]
    assert {track["kind"] for track in tracks} == {"audio", "video"}
    assert {
        (track["participant_id"], track["via"], track["source"], track["user"]["name"])
        for track in tracks
    } == {(None, "rtmp", "camera", "Mei")}


async def test_a_process_that_goes_away_says_so(house: House) -> None:
    viewer = await house.connect()
    await close_process()
    assert await viewer.is_closed() == CloseCode.RESTARTING


async def test_rows_of_a_dead_process_are_buried(house: House) -> None:
    """kill -9 of an app: its sessions and people are stale, the room waits, then ends."""

    def leave_behind(away: bool) -> None:
        person = actions.do_join_presence(house.room, house.owner, "publisher", "dead")
        session = "sess_dead" + "_away" * away
        actions.do_open_session(session, house.room, person, house.owner, "publisher", "", "dead")
        actions.do_session_connected(session)
        actions.do_media_started(house.room)
        if away:
            do_session_away(session)
        long_ago = timezone.now() - timedelta(seconds=30)
        Participant.objects.update(last_seen_at=long_ago)
        SfuSession.objects.update(last_seen_at=long_ago)

    def dig() -> tuple[int, int, str]:
        bury_the_dead()
        look_after_rooms()
        return (
            SfuSession.objects.filter(ended_at__isnull=True).count(),
            Participant.objects.filter(left_at__isnull=True).count(),
            Room.objects.get(pk=house.room.pk).state,
        )

    for away in (False, True):
        await db(leave_behind)(away)
        assert await db(dig)() == (0, 0, "interrupted")


async def test_the_living_are_not_buried(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.housekeeper.TICK_SECS", 0.05)
    monkeypatch.setattr("live.housekeeper.DEAD_AFTER_SECS", 4.5)
    publisher, _ = await house.publishing()
    viewer = await house.connect()
    deadline = asyncio.get_running_loop().time() + 5
    while asyncio.get_running_loop().time() < deadline:
        await publisher.sync()
        await viewer.sync()
        await asyncio.sleep(0.2)
    assert await house.state() == "live"
    assert await db(Participant.objects.filter(left_at__isnull=True).count)() == 2


async def test_the_housekeeper_survives_a_fault(house: House, monkeypatch) -> None:
    def broken() -> None:
        raise RuntimeError("for the test")

    monkeypatch.setattr("live.housekeeper.bury_the_dead", broken)
    await house.publishing()
    await db(SfuSession.objects.update)(state="closed", ended_at=timezone.now())
    await house.is_in_state("interrupted")


def _impatient(config: Any) -> Any:
    from dataclasses import replace

    return replace(config, join_timeout_secs=0.5, answer_timeout_secs=0.3)
