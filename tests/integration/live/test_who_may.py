"""Who may watch, publish in and manage which room: one table."""

from __future__ import annotations

import pytest

from live import access, actions
from live.errors import MicroVibeError
from live.models import Room, SfuSession
from tests.integration.live.make import make_live, make_room, make_user
from tests.integration.live.test_on_air import code_of

OK = "ok"
NF, FB, UA, BAN = "room_not_found", "forbidden", "unauthenticated", "banned"
# visibility, person: watch, publish, manage
TABLE = [
    ("public", "guest", OK, UA, UA),
    ("public", "stranger", OK, FB, FB),
    ("public", "allowed", OK, OK, FB),
    ("public", "owner", OK, OK, OK),
    ("public", "staff", OK, FB, OK),
    ("unlisted", "guest", OK, UA, UA),
    ("unlisted", "stranger", OK, FB, FB),
    ("private", "guest", NF, UA, UA),
    ("private", "stranger", NF, NF, NF),
    ("private", "allowed", OK, OK, FB),
    ("private", "owner", OK, OK, OK),
    ("private", "staff", OK, FB, OK),
    ("banned", "guest", BAN, UA, UA),
    ("banned", "stranger", BAN, FB, FB),
    ("banned", "allowed", BAN, BAN, FB),
    ("banned", "owner", OK, BAN, OK),
    ("banned", "staff", OK, FB, OK),
    ("missing", "guest", NF, UA, UA),
    ("missing", "owner", NF, NF, NF),
    ("missing", "staff", NF, NF, NF),
]


def outcome(look_up, person, room_id: str) -> str:
    try:
        return OK if look_up(person, room_id).room_id == room_id else "another room"
    except MicroVibeError as error:
        return error.code


@pytest.mark.parametrize(("kind", "who", "watch", "publish", "manage"), TABLE)
def test_rights(kind, who, watch, publish, manage, owner, stranger, staff, room):
    allowed = make_user("allowed")
    actions.do_allow_publisher(room, allowed, owner)
    if kind == "banned":
        actions.do_ban_room(room, staff)
    elif kind != "missing":
        actions.do_update_room(room, visibility=kind)
    room_id = "room_000000000000" if kind == "missing" else room.room_id
    people = {"guest": None, "owner": owner, "stranger": stranger, "staff": staff}
    person = people.get(who, allowed)
    got = [
        outcome(look_up, person, room_id)
        for look_up in (
            access.access_room_to_watch,
            access.access_room_to_publish,
            access.access_room_to_manage,
        )
    ]
    assert got == [watch, publish, manage]


@pytest.mark.parametrize("room_id", ["", "\x00", "\ud800", "a" * 65, "../x", "room_a\n", "房"])
def test_impossible_room_ids(db, room_id):
    assert code_of(lambda: access.access_room_to_watch(None, room_id)) == "room_not_found"


def test_sessions(owner, stranger, staff, room):
    other = make_user("other")
    actions.do_open_session("sess_a", room, None, stranger, "subscriber", "node", "p1")
    for person in (stranger, owner, staff):
        assert access.access_session(person, "sess_a") == SfuSession.objects.get()
    assert code_of(lambda: access.access_session(other, "sess_a")) == "session_not_found"
    assert code_of(lambda: access.access_session(other, "nope")) == "session_not_found"
    assert code_of(lambda: access.access_session(None, "sess_a")) == "unauthenticated"


def test_the_list_of_live_rooms(owner, staff, django_assert_num_queries):
    quiet, busy, hidden, idle, banned, gone = (
        make_room(owner, title)
        for title in ("quiet", "busy", "hidden", "idle", "banned", "interrupted")
    )
    actions.do_update_room(hidden, visibility="unlisted")
    for room in (quiet, busy, hidden, banned):
        make_live(room)
    actions.do_media_started(gone)
    actions.do_publisher_lost(gone)
    actions.do_ban_room(banned, staff)
    actions.do_join_presence(busy, None, "subscriber", "p1")
    actions.do_join_presence(busy, owner, "publisher", "p1")
    with django_assert_num_queries(2):
        listed = access.live_rooms()
        assert {room.owner.name for room in listed} == {"Mei"}
    assert listed[0] == busy
    assert set(listed) == {busy, quiet, gone}
    assert [room.viewers for room in listed] == [1, 0, 0]
    assert idle in set(access.rooms_of(owner))
    assert Room.objects.count() == access.rooms_of(owner).count() == 6
