"""WHIP and WHEP over HTTP: who may, what is answered, and which process ends what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.utils import timezone

from live import actions
from live.actions.guests import do_move_guest
from live.api.codes import status_of
from live.guest_states import GuestVerb
from live.media import Person
from live.media.rest import open_by_rest
from live.models import Room, SfuSession, User
from live.process import Process
from microvibe.asgi import application
from sfu_relay.events import Role
from sfu_relay.proto import rtc_pb2
from tests.fakes.scripted_sfu import until
from tests.fakes.whip_offers import OBS_30, as_sent
from tests.integration.live.make import make_room
from tests.integration.signalling.conftest import OFFER, House, db, token_of, tracks_of_offer

ENCODER = as_sent(OBS_30)
PLAYER = OFFER.replace("a=sendonly", "a=recvonly")
UFRAG = "nxcM"
CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"
FRAGMENT = f"a=ice-ufrag:{UFRAG}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na={CANDIDATE}\r\n"
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"


@dataclass
class Told:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


async def ask(
    method: str,
    path: str,
    body: str = "",
    bearer: str = "",
    kind: str = "application/sdp",
    **more: str,
) -> Told:
    headers = {"host": "testserver", "content-type": kind, "content-length": str(len(body))}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    if bearer:
        headers["authorization"] = f"Bearer {bearer}"
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = HttpCommunicator(application, method, path, body.encode(), raw)
    response = await request.get_response(timeout=20)
    await request.wait(10)
    told = {name.decode().lower(): value.decode() for name, value in response["headers"]}
    return Told(response["status"], told, response["body"].decode())


@pytest.fixture
async def key(house: House) -> str:
    return str(await db(actions.do_rotate_key)(house.room))


async def change(room: Room, **fields: Any) -> None:
    await db(Room.objects.filter(pk=room.pk).update)(**fields)


async def row_of(told: Told) -> SfuSession:
    session_id = told.headers["location"].split("/")[-1].split(".")[0]
    found: SfuSession = await db(SfuSession.objects.select_related("user").get)(
        session_id=session_id
    )
    return found


async def ended(session_id: str) -> bool:
    row = await db(SfuSession.objects.get)(session_id=session_id)
    return row.ended_at is not None


async def test_an_encoder_comes_trickles_and_goes(house: House, key: str, settings: Any) -> None:
    settings.WEBRTC_ICE_SERVERS = [{"urls": "stun:stun.example.org:3478"}]
    told = await ask("POST", f"/whip/{house.room.room_id}", ENCODER, key)
    assert (told.status, told.headers["content-type"]) == (201, "application/sdp")
    assert told.headers["link"] == '<stun:stun.example.org:3478>; rel="ice-server"'
    assert told.headers["accept-patch"] == FRAGMENT_TYPE
    assert "set-cookie" not in told.headers
    row = await row_of(told)
    assert (row.via, row.user, row.role) == ("whip", house.owner, "publisher")
    stream = await house.stream(row.session_id)
    stream.say_tracks(stream.uid, *tracks_of_offer())
    await house.is_in_state("live")

    place, tag = told.headers["location"], told.headers["etag"]
    patch = {"kind": FRAGMENT_TYPE}
    assert (await ask("PATCH", place, FRAGMENT, **patch, if_match=tag)).status == 204
    await until(lambda: any(r.HasField("trickle") for r in stream.received), "the candidate")
    for refused, status, code in (
        (await ask("PATCH", place, FRAGMENT, **patch, if_match='"x"'), 412, "etag_mismatch"),
        (await ask("PATCH", place, FRAGMENT, **patch, if_match="*"), 422, "ice_restart"),
        (await ask("PATCH", place, FRAGMENT.replace(UFRAG, "anew"), **patch), 422, "ice_restart"),
        (await ask("PATCH", place, "junk", **patch), 400, "bad_fragment"),
        (await ask("PATCH", place, FRAGMENT), 415, "unsupported_media_type"),
        (await ask("DELETE", place[:-1] + ("0" if place[-1] != "0" else "1")), 404, ""),
        (await ask("DELETE", place.replace("/whip/", "/whep/")), 404, ""),
    ):
        assert (refused.status, refused.code) == (status, code or "session_not_found")

    assert (await ask("DELETE", place)).status == 200  # without the key: the address is the proof
    await house.is_in_state("interrupted")
    assert (await ask("DELETE", place)).code == "session_not_found"


async def test_who_may_publish(house: House, key: str) -> None:
    room_id, other = house.room.room_id, await db(make_room)(house.stranger)
    assert (await ask("POST", "/whip", ENCODER, key)).status == 201  # the key says which room
    owner, stranger = token_of(house.owner), token_of(house.stranger)
    assert (await ask("POST", f"/whip/{room_id}", ENCODER, owner)).status == 201
    for told, status, code in (
        (await ask("POST", f"/whip/{room_id}", ENCODER), 401, "unauthenticated"),
        (await ask("POST", f"/whip/{room_id}", ENCODER, "wrong"), 401, "token_invalid"),
        (await ask("POST", f"/whip/{room_id}", ENCODER, "a.b.c"), 401, "token_invalid"),
        (await ask("POST", f"/whip/{other.room_id}", ENCODER, key), 401, "token_invalid"),
        (await ask("POST", f"/whip/{room_id}", ENCODER, stranger), 403, "forbidden"),
        (await ask("POST", "/whip", ENCODER, owner), 404, "room_not_found"),
    ):
        assert (told.status, told.code) == (status, code)
    await db(actions.do_allow_publisher)(house.room, house.stranger)
    assert (await ask("POST", f"/whip/{room_id}", ENCODER, stranger)).status == 201


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"streaming_mode": "rtmp"}, "room_not_webrtc"),
        ({"state": "banned"}, "banned"),
        ({"state": "ended", "ended_reason": "by_owner"}, "just_ended"),
    ],
)
async def test_rooms_that_take_nobody(house: House, key: str, fields: Any, code: str) -> None:
    await change(house.room, state_changed_at=timezone.now(), **fields)
    told = await ask("POST", "/whip", ENCODER, key)
    assert told.code == code
    assert told.status == {"just_ended": 409}.get(code, status_of(code))
    if code == "just_ended":
        assert int(told.headers["retry-after"]) > 0
        await change(house.room, state_changed_at=timezone.now() - timedelta(hours=1))
        assert (await ask("POST", "/whip", ENCODER, key)).status == 201


async def test_a_banned_owner(house: House, key: str) -> None:
    await db(User.objects.filter(pk=house.owner.pk).update)(banned_at=timezone.now())
    assert (await ask("POST", "/whip", ENCODER, key)).code == "banned"


async def test_guesses_are_counted_and_one_old_key_is_not(
    house: House, key: str, settings: Any
) -> None:
    settings.TRIES = {**settings.TRIES, "wrong_key_by_address": "3/day"}
    for _ in range(6):  # an encoder with a key of yesterday
        assert (await ask("POST", "/whip", ENCODER, "yesterday")).code == "token_invalid"
    for guess in range(2):
        assert (await ask("POST", "/whip", ENCODER, f"guess {guess}")).code == "token_invalid"
    told = await ask("POST", "/whip", ENCODER, key)
    assert (told.status, told.code) == (429, "rate_limited")
    assert int(told.headers["retry-after"]) > 0


async def test_so_many_sessions_may_be_asked_for(house: House, key: str, settings: Any) -> None:
    settings.TRIES = {**settings.TRIES, "whip_by_address": "2/day"}
    for _ in range(2):
        assert (await ask("POST", "/whip", "", key)).code == "bad_sdp"
    assert (await ask("POST", "/whip", ENCODER, key)).code == "rate_limited"


async def test_an_encoder_that_comes_again_replaces_itself(house: House, key: str) -> None:
    first = await row_of(await ask("POST", "/whip", ENCODER, key))
    second = await row_of(await ask("POST", "/whip", ENCODER, key))
    assert await ended(first.session_id)
    assert not await ended(second.session_id)


async def test_a_rotated_key_ends_what_it_opened(house: House, key: str) -> None:
    session = await row_of(await ask("POST", "/whip", ENCODER, key))
    await db(actions.do_rotate_key)(house.room)
    # Level-triggered: the housekeeper looks every 2 s.
    await until(lambda: session.session_id not in house.process.media.sessions, "its end", 20.0)
    assert (await ask("POST", "/whip", ENCODER, key)).code == "token_invalid"


async def test_it_is_replaced_in_another_process(
    house: House, key: str, other_process: Process
) -> None:
    person = Person(None, house.owner.pk, {"id": house.owner.pk, "name": "Mei"})
    await open_by_rest(
        other_process.media,
        room_id=house.room.room_id,
        role=Role.PUBLISHER,
        person=person,
        session_id="sess_elsewhere",
        sdp=ENCODER,
        via="whip",
    )
    assert (await ask("POST", "/whip", ENCODER, key)).status == 201
    assert await ended("sess_elsewhere")
    assert "sess_elsewhere" not in other_process.media.sessions


async def test_a_player_is_answered_and_counts(house: House, key: str) -> None:
    path = f"/whep/{house.room.room_id}"
    told = await ask("POST", path, PLAYER)
    assert (told.status, told.code) == (409, "not_live")
    assert int(told.headers["retry-after"]) > 0
    await house.publishing()
    told = await ask("POST", path, PLAYER)
    assert told.status == 201
    row = await row_of(told)
    assert (row.via, row.user, row.role) == ("whep", None, "subscriber")
    _, _, room = await api(house, f"/api/v1/live/{house.room.room_id}")
    assert room["viewers"] == 0  # whoever asks only and never comes is no viewer
    house.sfu.connected = True
    await house.process.media.measure()
    await house.process.media.journal.flush()
    _, _, room = await api(house, f"/api/v1/live/{house.room.room_id}")
    assert room["viewers"] == 1
    stream = await house.stream(row.session_id)
    assert dict(stream.received[0].join.config) == {"SubscribeByOffer": "true"}

    def chosen() -> list[str]:
        asked = [
            r.subscription.subscriptions for r in stream.received if r.HasField("subscription")
        ]
        return [one.trackId for many in asked for one in many]

    await until(lambda: len(chosen()) == 2, "the choice of a picture and a sound")
    assert {track.id for track in tracks_of_offer()} == set(chosen())
    assert (await ask("DELETE", told.headers["location"])).status == 200
    _, _, room = await api(house, f"/api/v1/live/{house.room.room_id}")
    assert room["viewers"] == 0


async def test_a_player_does_not_hear_who_is_muted(house: House, key: str) -> None:
    owner, own = await house.publishing()
    for verb in ("join", "admit"):
        await db(move)(house, verb)
    guest = await house.connect("publisher", house.stranger)
    await guest.send("offer", OFFER)
    stream = await house.stream((await guest.hears("answer"))["session_id"])
    sound = rtc_pb2.TrackInfo(id="guest-sound", streamId="guest-stream", kind="audio")
    stream.say_tracks(stream.uid, sound)
    told = await ask("POST", f"/whep/{house.room.room_id}", PLAYER)
    asked = await house.stream((await row_of(told)).session_id)

    def wanted() -> dict[str, bool]:
        """Of each track what was asked last."""
        many = [r.subscription.subscriptions for r in asked.received if r.HasField("subscription")]
        return {one.trackId: one.subscribe for each in many for one in each}

    own_sound = next(track.id for track in tracks_of_offer() if track.kind == "audio")
    await until(lambda: wanted().get(own_sound) is True, "the owner's sound")
    await db(move)(house, "mute")
    await until(lambda: wanted().get("guest-sound") is False, "the guest to be unheard")
    await owner.leave()
    await until(lambda: own.over, "the owner to be gone", 20)
    await db(move)(house, "unmute")
    await until(lambda: wanted().get("guest-sound") is True, "the guest to be heard again")


def move(house: House, verb: str) -> None:
    room = Room.objects.get(pk=house.room.pk)
    do_move_guest(room, house.stranger, GuestVerb(verb))


async def api(house: House, path: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    told = await ask("GET", path, bearer=token_of(house.owner), kind="application/json")
    return told.status, told.headers, json.loads(told.body)["data"]


async def test_who_may_play(house: House, key: str) -> None:
    path = f"/whep/{house.room.room_id}"
    await house.publishing()
    assert (await ask("POST", path, OFFER)).code == "sends_media"
    await change(house.room, visibility="private")
    assert (await ask("POST", path, PLAYER)).code == "room_not_found"
    assert (await ask("POST", path, PLAYER, token_of(house.stranger))).code == "room_not_found"
    assert (await ask("POST", path, PLAYER, token_of(house.owner))).status == 201
    assert (await ask("POST", path, PLAYER, key)).status == 201
    await change(house.room, streaming_mode="rtmp")
    assert (await ask("POST", path, PLAYER, key)).code == "room_not_webrtc"


async def test_pages_elsewhere_may_ask_and_cookies_are_not_looked_at(
    house: House, key: str, settings: Any
) -> None:
    settings.PLAYBACK_CORS_ORIGINS = ["https://a.example"]
    told = await ask("OPTIONS", "/whip", origin="https://a.example")
    assert (told.status, told.headers["accept-post"]) == (204, "application/sdp")
    assert told.headers["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-credentials" not in told.headers
    told = await ask("OPTIONS", "/whip", origin="https://b.example")
    assert "access-control-allow-origin" not in told.headers
    told = await ask("GET", "/whip")
    assert (told.status, told.headers["allow"]) == (405, "OPTIONS, POST")
