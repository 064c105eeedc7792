"""A publisher's page that receives without sending: whose owner sends by OBS or WebSocket."""

from __future__ import annotations

from live.access import viewers_now
from live.models import SfuSession
from tests.fakes.scripted_sfu import ScriptedStream, until
from tests.integration.signalling.conftest import (
    CANDIDATE,
    OFFER,
    SFU_OFFER,
    VIEWER_ANSWER,
    Browser,
    House,
    db,
)


async def _receiving(house: House, studio: Browser) -> ScriptedStream:
    """Joined, offered to, answered."""
    before = len(house.sfu.streams)
    await studio.send("join", {})
    await until(lambda: len(house.sfu.streams) > before, "the join")
    stream = house.sfu.streams[-1]
    stream.say_offer(SFU_OFFER)
    offer = await studio.hears("offer")
    await studio.send(
        "answer", VIEWER_ANSWER, session_id=offer["session_id"], offer_id=offer["offer_id"]
    )
    await until(lambda: "description" in stream.kinds(), "the answer")
    return stream


async def test_the_owner_receives_without_sending_and_counts_as_no_viewer(house: House) -> None:
    studio = await house.connect("publisher", house.owner)
    stream = await _receiving(house, studio)
    await studio.send("ice", CANDIDATE, session_id=stream.uid)
    await until(lambda: "trickle" in stream.kinds(), "the candidate")
    await house.process.media.journal.flush()
    row = await db(SfuSession.objects.get)(session_id=stream.uid)
    assert (row.state, row.role) == ("connected", "subscriber")
    assert await db(viewers_now)(house.room) == 0
    assert await house.state() == "idle"
    await studio.send("join", {})
    await studio.error("wrong_order")


async def test_it_begins_to_send_and_stops_beside_what_it_receives(house: House) -> None:
    studio = await house.connect("publisher", house.owner)
    received = await _receiving(house, studio)
    await studio.send("offer", OFFER)  # names no session, and is none of the one that receives
    answer = await studio.hears("answer")
    assert answer["session_id"] != received.uid
    sent = await house.stream(answer["session_id"])
    await studio.send("offer", OFFER, session_id=received.uid, ref="m7")
    await studio.error("wrong_order")
    await studio.send("leave", {}, target="publisher")
    await until(lambda: sent.over, "what is sent to end")
    assert not received.over
    await studio.send("leave", {}, target="subscriber")
    await until(lambda: received.over, "what is received to end")
    await studio.sync()
    assert studio.close_code is None


async def test_what_is_received_survives_a_new_sending_session(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.media.service.OVERLAP_SECS", 0.05)
    studio = await house.connect("publisher", house.owner)
    received = await _receiving(house, studio)
    await studio.send("offer", OFFER)
    first = await house.stream((await studio.hears("answer"))["session_id"])
    await studio.send("offer", OFFER, rejoin=True)
    await until(lambda: first.over, "the older of what is sent to be closed by itself")
    assert not received.over
