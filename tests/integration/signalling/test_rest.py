"""`sfu/session` by REST: opened, answered, closed, measured, whichever process is asked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from channels.testing import HttpCommunicator

from live import actions
from live.models import SfuSession, User
from live.process import Process
from microvibe.asgi import application
from tests.fakes.scripted_sfu import until
from tests.integration.signalling.conftest import (
    CANDIDATE,
    OFFER,
    SFU_OFFER,
    VIEWER_ANSWER,
    House,
    app_of,
    db,
    token_of,
    tracks_of_offer,
)

URL = "/api/v1/sfu/session"
FIELDS = {
    *("session_id", "room_id", "user_id", "role", "video_bitrate", "audio_bitrate"),
    *("packet_loss", "jitter", "round_trip_time"),
}


@dataclass
class Caller:
    user: User | None

    async def call(self, method: str, url: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
        if self.user is not None:
            headers.append((b"authorization", f"Bearer {token_of(self.user)}".encode()))
        text = b"" if body is None else json.dumps(body).encode()
        headers.append((b"content-length", str(len(text)).encode()))
        request = HttpCommunicator(application, method.upper(), url, text, headers)
        response = await request.get_response(timeout=20)
        await request.wait(10)
        return response["status"], json.loads(response["body"])

    async def open(self, house: House, **fields: Any) -> tuple[int, dict[str, Any]]:
        body = {
            "session_id": "session-123",
            "room_id": house.room.room_id,
            "user_id": self.user.pk if self.user else 1,
            "role": "publisher",
            "sdp": OFFER,
        } | fields
        return await self.call("post", URL, {k: v for k, v in body.items() if v is not None})


@pytest.fixture
def owner(house: House) -> Caller:
    return Caller(house.owner)


async def test_a_room_published_by_rest_has_bitrates(house: House, owner: Caller) -> None:
    await owner.open(house)
    row = await db(SfuSession.objects.get)(user=house.owner)
    stream = await house.stream(row.session_id)
    stream.say_tracks(stream.uid, *tracks_of_offer())
    await house.is_in_state("live")
    await house.process.media.measure()
    await house.process.media.journal.flush()
    _, stats = await owner.call("get", f"/api/v1/live/{house.room.room_id}/stats")
    _, session = await owner.call("get", f"{URL}/session-123/stats")
    assert stats["data"]["video_bitrate"] == session["data"]["video_bitrate"] > 0
    await owner.call("delete", f"{URL}/session-123")
    _, session = await owner.call("get", f"{URL}/session-123/stats")
    assert session["data"]["video_bitrate"] == 0


@pytest.fixture
def stranger(house: House) -> Caller:
    return Caller(house.stranger)


async def test_publish_as_in_the_first_design(house: House, owner: Caller) -> None:
    status, answer = await owner.open(house)
    assert (status, answer["code"], answer["message"]) == (200, 0, "success")
    assert answer["data"] == {
        "session_id": "session-123",
        "sdp": "answer to join",
        "type": "answer",
    }
    stream = house.sfu.streams[0]
    stream.say_tracks(stream.uid, *_one_track())
    await house.is_in_state("live")
    status, stats = await owner.call("get", f"{URL}/session-123/stats")
    assert status == 200 and set(stats["data"]) == FIELDS
    assert stats["data"] | {"jitter": 0} == {
        "session_id": "session-123",
        "room_id": house.room.room_id,
        "user_id": house.owner.pk,
        "role": "publisher",
        "video_bitrate": 1_500_000,
        "audio_bitrate": 0,
        "packet_loss": 0.0,
        "jitter": 0,
        "round_trip_time": 0.0,
    }
    status, closed = await owner.call("delete", f"{URL}/session-123")
    assert (status, closed["code"]) == (200, 0)
    await until(lambda: stream.over, "the stream to end")
    await house.is_in_state("interrupted")
    assert (await owner.call("delete", f"{URL}/session-123"))[0] == 200
    assert (await owner.open(house))[0] == 200, "the name is free again"


async def test_candidates_that_trickle_are_put_into_the_sdp(house: House, owner: Caller) -> None:
    from sfu_relay.proto import rtc_pb2

    async def trickle(stream: Any, request: Any) -> None:
        if request.WhichOneof("payload") != "join":
            return
        init = json.dumps(CANDIDATE)
        stream.say(trickle=rtc_pb2.Trickle(target=rtc_pb2.PUBLISHER, init=init))
        description = rtc_pb2.SessionDescription(type="answer", sdp="v=0\r\nm=audio 9 X 0\r\n")
        stream.say(join=rtc_pb2.JoinReply(success=True, description=description))
        stream.say(trickle=rtc_pb2.Trickle(target=rtc_pb2.PUBLISHER, init=init))

    house.sfu.replier = trickle
    _, answer = await owner.open(house)
    assert answer["data"]["sdp"].count(f"a={CANDIDATE['candidate']}") == 1


async def offer_at_once(stream: Any, request: Any) -> None:
    from tests.fakes.scripted_sfu import answer_everything

    await answer_everything(stream, request)
    if request.WhichOneof("payload") == "join":
        stream.say_offer(SFU_OFFER)


@pytest.mark.parametrize("who", ["stranger", "owner"])
async def test_a_room_that_becomes_private_sends_strangers_away(house: House, who: str) -> None:
    house.sfu.replier = offer_at_once
    caller = Caller(getattr(house, who))
    assert (await caller.open(house, role="subscriber", sdp=None))[0] == 200
    stream = house.sfu.streams[0]
    await db(actions.do_update_room)(house.room, visibility="private")
    if who == "stranger":
        await until(lambda: stream.over, "the stranger's session to be closed")
    else:
        row = await db(SfuSession.objects.get)(user=house.owner)
        before = row.last_seen_at
        await until_seen_after(before)
        assert not stream.over


async def until_seen_after(before: datetime) -> None:
    """The housekeeper has been round once more."""

    async def later() -> bool:
        return bool(await db(SfuSession.objects.filter(last_seen_at__gt=before).exists)())

    deadline = asyncio.get_running_loop().time() + 20
    while not await later():
        assert asyncio.get_running_loop().time() < deadline, "the housekeeper does nothing"
        await asyncio.sleep(0.05)


async def test_watch_in_two_steps(house: House, stranger: Caller) -> None:
    house.sfu.replier = offer_at_once
    status, opened = await stranger.open(house, role="subscriber", sdp=None)
    assert status == 200 and opened["data"]["type"] == "offer"
    assert opened["data"]["sdp"].startswith(SFU_OFFER[:40])
    url = f"{URL}/session-123/answer"
    assert (await stranger.call("post", url, {"sdp": VIEWER_ANSWER}))[0] == 200
    await until(lambda: "description" in house.sfu.streams[0].kinds(), "the answer")


async def test_rights(house: House, owner: Caller, stranger: Caller) -> None:
    assert (await owner.open(house))[0] == 200
    mine = (await db(SfuSession.objects.get)()).session_id
    for caller, fields, status, code in (
        (Caller(None), {}, 401, "unauthenticated"),
        (stranger, {}, 403, "forbidden"),
        (owner, {"user_id": house.stranger.pk, "session_id": "b"}, 403, "forbidden"),
        (owner, {"room_id": "room_nothere", "session_id": "b"}, 404, "room_not_found"),
        (owner, {}, 409, "session_exists"),
        (owner, {"sdp": None, "session_id": "b"}, 400, "bad_sdp"),
        (owner, {"sdp": "garbage", "session_id": "b"}, 400, "bad_sdp"),
        (owner, {"role": "king"}, 400, "invalid"),
        (owner, {"session_id": "u1.x"}, 400, "invalid"),
    ):
        got, answer = await caller.open(house, **fields)
        assert (got, answer["code"]) == (status, code), fields
    for method, path in (("get", "/stats"), ("delete", ""), ("post", "/answer")):
        for name in (mine, "session-123", "sess_nothere"):
            got, answer = await stranger.call(method, f"{URL}/{name}{path}", {"sdp": "x"})
            assert (got, answer["code"]) == (404, "session_not_found"), (method, name)
    assert not house.sfu.streams[0].over
    # A namesake is another session, and closing it leaves the first alone.
    await db(actions.do_allow_publisher)(house.room, house.stranger, house.owner)
    assert (await stranger.open(house))[0] == 200
    assert (await stranger.call("delete", f"{URL}/session-123"))[0] == 200
    await until(lambda: house.sfu.streams[-1].over, "the namesake to end")
    assert not house.sfu.streams[0].over


async def test_an_owner_closes_a_session_of_a_browser(house: House, owner: Caller) -> None:
    viewer = await house.connect(user=house.stranger)
    await viewer.send("join", {})
    await viewer.sync()
    await house.process.media.journal.flush()
    row = await db(SfuSession.objects.get)()
    assert (await owner.call("get", f"{URL}/{row.session_id}/stats"))[0] == 200
    assert (await owner.call("delete", f"{URL}/{row.session_id}"))[0] == 200
    assert (await viewer.hears("session_lost"))["session_id"] == row.session_id


async def test_another_process_has_the_session(
    house: House, owner: Caller, other_process: Process
) -> None:
    elsewhere = await house.connect("publisher", house.owner, app=app_of(other_process))
    stream = await house.publish(elsewhere)
    status, stats = await owner.call("get", f"{URL}/{stream.uid}/stats")
    assert (status, stats["data"]["video_bitrate"]) == (200, 1_500_000)
    assert (await owner.call("delete", f"{URL}/{stream.uid}"))[0] == 200
    await until(lambda: stream.over, "the stream in the other process to end")


async def test_the_process_of_a_session_is_dead(house: House, owner: Caller, monkeypatch) -> None:
    monkeypatch.setattr("live.media.remote.TIMEOUT_SECS", 0.2)

    def leave_behind() -> None:
        actions.do_open_session(
            "sess_orphan", house.room, None, house.owner, "publisher", "", "dead"
        )
        actions.do_report_session("sess_orphan", {"video_bitrate": 5, "jitter": 5.5})

    await db(leave_behind)()
    status, stats = await owner.call("get", f"{URL}/sess_orphan/stats")
    assert (status, stats["data"]["video_bitrate"], stats["data"]["jitter"]) == (200, 5, 5.5)
    assert (await owner.call("delete", f"{URL}/sess_orphan"))[0] == 200
    assert (await db(SfuSession.objects.get)(session_id="sess_orphan")).ended_at is not None


async def test_rooms_without_webrtc_and_rooms_with_nothing_to_offer(
    house: House, owner: Caller, monkeypatch
) -> None:
    monkeypatch.setattr("live.media.rest.OFFER_SECS", 0.2)
    status, answer = await owner.open(house, role="subscriber", sdp=None)
    assert (status, answer["code"]) == (409, "not_live")
    await until(lambda: not house.process.media.sessions, "the session to be closed")
    await db(actions.do_update_room)(house.room, streaming_mode="rtmp")
    status, answer = await owner.open(house, session_id="b")
    assert (status, answer["code"]) == (409, "room_not_webrtc")


async def test_four_are_enough(house: House, owner: Caller) -> None:
    for number in range(4):
        assert (await owner.open(house, session_id=f"s{number}"))[0] == 200
    status, answer = await owner.open(house, session_id="s5")
    assert (status, answer["code"]) == (429, "too_many_sessions")


async def test_an_sfu_that_refuses(house: House, owner: Caller) -> None:
    import grpc

    async def refuse(stream: Any, request: Any) -> None:
        stream.end(grpc.StatusCode.INTERNAL, "no")

    house.sfu.replier = refuse
    status, answer = await owner.open(house)
    assert (status, answer["code"]) == (503, "sfu_refused")
    assert await house.state() == "idle"


def _one_track() -> list[Any]:
    from tests.integration.signalling.conftest import tracks_of_offer

    return tracks_of_offer()[:1]


async def test_the_end_of_a_broadcast_reaches_a_session_without_a_websocket(
    house: House, owner: Caller
) -> None:
    assert (await owner.open(house))[0] == 200
    stream = house.sfu.streams[0]
    stream.say_tracks(stream.uid, *_one_track())
    await house.is_in_state("live")
    await db(actions.do_end_broadcast)(house.room, "by_owner")
    await until(lambda: stream.over, "the stream to end")
