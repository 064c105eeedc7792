"""The stream key is in `stream_key` and `stream_url` for its owner, and nowhere else at all."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from live import access, actions
from live.models import Broadcast, StreamKey, User
from tests.integration.api.schema import described_api
from tests.integration.live.make import make_live


@pytest.fixture
def key(owner, room) -> str:
    actions.do_allow_publisher(room, owner, owner)
    actions.do_send_chat(room, owner, "hello")
    make_live(room)
    return access.access_stream_key(owner, room.room_id)


def test_the_owner_sees_it_in_two_fields(as_owner, room, key):
    data = as_owner.get(f"/api/v1/live/{room.room_id}/key").json()["data"]
    assert {name for name, value in data.items() if key in str(value)} == {
        "stream_key",
        "stream_url",
    }
    new = as_owner.post(f"/api/v1/live/{room.room_id}/rotate-key").json()["data"]
    assert new["stream_key"] != key
    assert new["stream_url"].endswith(f"/{new['stream_key']}")
    assert new["rotated_at"]


def test_staff_rotates_blindly(as_staff, owner, room, key):
    response = as_staff.post(f"/api/v1/live/{room.room_id}/rotate-key")
    assert response.json()["data"]["stream_key"] is None
    new = access.access_stream_key(owner, room.room_id)
    assert new != key
    assert new not in response.content.decode()


def test_no_other_answer_has_it(as_owner, as_staff, guest, room, key):
    hidden = StreamKey.objects.get()
    secrets = [key.encode(), hidden.lookup_hash.encode(), hidden.ciphertext.encode()]
    looked = 0
    for path, operations in described_api()["paths"].items():
        if "get" not in operations or path.endswith("/key"):
            continue
        url = path.replace("{room_id}", room.room_id).replace("{user_id}", str(room.owner_id))
        for caller in (guest, as_owner, as_staff):
            content = caller.get(url.replace("{session_id}", f"sess_{room.room_id}")).content
            assert not any(secret in content for secret in secrets), url
            looked += 1
    assert looked >= 27
    response = as_owner.patch(f"/api/v1/live/{room.room_id}", {"title": "new"})
    assert key.encode() not in response.content


def test_no_admin_page_has_it(staff, room, key):
    hidden = StreamKey.objects.get()
    client = Client()
    client.force_login(staff)
    pages = [
        "/admin/",
        "/admin/live/room/",
        f"/admin/live/room/{room.pk}/change/",
        f"/admin/live/room/{room.pk}/history/",
        "/admin/live/user/",
        f"/admin/live/user/{room.owner_id}/change/",
        f"/admin/live/user/{room.owner_id}/delete/",
        "/admin/live/broadcast/",
        f"/admin/live/broadcast/{Broadcast.objects.get().pk}/change/",
        "/admin/live/sfusession/",
        "/admin/live/chatmessage/",
    ]
    for page in pages:
        response = client.get(page)
        assert response.status_code == 200, page
        for secret in (key, hidden.lookup_hash, hidden.ciphertext):
            assert secret not in response.content.decode(), page
    rotated = client.post(
        "/admin/live/room/", {"action": "rotate_key", "_selected_action": [room.pk]}, follow=True
    )
    new = access.access_stream_key(User.objects.get(pk=room.owner_id), room.room_id)
    assert new != key
    assert new not in rotated.content.decode()
    assert client.get("/admin/live/streamkey/").status_code == 404


def test_no_log_has_it(as_owner, owner, room, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # SQL is not logged in use
    data = as_owner.post("/api/v1/live/create", {"title": "t"}).json()["data"]
    url = f"/api/v1/live/{data['room_id']}"
    new = as_owner.post(f"{url}/rotate-key").json()["data"]["stream_key"]
    as_owner.get(f"{url}/key")
    as_owner.post(f"{url}/nothing/{data['room_id']}")
    for key in (data["stream_key"], new):
        assert key not in caplog.text
        assert key not in repr(StreamKey.objects.select_related("room").last())
