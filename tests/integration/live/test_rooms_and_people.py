"""Making and changing rooms, keys, publishers and accounts."""

from __future__ import annotations

import pytest

from live import access, actions
from live.errors import MicroVibeError
from live.models import Room, StreamKey, User
from tests.integration.live.make import PASSWORD, make_live, make_room, make_user
from tests.integration.live.test_on_air import code_of


def test_a_new_room_has_a_key_that_only_its_owner_sees(owner, staff, stranger):
    room, key = actions.do_create_room(owner, title=" My \n room ", streaming_mode="hybrid")
    assert room.title == "My room"
    assert (room.state, room.push_protocol, room.visibility) == ("idle", "webrtc", "public")
    stored = StreamKey.objects.get()
    assert key not in stored.ciphertext + stored.lookup_hash + room.play_id + room.room_id
    assert access.access_stream_key(owner, room.room_id) == key
    assert access.room_by_stream_key(key) == room
    for person, code in ((staff, "forbidden"), (stranger, "forbidden"), (None, "unauthenticated")):
        assert code_of(lambda p=person: access.access_stream_key(p, room.room_id)) == code


def test_a_rotated_key_voids_the_old_one(owner, room):
    old = access.access_stream_key(owner, room.room_id)
    new = actions.do_rotate_key(room)
    assert new != old
    assert access.access_stream_key(owner, room.room_id) == new
    assert access.room_by_stream_key(new) == room
    assert code_of(lambda: access.room_by_stream_key(old)) == "room_not_found"
    assert StreamKey.objects.get().rotated_at is not None


@pytest.mark.parametrize("key", ["", "wrong", "\x00", "\ud800", "x" * 10_000])
def test_unknown_keys(room, key):
    assert code_of(lambda: access.room_by_stream_key(key)) == "room_not_found"


def test_keys_of_banned_rooms_and_owners_look_unknown(owner, room, staff):
    key = access.access_stream_key(owner, room.room_id)
    actions.do_ban_room(room, staff)
    assert code_of(lambda: access.room_by_stream_key(key)) == "room_not_found"
    actions.do_unban_room(room, staff)
    assert access.room_by_stream_key(key) == room
    actions.do_ban_user(owner, staff)
    assert code_of(lambda: access.room_by_stream_key(key)) == "room_not_found"


def test_a_changed_secret_says_to_rotate(owner, room, settings):
    settings.STREAM_KEY_SECRET = "changed"
    assert code_of(lambda: access.access_stream_key(owner, room.room_id)) == "key_unreadable"
    key = actions.do_rotate_key(room)
    assert access.access_stream_key(owner, room.room_id) == key


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": ""}, "title"),
        ({"title": " \x00 "}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": "t", "description": "x" * 2001}, "description"),
        ({"title": "t", "streaming_mode": "hls"}, "streaming_mode"),
        ({"title": "t", "stream_type": ""}, "stream_type"),
        ({"title": "t", "visibility": "secret"}, "visibility"),
        ({"title": "t", "streaming_mode": "rtmp", "push_protocol": "webrtc"}, "push_protocol"),
    ],
)
def test_what_a_room_can_not_be(owner, fields, wrong):
    with pytest.raises(MicroVibeError) as refused:
        actions.do_create_room(owner, **fields)
    assert refused.value.code == "invalid"
    assert list(refused.value.data["fields"]) == [wrong]
    assert not Room.objects.exists()


def test_changing_a_room(room):
    actions.do_update_room(room, title="New", description="a\nb", visibility="unlisted")
    actions.do_update_room(room, streaming_mode="rtmp")
    stored = Room.objects.get()
    assert (stored.title, stored.description, stored.visibility) == ("New", "a\nb", "unlisted")
    assert (stored.streaming_mode, stored.push_protocol) == ("rtmp", "rtmp")
    assert code_of(lambda: actions.do_update_room(room, push_protocol="webrtc")) == "invalid"
    assert code_of(lambda: actions.do_update_room(room, state="live")) == "invalid"
    assert code_of(lambda: actions.do_update_room(room, owner=None)) == "invalid"


def test_on_air_only_words_and_visibility_change(room):
    make_live(room)
    assert code_of(lambda: actions.do_update_room(room, streaming_mode="rtmp")) == "room_on_air"
    actions.do_update_room(room, title="Still live", streaming_mode=room.streaming_mode)
    assert Room.objects.get().title == "Still live"


def test_too_many_rooms(owner, room, settings):
    settings.MAX_ROOMS_PER_USER = 1
    assert code_of(lambda: make_room(owner)) == "too_many_rooms"


def test_publishers(owner, room, stranger):
    assert code_of(lambda: access.access_room_to_publish(stranger, room.room_id)) == "forbidden"
    actions.do_allow_publisher(room, stranger, owner)
    actions.do_allow_publisher(room, stranger, owner)
    assert access.access_room_to_publish(stranger, room.room_id) == room
    assert code_of(lambda: access.access_room_to_manage(stranger, room.room_id)) == "forbidden"
    assert actions.do_disallow_publisher(room, stranger)
    assert not actions.do_disallow_publisher(room, stranger)
    assert code_of(lambda: access.access_room_to_publish(stranger, room.room_id)) == "forbidden"


@pytest.mark.django_db
def test_sign_up():
    user = actions.do_sign_up(" Lin ", PASSWORD, " Lin\n Lin ")
    assert (user.username, user.display_name, user.name) == ("Lin", "Lin Lin", "Lin Lin")
    assert user.check_password(PASSWORD)
    assert code_of(lambda: actions.do_sign_up("lin", PASSWORD)) == "username_taken"
    assert make_user("kai").name == "kai"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "password", "wrong"),
    [
        ("a b", PASSWORD, "username"),
        ("", PASSWORD, "username"),
        ("x" * 151, PASSWORD, "username"),
        ("lin", "12345678", "password"),
        ("lin", "short", "password"),
        ("linlinlin", "linlinlin", "password"),
    ],
)
def test_refused_sign_ups(username, password, wrong):
    with pytest.raises(MicroVibeError) as refused:
        actions.do_sign_up(username, password)
    assert refused.value.code == "invalid"
    assert list(refused.value.data["fields"]) == [wrong]
    assert not User.objects.exists()


def test_a_banned_user_is_off_the_air_and_locked_out(owner, room, staff):
    make_live(room)
    actions.do_ban_user(owner, staff, "spam")
    assert Room.objects.get().ended_reason == "banned"
    assert (User.objects.get(pk=owner.pk).ban_reason, owner.is_banned) == ("spam", True)
    for look_up in (
        access.access_room_to_watch,
        access.access_room_to_publish,
        access.access_room_to_manage,
    ):
        assert code_of(lambda f=look_up: f(owner, room.room_id)) == "banned"
    assert code_of(lambda: make_room(owner)) == "banned"
    actions.do_unban_user(owner, staff)
    assert access.access_room_to_publish(owner, room.room_id) == room
    assert code_of(lambda: actions.do_ban_user(staff, staff)) == "forbidden"
