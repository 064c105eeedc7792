"""Offers, answers and candidates between browsers and the SFU."""

from __future__ import annotations

import json

from live.models import SfuSession
from tests.fakes.scripted_sfu import until
from tests.integration.signalling.conftest import (
    CANDIDATE,
    OFFER,
    SFU_OFFER,
    VIEWER_ANSWER,
    House,
    db,
)


async def test_the_snippet_of_the_first_design_publishes(house: House) -> None:
    """As printed: offer as a bare string, ice without room_id, answer and ice read by type."""
    browser = await house.connect("publisher", house.owner, user_id=house.owner.pk)
    await browser.send_text(
        json.dumps({"type": "offer", "room_id": house.room.room_id, "payload": OFFER})
    )
    await browser.send_text(json.dumps({"type": "ice", "payload": CANDIDATE}))
    answer = await browser.hears("answer")
    assert answer["payload"] == "answer to join"
    stream = await house.stream(answer["session_id"])
    await until(lambda: "trickle" in stream.kinds(), "the candidate")
    assert stream.kinds()[:2] == ["join", "trickle"]
    assert stream.received[0].join.sid == house.room.room_id
    stream.say_tracks(stream.uid)
    await house.is_in_state("starting")


async def test_a_room_goes_live_with_the_first_packet(house: House) -> None:
    viewer = await house.connect()
    publisher, stream = await house.publishing()
    assert (await viewer.hears("room", state="live"))["payload"]["broadcast"]
    assert (await viewer.hears("playback"))["payload"]["rungs"][0]["available"] is True
    tracks = (await publisher.hears("tracks"))["payload"]["tracks"]
    assert {t["kind"] for t in tracks} == {"audio", "video"}
    assert {t["session_id"] for t in tracks} == {stream.uid}
    assert {t["participant_id"] for t in tracks} == {publisher.welcome["participant_id"]}
    assert tracks[0]["user"] == {"id": house.owner.pk, "name": "Mei"}


async def test_a_viewer_only_answers(house: House) -> None:
    viewer = await house.connect()
    await viewer.send("join", {})
    await until(lambda: house.sfu.streams, "the join")
    stream = house.sfu.streams[-1]
    stream.say_offer(SFU_OFFER)
    offer = await viewer.hears("offer")
    assert offer["payload"] == SFU_OFFER and offer["target"] == "subscriber"
    await viewer.send(
        "answer", VIEWER_ANSWER, session_id=offer["session_id"], offer_id=offer["offer_id"]
    )
    await until(lambda: "description" in stream.kinds(), "the answer")
    await viewer.send("ice", CANDIDATE)
    await until(lambda: "trickle" in stream.kinds(), "the candidate")
    await house.process.media.journal.flush()
    row = await db(SfuSession.objects.get)(session_id=offer["session_id"])
    assert (row.state, row.role) == ("connected", "subscriber")


async def test_rejoin_makes_before_it_breaks(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.media.service.OVERLAP_SECS", 0.2)
    viewer = await house.connect()
    await viewer.send("join", {})
    await until(lambda: len(house.sfu.streams) == 1, "the first join")
    first = house.sfu.streams[0]
    first.say_offer(SFU_OFFER)
    await viewer.hears("offer")
    await viewer.send("answer", VIEWER_ANSWER)
    await viewer.send("join", {"rejoin": True})
    await until(lambda: len(house.sfu.streams) == 2, "the second join")
    second = house.sfu.streams[1]
    assert not first.over
    second.say_offer(SFU_OFFER)
    offer = await viewer.hears("offer", again=True)
    assert offer["session_id"] == second.uid
    assert not first.over
    await viewer.send("answer", VIEWER_ANSWER, session_id=second.uid, offer_id=1)
    await until(lambda: first.over, "the old session to be closed by itself")
    assert not second.over


async def test_leave_ends_a_session_and_not_the_websocket(house: House) -> None:
    publisher, stream = await house.publishing()
    await publisher.send("leave", {}, session_id=stream.uid)
    await until(lambda: stream.over, "the stream to end")
    await publisher.hears("room", state="interrupted")
    await publisher.send("leave", {})
    await publisher.sync()
    assert publisher.close_code is None


async def test_layers_and_reports(house: House) -> None:
    _, publishing = await house.publishing()
    viewer = await house.connect()
    await viewer.send("join", {})
    stream = await _answered(house, viewer)
    streams = (await viewer.hears("tracks"))["payload"]["tracks"]
    await viewer.send("layer", {"stream_id": streams[0]["stream_id"], "layer": "q"})
    await until(lambda: "subscription" in stream.kinds(), "the layer")
    await viewer.send("report", {"rung": "webrtc", "video_bitrate": 7, "packet_loss": 9})
    await viewer.sync()
    await house.process.media.journal.flush()
    row = await db(SfuSession.objects.select_related("participant").get)(session_id=stream.uid)
    assert (row.video_bitrate, row.packet_loss) == (7, 1.0)
    assert row.participant.rung == "webrtc"
    assert publishing.uid != stream.uid


async def test_what_plays_over_http_is_no_figure_of_a_waiting_session(house: House) -> None:
    await house.publishing()
    viewer = await house.connect()
    await viewer.send("join", {})
    stream = await _answered(house, viewer)
    await viewer.send("report", {"rung": "flv", "video_bitrate": 7})
    await viewer.sync()
    await house.process.media.journal.flush()
    row = await db(SfuSession.objects.select_related("participant").get)(session_id=stream.uid)
    assert row.video_bitrate != 7
    assert row.participant.rung == "flv"


async def test_five_joins_and_leaves_leave_nothing(house: House) -> None:
    viewer = await house.connect()
    for _ in range(5):
        await viewer.send("join", {})
        await viewer.sync()
        await viewer.send("leave", {})
        await viewer.sync()
    await until(lambda: not house.process.media.relay.peers(), "the peers to be gone")
    assert house.process.media.sessions == {}
    await house.process.media.journal.flush()
    assert await db(SfuSession.objects.filter(ended_at__isnull=True).count)() == 0


async def _answered(house: House, viewer):
    known = len(house.sfu.streams)
    await until(lambda: len(house.sfu.streams) >= known, "the join")
    await viewer.sync()
    stream = await house.stream(
        house.process.media.sessions_of(viewer.welcome["participant_id"])[-1].session_id
    )
    stream.say_offer(SFU_OFFER)
    offer = await viewer.hears("offer")
    await viewer.send("answer", VIEWER_ANSWER, offer_id=offer["offer_id"])
    await until(lambda: "description" in stream.kinds(), "the answer")
    return stream
