"""What happens to messages that can't be carried out; the connection lives until it goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from live import actions
from live.models import User
from live.signalling import handlers, schema
from live.signalling.codes import CloseCode, ErrorCode
from tests.fakes.captured_sdp import with_line_replaced
from tests.fakes.scripted_sfu import say_nothing, until
from tests.integration.signalling.conftest import (
    CANDIDATE,
    OFFER,
    SFU_OFFER,
    VIEWER_ANSWER,
    House,
    db,
)

SENDING_ANSWER = with_line_replaced(VIEWER_ANSWER, "a=recvonly", "a=sendrecv")


@pytest.mark.parametrize(
    ("role", "text", "code"),
    [
        ("subscriber", "{", "bad_json"),
        ("subscriber", "[]", "bad_json"),
        ("subscriber", '{"type":"chat","payload":3}', "bad_message"),
        ("subscriber", '{"type":"dance"}', "unknown_type"),
        ("subscriber", '{"type":"like","room_id":"room_other"}', "wrong_room"),
        ("subscriber", '{"type":"offer","payload":"v=0"}', "wrong_role"),
        ("publisher", '{"type":"leave","target":"both"}', "bad_message"),
        ("publisher", '{"type":"answer","payload":"v=0"}', "wrong_order"),
        ("publisher", '{"type":"ice","payload":null}', "wrong_order"),
        ("subscriber", '{"type":"layer","payload":{"stream_id":"s","layer":"f"}}', "wrong_order"),
        ("publisher", '{"type":"offer","payload":""}', "bad_sdp"),
        ("publisher", '{"type":"offer","payload":"garbage"}', "bad_sdp"),
        ("subscriber", '{"type":"ice","payload":{"candidate":7}}', "bad_candidate"),
        ("subscriber", '{"type":"chat","payload":"hi"}', "unauthenticated"),
        ("subscriber", '{"type":"gift","payload":{"gift":"rose"}}', "unauthenticated"),
        ("publisher", '{"type":"chat","payload":"  "}', "chat_empty"),
        ("publisher", '{"type":"chat","payload":"' + "x" * 501 + '"}', "chat_too_long"),
        ("publisher", '{"type":"gift","payload":{"gift":"moon"}}', "unknown_gift"),
        ("publisher", '{"type":"gift","payload":{"gift":"rose"}}', "not_live"),
    ],
)
async def test_one_error_and_the_connection_lives(
    house: House, role: str, text: str, code: str
) -> None:
    browser = await house.connect(role, house.owner if role == "publisher" else None)
    await browser.send_text(text)
    said = await browser.error(code)
    assert said["message"] and said["message"] != code
    await browser.sync()


async def test_ref_and_about_come_back(house: House) -> None:
    browser = await house.connect()
    await browser.send("chat", "hi", ref="m12")
    error = await browser.hears("error")
    assert (error["ref"], error["payload"]["about"]) == ("m12", "chat")


async def test_media_in_the_wrong_order(house: House) -> None:
    viewer = await house.connect()
    await viewer.send("join", {})
    await viewer.send("join", {})
    await viewer.error("wrong_order")
    await viewer.send("answer", VIEWER_ANSWER)  # no offer yet
    await viewer.hears("error", about="answer")
    await until(lambda: house.sfu.streams, "the join")
    stream = house.sfu.streams[-1]
    stream.say_offer(SFU_OFFER)
    await viewer.hears("offer")
    await viewer.send("answer", SENDING_ANSWER)
    await viewer.error("sends_media")
    await viewer.send("ice", CANDIDATE | {"candidate": "candidate:1 1 udp 1 host.name 5 typ host"})
    await viewer.error("bad_candidate")
    await viewer.send("answer", VIEWER_ANSWER)
    await until(lambda: "description" in stream.kinds(), "the good answer")
    await viewer.send("layer", {"stream_id": "nobody", "layer": "f"})
    await viewer.error("unknown_stream")
    assert stream.kinds() == ["join", "description"]


async def test_nothing_of_a_bad_offer_reaches_the_sfu_or_the_room(house: House) -> None:
    publisher = await house.connect("publisher", house.owner)
    odd = OFFER.replace("H264", "H269").replace("VP", "XX").replace("AV1", "AX1")
    await publisher.send("offer", odd, ref="m7")
    error = await publisher.hears("error", about="offer")
    assert error["ref"] == "m7"
    assert error["payload"]["code"] in ("no_common_codec", "bad_sdp")
    await publisher.sync()
    assert house.sfu.streams == [] and house.process.media.sessions == {}
    assert await house.state() == "idle"


async def test_a_third_offer_must_wait(house: House) -> None:
    house.sfu.replier = say_nothing
    publisher = await house.connect("publisher", house.owner)
    for _ in range(3):
        await publisher.send("offer", OFFER)
    await publisher.error("busy")


async def test_four_sessions_are_enough(house: House) -> None:
    viewer = await house.connect()
    for rejoin in (False, True, True, True):
        await viewer.send("join", {"rejoin": rejoin})
    await viewer.sync()
    assert not [m for m in viewer.heard if m["type"] == "error"]
    await viewer.send("join", {"rejoin": True})
    await viewer.error("too_many_sessions")


async def test_an_rtmp_room_has_no_webrtc(house: House) -> None:
    await db(actions.do_update_room)(house.room, streaming_mode="rtmp")
    publisher = await house.connect("publisher", house.owner)
    await publisher.send("offer", OFFER)
    await publisher.error("room_not_webrtc")
    viewer = await house.connect()
    await viewer.send("join", {})
    await viewer.error("room_not_webrtc")


async def test_chat_is_limited(house: House) -> None:
    browser = await house.connect("publisher", house.owner)
    for number in range(20):  # a slow machine gets one more each second
        await browser.send("chat", f"line {number}")
    error = await browser.error("rate_limited")
    assert 0 < error["data"]["retry_in_ms"] <= 1001
    await browser.hears("chat", text="line 4")


async def test_a_banned_person_is_told_and_closed(house: House) -> None:
    browser = await house.connect(user=house.stranger)
    await db(actions.do_ban_user)(house.stranger, house.owner, "spam")
    assert await browser.is_closed() == CloseCode.BANNED


async def test_a_ban_that_is_not_heard_of_yet_holds(house: House) -> None:
    browser = await house.connect(user=house.stranger)
    await db(User.objects.filter(pk=house.stranger.pk).update)(banned_at=timezone.now())
    await browser.send("chat", "hi")
    await browser.error("banned")


async def test_a_fault_of_ours_does_not_end_the_connection(house: House, monkeypatch) -> None:
    async def broken(*args: Any) -> None:
        raise RuntimeError("for the test")

    monkeypatch.setitem(handlers.HANDLERS, schema.Like, broken)
    browser = await house.connect()
    await browser.send("like", {})
    await browser.error("internal")
    await browser.sync()


async def test_twenty_errors_close(house: House) -> None:
    browser = await house.connect()
    for _ in range(20):
        await browser.send_text("nonsense")
    assert await browser.is_closed() == CloseCode.PROTOCOL_ABUSE
    assert sum(m["type"] == "error" for m in browser.heard) == 20


async def test_a_frame_over_64_kib_closes(house: House) -> None:
    browser = await house.connect()
    await browser.send("ping", "x" * 60)
    await browser.hears("pong")
    await browser.send("offer", "x" * 64 * 1024)
    assert await browser.is_closed() == CloseCode.TOO_BIG


async def test_a_flood_is_dropped_then_closed(house: House) -> None:
    browser = await house.connect()
    for number in range(600):
        await browser.send("ping", number)
    assert await browser.is_closed() == CloseCode.TOO_MANY
    assert sum(m["type"] == "pong" for m in browser.heard) < 200
    assert any(
        m["payload"]["code"] == "rate_limited" for m in browser.heard if m["type"] == "error"
    )


async def test_silence_for_a_minute_closes(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.signalling.hub.IDLE_SECS", 0.5)
    talking, silent = await house.connect(), await house.connect()
    closed = asyncio.ensure_future(silent.is_closed())
    while not closed.done():
        await talking.sync()
        await asyncio.wait({closed}, timeout=0.1)
    assert closed.result() == CloseCode.IDLE
    await talking.sync()


async def test_a_client_that_reads_too_slowly_is_closed(house: House, monkeypatch) -> None:
    monkeypatch.setattr("live.signalling.connection.QUEUED_MESSAGES", 5)
    browser = await house.connect()
    connection = house.process.hub.connections()[0]
    for number in range(7):  # in one go: its writer has no chance to run
        connection.send("pong", number)
    assert await browser.is_closed() == CloseCode.TOO_MANY


def test_every_error_code_is_tested_or_comes_from_the_sfu() -> None:
    folder = Path(__file__).parent
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    missing = [code for code in ErrorCode if f'"{code}"' not in tests]
    assert missing == []
