"""Tickets to broadcast by WebSocket: for who may publish, where it can be."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from live import actions, parts
from live.models import Part, StreamKey
from push.tokens import key_mark, parse_ticket
from tests.integration.api.schema import assert_as_described

PUSH = "/api/v1/live/{room_id}/push"


@pytest.fixture(autouse=True)
def all_parts(settings, db):
    settings.RTMP_ENABLED = settings.BEHIND_FRONT = True
    settings.INGEST_SECRET = "between-nginx-and-us-" + "i" * 32
    for name in ("rtmp", "flv", "disk", "worker"):
        Part.objects.create(name=name, ok=True)
    parts.forget_parts()


def ask(client, room):
    return client.post(PUSH.format(room_id=room.room_id))


def test_the_owner_gets_a_ticket_for_the_room(as_owner, room, owner, settings):
    data = assert_as_described(ask(as_owner, room), "post", PUSH)
    address = urlsplit(data["url"])
    assert (address.scheme, address.path, data["token_secs"]) == ("ws", "/push", 60)
    (ticket,) = parse_qs(address.query)["token"]
    grant = parse_ticket(ticket, settings.INGEST_SECRET, time.time())
    assert grant is not None
    assert (grant.room_id, grant.user) == (room.room_id, owner.pk)
    key = StreamKey.objects.get(room=room)
    assert grant.key_mark == key_mark(key.lookup_hash, settings.INGEST_SECRET)
    assert key.lookup_hash[:11] not in ticket


def test_strangers_and_guests_get_none(as_stranger, client, room):
    assert ask(as_stranger, room).json()["code"] in ("forbidden", "room_not_found")
    assert ask(client, room).status_code == 401


@pytest.mark.parametrize("why", ["room_not_rtmp", "push_off", "rtmp_down"])
def test_why_there_is_none(as_owner, room, settings, why: str):
    match why:
        case "room_not_rtmp":
            actions.do_update_room(room, streaming_mode="webrtc")
        case "push_off":
            settings.STREAMING_SOCKET_FALLBACK = False
        case "rtmp_down":
            Part.objects.filter(name="rtmp").update(ok=False)
            parts.forget_parts()
    answer = ask(as_owner, room)
    assert answer.json()["code"] == why
    assert answer.status_code == (409 if why == "room_not_rtmp" else 503)
