"""Guests: links, the green room, the stage, and who is out again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from live import access, access_guests, actions
from live.actions.guests import do_look_after_guests, do_move_guest
from live.actions.invites import MAX_OPEN, do_make_invite, do_revoke_invite
from live.errors import MicroVibeError
from live.guest_states import GuestVerb
from live.guests_there import sessions_off_stage
from live.models import Guest, Participant, Room, RoomInvite, SfuSession, User
from live.stage_of import read_stages, stage_of
from tests.integration.live.make import make_live, make_room, make_user
from tests.integration.live.test_on_air import code_of


@pytest.fixture
def guest(db: None) -> User:
    return make_user("gus")


def move(room: Room, user: User, *verbs: str) -> Guest:
    for verb in verbs:
        moved = do_move_guest(room, user, GuestVerb(verb))
    return moved


def sends(room: Room, user: User, name: str, process: str = "") -> None:
    actions.do_open_session(name, room, None, user, "publisher", "", process)
    actions.do_session_connected(name)


# --- Links --------------------------------------------------------------------------------------
def test_a_link_leads_to_its_room_and_is_nowhere_in_clear(owner, guest, room):
    link, token = do_make_invite(room, owner)
    assert len(token) == 43
    assert token not in (link.lookup_hash, link.ciphertext)
    assert access_guests.access_room_by_invite(guest, token) == room
    assert access_guests.invite_token(owner, link) == token
    assert link.expires_at - link.created_at == timedelta(hours=24)


def test_links_that_lead_nowhere_are_all_alike(owner, guest, room):
    found = []
    _, good = do_make_invite(room, owner)
    revoked, gone = do_make_invite(room, owner)
    do_revoke_invite(revoked)
    late, old = do_make_invite(room, owner)
    RoomInvite.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    for token in (gone, old, good[:-1], good + "x", "", "\x00", "\ud800", "ü" * 43, "a" * 9999):
        with pytest.raises(MicroVibeError) as refused:
            access_guests.access_room_by_invite(guest, token)
        found.append((refused.value.code, refused.value.message, str(refused.value.data)))
    assert set(found) == {("invite_not_found", found[0][1], "{}")}
    assert code_of(lambda: access_guests.access_room_by_invite(None, good)) == "unauthenticated"
    actions.do_ban_user(owner)
    assert code_of(lambda: access_guests.access_room_by_invite(guest, good)) == "invite_not_found"


def test_who_may_publish_anyway_is_no_guest(owner, guest, room):
    _, token = do_make_invite(room, owner)
    actions.do_allow_publisher(room, guest, owner)
    for person in (owner, guest):
        assert code_of(lambda p=person: access_guests.access_room_by_invite(p, token)) == (
            "already_publisher"
        )
        assert code_of(lambda p=person: move(room, p, "join")) == "already_publisher"


def test_links_are_bounded(owner, room):
    for _ in range(MAX_OPEN):
        link, _token = do_make_invite(room, owner)
    assert code_of(lambda: do_make_invite(room, owner)) == "too_many_invites"
    assert do_revoke_invite(link) and not do_revoke_invite(link)
    do_make_invite(room, owner)
    rtmp = make_room(owner, streaming_mode="rtmp")
    assert code_of(lambda: do_make_invite(rtmp, owner)) == "room_not_webrtc"


# --- On stage -----------------------------------------------------------------------------------
def test_only_on_air_and_no_more_than_fit(owner, guest, room, settings):
    settings.MAX_GUESTS_ON_STAGE = 1
    other = make_user("other")
    move(room, guest, "join")
    move(room, other, "join")
    assert code_of(lambda: move(room, guest, "admit")) == "not_live"
    make_live(room)
    assert move(room, guest, "admit", "admit").state == "on_stage"
    assert code_of(lambda: move(room, other, "admit")) == "stage_full"
    move(room, guest, "leave")
    assert move(room, other, "admit").state == "on_stage"


def test_a_removed_guest_comes_back_by_an_invitation_only(owner, guest, room):
    _, token = do_make_invite(room, owner)
    actions.do_join_presence(room, guest, "subscriber", "p1")
    move(room, guest, "join", "remove")
    assert code_of(lambda: access_guests.access_room_by_invite(guest, token)) == "guest_removed"
    assert code_of(lambda: move(room, guest, "join")) == "guest_removed"
    assert move(room, guest, "invite", "ask").state == "waiting"


def test_the_end_of_a_broadcast_clears_the_stage(owner, guest, room):
    make_live(room)
    move(room, guest, "join", "admit")
    actions.do_end_broadcast(room, "by_owner")
    assert Guest.objects.values_list("state", "reason").get() == ("waiting", "ended")
    assert code_of(lambda: access_guests.access_room_to_send(guest, room.room_id)) == "not_on_stage"


def test_a_guest_puts_no_room_on_air(owner, guest, room):
    may = access_guests.may_put_on_air
    move(room, guest, "join")
    assert not may(guest.pk, room)
    assert may(owner.pk, room)
    actions.do_allow_publisher(room, guest)
    assert may(guest.pk, room)
    actions.do_disallow_publisher(room, guest)
    make_live(room)
    assert may(guest.pk, Room.objects.get())


def test_banned_people_are_out(owner, guest, room):
    make_live(room)
    move(room, guest, "join", "admit")
    actions.do_ban_user(guest)
    assert Guest.objects.values_list("state", "reason").get() == ("removed", "banned")
    assert code_of(lambda: move(room, guest, "invite")) == "banned"


def test_only_who_is_here_is_invited_and_not_again_at_once(owner, guest, room):
    assert code_of(lambda: move(room, guest, "invite")) == "user_not_found"
    actions.do_join_presence(room, guest, "subscriber", "p1")
    assert do_move_guest(room, guest, GuestVerb.INVITE, owner).invited_by == owner
    move(room, guest, "decline")
    with pytest.raises(MicroVibeError) as refused:
        move(room, guest, "invite")
    assert refused.value.code == "guest_declined"
    assert 590_000 < refused.value.data["retry_in_ms"] <= 600_000
    Guest.objects.update(since=timezone.now() - timedelta(seconds=601))
    assert move(room, guest, "invite").state == "invited"


# --- What they may ------------------------------------------------------------------------------
OK, NF, FB, UA, OFF = "ok", "room_not_found", "forbidden", "unauthenticated", "not_on_stage"
# visibility, person: watch, publish, manage, join (WebSocket as a publisher), send
TABLE = [
    ("public", "invited", OK, FB, FB, OK, OFF),
    ("public", "waiting", OK, FB, FB, OK, OFF),
    ("public", "on_stage", OK, FB, FB, OK, OK),
    ("public", "left", OK, FB, FB, FB, FB),
    ("public", "removed", OK, FB, FB, FB, FB),
    ("private", "invited", OK, FB, FB, OK, OFF),
    ("private", "waiting", OK, FB, FB, OK, OFF),
    ("private", "on_stage", OK, FB, FB, OK, OK),
    ("private", "left", NF, NF, NF, NF, NF),
    ("private", "removed", NF, NF, NF, NF, NF),
    ("public", "owner", OK, OK, OK, OK, OK),
    ("private", "owner", OK, OK, OK, OK, OK),
    ("public", "allowed", OK, OK, FB, OK, OK),
    ("private", "allowed", OK, OK, FB, OK, OK),
    ("public", "staff", OK, FB, OK, FB, FB),
    ("private", "staff", OK, FB, OK, FB, FB),
    ("public", "stranger", OK, FB, FB, FB, FB),
    ("private", "stranger", NF, NF, NF, NF, NF),
    ("public", "anonymous", OK, UA, UA, UA, UA),
    ("private", "anonymous", NF, UA, UA, UA, UA),
]
LOOK_UPS = (
    access.access_room_to_watch,
    access.access_room_to_publish,
    access.access_room_to_manage,
    lambda person, room_id: access_guests.access_room_to_join(person, room_id)[0],
    access_guests.access_room_to_send,
)


@pytest.mark.parametrize(("visibility", "who", "outcomes"), [(v, w, o) for v, w, *o in TABLE])
def test_rights(visibility, who, outcomes, owner, staff, stranger, guest, room):
    make_live(room)
    actions.do_update_room(room, visibility=visibility)
    people = {"owner": owner, "staff": staff, "stranger": stranger, "anonymous": None}
    person = people.get(who, guest)
    if who == "allowed":
        actions.do_allow_publisher(room, guest)
    elif who not in people:
        Guest.objects.create(room=room, user=guest, state=who)
    for look_up, expected in zip(LOOK_UPS, outcomes, strict=True):
        try:
            got = OK if look_up(person, room.room_id) == room else "another room"
        except MicroVibeError as error:
            got = error.code
        assert got == expected
    knows = access.who_may_know(room)
    may_know = outcomes[0] == OK and person is not None
    assert knows is None or (person is not None and person.pk in knows) == may_know


def test_a_guest_of_one_room_is_nobody_in_another(owner, guest, room):
    private = make_room(owner, visibility="private")
    Guest.objects.create(room=room, user=guest, state="on_stage")
    for look_up in LOOK_UPS:
        assert code_of(lambda f=look_up: f(guest, private.room_id)) == NF


def test_the_rest_of_the_house_takes_a_guest_for_a_stranger(guest, room, staff):
    make_live(room)
    Guest.objects.create(room=room, user=guest, state="on_stage")
    room_id = room.room_id
    for look_up in (access.access_room_to_own, access.access_stream_key):
        assert code_of(lambda f=look_up: f(guest, room_id)) == FB
    actions.do_ban_room(room, staff)
    assert code_of(lambda: access_guests.access_room_to_join(guest, room_id)) == "banned"


# --- Away ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("state", "secs"), [("waiting", 30), ("on_stage", 60), ("invited", 600)])
def test_who_is_away_leaves(state, secs, guest, room):
    make_live(room)
    here = Guest.objects.create(room=room, user=guest, state=state)
    now = timezone.now()
    do_look_after_guests(now + timedelta(seconds=secs - 1))
    assert Guest.objects.get(pk=here.pk).state == state
    do_look_after_guests(now + timedelta(seconds=secs + 2))
    assert Guest.objects.values_list("state", "reason").get() == ("left", "away")


def test_who_joins_again_was_just_seen(guest, room):
    move(room, guest, "join")
    Guest.objects.update(seen_at=timezone.now() - timedelta(seconds=29))
    move(room, guest, "join")
    do_look_after_guests(timezone.now() + timedelta(seconds=20))
    assert Guest.objects.get().state == "waiting"


def test_who_is_connected_or_sends_stays(guest, room):
    make_live(room)
    other = make_user("other")
    for user in (guest, other):
        Guest.objects.create(room=room, user=user, state="on_stage")
    actions.do_join_presence(room, guest, "publisher", "p1")
    sends(room, other, "sess_rest")
    now = timezone.now()
    for secs in range(0, 120, 5):
        at = now + timedelta(seconds=secs)
        Participant.objects.update(last_seen_at=at)
        SfuSession.objects.update(last_seen_at=at)
        do_look_after_guests(at)
    assert set(Guest.objects.values_list("state", flat=True)) == {"on_stage"}


def test_guests_do_not_hold_a_stage_alone_for_ever(owner, guest, room):
    make_live(room)
    Guest.objects.create(room=room, user=guest, state="on_stage")
    actions.do_join_presence(room, guest, "publisher", "p1")
    sends(room, guest, "sess_guest")
    actions.do_close_session(f"sess_{room.room_id}", "left")
    assert actions.do_publisher_lost(room).state == "live"  # the guest goes on
    now = timezone.now()
    for secs, state in ((590, "on_stage"), (610, "waiting")):
        at = now + timedelta(seconds=secs)
        Participant.objects.update(last_seen_at=at)
        do_look_after_guests(at)
        assert Guest.objects.get().state == state
    assert Guest.objects.get().reason == "alone"


def test_while_the_owner_is_there_the_stage_is_theirs(owner, guest, room):
    make_live(room)
    Guest.objects.create(room=room, user=guest, state="on_stage")
    actions.do_join_presence(room, guest, "publisher", "p1")
    actions.do_join_presence(room, owner, "subscriber", "p1")
    actions.do_close_session(f"sess_{room.room_id}", "left")
    at = timezone.now() + timedelta(hours=2)
    Participant.objects.update(last_seen_at=at)
    do_look_after_guests(at)
    assert Guest.objects.get().state == "on_stage"


def test_nothing_is_asked_while_there_are_no_guests(room, django_assert_num_queries):
    with django_assert_num_queries(1):
        do_look_after_guests(timezone.now())


def test_sessions_of_those_off_stage_are_found(owner, guest, room):
    make_live(room)
    allowed = make_user("allowed")
    actions.do_allow_publisher(room, allowed)
    for user in (guest, allowed, owner):
        Guest.objects.create(room=room, user=user, state="on_stage")
        sends(room, user, f"sess_{user.username}", "p1")
    assert sessions_off_stage("p1") == []
    Guest.objects.update(state="waiting")
    assert sessions_off_stage("p1") == ["sess_gus"]
    assert sessions_off_stage("p2") == []


# --- The stage ----------------------------------------------------------------------------------
def test_the_stage_is_who_sends(owner, guest, room):
    assert stage_of(room) == {"layout": "speaker", "people": []}
    make_live(room)
    actions.do_update_room(room, layout="grid")
    move(room, guest, "join", "admit", "mute")
    assert [one["user"]["name"] for one in stage_of(room)["people"]] == ["Mei"]
    sends(room, guest, "sess_guest")
    assert stage_of(room) == {
        "layout": "grid",
        "people": [
            {"user": {"id": owner.pk, "name": "Mei"}, "muted": False},
            {"user": {"id": guest.pk, "name": "gus"}, "muted": True},
        ],
    }
    assert code_of(lambda: actions.do_update_room(room, layout="heap")) == "invalid"


def test_many_stages_cost_what_one_does(owner, django_assert_num_queries):
    rooms = [make_room(owner, str(number)) for number in range(4)]
    with django_assert_num_queries(0):
        read_stages(rooms)
    for room in rooms:
        make_live(room)
    with django_assert_num_queries(4):
        read_stages(rooms)
        assert all(stage_of(room)["people"] for room in rooms)
