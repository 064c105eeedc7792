"""Guests and their links over REST, each answer held against the description."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from live import actions
from live.models import Guest, Room, RoomInvite, User
from tests.integration.api.conftest import client_of
from tests.integration.api.schema import assert_as_described
from tests.integration.api.test_api_rooms import ROOM, error_of
from tests.integration.live.make import make_live, make_user

JOIN = "/api/v1/guests/join"


@pytest.fixture
def gus(db: None) -> User:
    return make_user("gus")


@pytest.fixture
def as_gus(gus: User) -> APIClient:
    return client_of(gus)


@pytest.fixture
def url(room: Room) -> str:
    return f"/api/v1/live/{room.room_id}"


def done(client: APIClient, url: str, user: User, verb: str) -> dict:
    response = client.post(f"{url}/guests/{user.pk}", {"do": verb})
    assert response.status_code == 200, response.json()
    return assert_as_described(response, "post", ROOM + "/guests/{user_id}")


def refused(client: APIClient, url: str, user: User, verb: str, status: int) -> str:
    return error_of(client.post(f"{url}/guests/{user.pk}", {"do": verb}), status)


def test_by_a_link_on_stage_and_off_again(as_owner, as_gus, gus, room, url, settings):
    settings.PUBLIC_URL = "https://live.example.org"
    made = as_owner.post(f"{url}/invites")
    assert made.status_code == 201
    link = assert_as_described(made, "post", ROOM + "/invites")
    assert link["url"] == f"https://live.example.org/guest/{link['token']}"
    joined = assert_as_described(as_gus.post(JOIN, {"token": link["token"]}), "post", JOIN)
    assert joined["room_id"] == room.room_id
    assert (joined["guest"]["state"], joined["guest"]["connected"]) == ("waiting", False)
    assert as_gus.post(JOIN, {"token": link["token"]}).json()["data"] == joined

    assert refused(as_owner, url, gus, "admit", 409) == "not_live"
    make_live(room)
    actions.do_join_presence(room, gus, "publisher", "p1")
    on_stage = done(as_owner, url, gus, "admit")
    assert (on_stage["state"], on_stage["connected"]) == ("on_stage", True)
    assert done(as_owner, url, gus, "mute")["muted"] is True
    listed = assert_as_described(as_owner.get(f"{url}/guests"), "get", ROOM + "/guests")
    assert listed["max_on_stage"] == 5
    assert [(one["user"]["name"], one["muted"]) for one in listed["guests"]] == [("gus", True)]
    assert done(as_owner, url, gus, "unmute")["muted"] is False
    assert done(as_owner, url, gus, "remove")["state"] == "removed"
    assert as_owner.get(f"{url}/guests").json()["data"]["guests"] == []
    assert error_of(as_gus.post(JOIN, {"token": link["token"]}), 403) == "guest_removed"
    assert refused(as_gus, url, gus, "ask", 403) == "guest_removed"


def test_links_are_shown_to_the_owner_and_who_made_them(as_owner, as_staff, as_stranger, url):
    mine = as_owner.post(f"{url}/invites").json()["data"]
    theirs = as_staff.post(f"{url}/invites").json()["data"]
    response = as_owner.get(f"{url}/invites")
    items = assert_as_described(response, "get", ROOM + "/invites")["items"]
    assert [one["token"] for one in items] == [theirs["token"], mine["token"]]
    items = as_staff.get(f"{url}/invites").json()["data"]["items"]
    assert [one["token"] for one in items] == [theirs["token"], None]
    assert items[1]["url"] is None
    assert as_staff.delete(f"{url}/invites/{mine['id']}").status_code == 200
    assert error_of(as_owner.delete(f"{url}/invites/{mine['id']}"), 404) == "invite_not_found"
    assert error_of(as_stranger.post(JOIN, {"token": mine["token"]}), 404) == "invite_not_found"
    assert len(as_owner.get(f"{url}/invites").json()["data"]["items"]) == 1


def test_a_link_under_another_secret_is_not_shown(as_owner, url, settings):
    as_owner.post(f"{url}/invites")
    settings.STREAM_KEY_SECRET = "another " * 8
    assert as_owner.get(f"{url}/invites").json()["data"]["items"][0]["token"] is None


def test_a_link_of_another_room_is_not_managed_here(as_owner, as_stranger, stranger, room, url):
    other = actions.do_create_room(stranger, title="other")[0]
    link = as_owner.post(f"{url}/invites").json()["data"]
    there = f"/api/v1/live/{other.room_id}/invites/{link['id']}"
    assert error_of(as_stranger.delete(there), 404) == "invite_not_found"
    assert RoomInvite.objects.get().revoked_at is None


def test_the_owner_needs_no_link_and_too_many_are_refused(as_owner, as_gus, url, room):
    token = as_owner.post(f"{url}/invites").json()["data"]["token"]
    assert error_of(as_owner.post(JOIN, {"token": token}), 409) == "already_publisher"
    assert error_of(as_gus.post(JOIN, {"token": "wrong"}), 404) == "invite_not_found"
    assert error_of(as_gus.post(JOIN, {"token": 7.5}), 404) == "invite_not_found"
    assert error_of(as_gus.post(JOIN, {"token": ["x"]}), 400) == "invalid"
    assert error_of(as_gus.post(JOIN, {}), 400) == "invalid"
    for _ in range(19):
        assert as_owner.post(f"{url}/invites").status_code == 201
    assert error_of(as_owner.post(f"{url}/invites"), 409) == "too_many_invites"
    actions.do_update_room(room, streaming_mode="rtmp")
    assert error_of(as_owner.post(f"{url}/invites"), 409) == "room_not_webrtc"
    assert error_of(as_gus.post(JOIN, {"token": token}), 409) == "room_not_webrtc"


def test_an_invitation_from_the_chat(as_owner, owner, as_gus, gus, room, url):
    def invite(user_id: object):
        return as_owner.post(f"{url}/guests", {"user_id": user_id})

    assert error_of(invite(gus.pk), 404) == "user_not_found"  # not in the room
    assert error_of(invite(2**62), 404) == "user_not_found"
    assert error_of(invite("x"), 400) == "invalid"
    assert error_of(invite(owner.pk), 409) == "already_publisher"
    actions.do_join_presence(room, gus, "subscriber", "p1")
    response = invite(gus.pk)
    assert response.status_code == 201
    invited = assert_as_described(response, "post", ROOM + "/guests")
    assert (invited["state"], invited["invited_by"]["id"]) == ("invited", owner.pk)
    assert refused(as_owner, url, gus, "admit", 409) == "wrong_order"  # has not asked yet
    declined = done(as_gus, url, gus, "decline")
    assert (declined["state"], declined["reason"]) == ("left", "declined")
    again = invite(gus.pk)
    assert error_of(again, 409) == "guest_declined"
    assert again.json()["data"]["retry_in_ms"] > 0
    Guest.objects.update(reason="left")
    invite(gus.pk)
    assert done(as_gus, url, gus, "ask")["state"] == "waiting"
    assert done(as_gus, url, gus, "leave")["state"] == "left"


def test_invitations_are_counted_by_who_sends_them(as_owner, as_staff, gus, room, url, settings):
    settings.TRIES = {**settings.TRIES, "invitation_by_owner": "2/hour"}
    actions.do_join_presence(room, gus, "subscriber", "p1")
    asked = {"user_id": gus.pk}
    assert [as_owner.post(f"{url}/guests", asked).status_code for _ in range(3)] == [201, 201, 429]
    assert as_staff.post(f"{url}/guests", asked).status_code == 201


def test_the_stage_is_full(as_owner, gus, room, url, settings):
    settings.MAX_GUESTS_ON_STAGE = 0
    make_live(room)
    Guest.objects.create(room=room, user=gus, state="waiting")
    response = as_owner.post(f"{url}/guests/{gus.pk}", {"do": "admit"})
    assert error_of(response, 409) == "stage_full"
    assert response.json()["data"] == {"limit": 0}


# Person: invites and list (GET), invites (POST), guests (POST), admit, and of oneself: leave.
PEOPLE = {
    "owner": (200, 201, 404, 200, 404),
    "staff": (200, 201, 404, 200, 404),
    "gus": (403, 403, 403, 403, 200),
    "allowed": (403, 403, 403, 403, 404),
    "stranger": (403, 403, 403, 403, 404),
    "anonymous": (401, 401, 401, 401, 401),
}


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_what(who, visibility, owner, staff, stranger, gus, room, url):
    make_live(room)
    actions.do_update_room(room, visibility=visibility)
    Guest.objects.create(room=room, user=gus, state="waiting")
    allowed = make_user("allowed")
    actions.do_allow_publisher(room, allowed)
    people = {"owner": owner, "staff": staff, "gus": gus, "allowed": allowed, "stranger": stranger}
    person = people.get(who)
    client = APIClient() if person is None else client_of(person)
    myself = f"{url}/guests/{person.pk if person else 1}"
    listed = client.get(f"{url}/guests").status_code
    got = (
        client.get(f"{url}/invites").status_code,
        client.post(f"{url}/invites").status_code,
        client.post(f"{url}/guests", {"user_id": 2**62}).status_code,
        client.post(f"{url}/guests/{gus.pk}", {"do": "admit"}).status_code,
        client.post(myself, {"do": "leave"}).status_code,
    )
    hidden = who == "stranger" and visibility == "private"
    assert got == ((404,) * 5 if hidden else PEOPLE[who])
    assert listed == got[0]
    for verb in ("remove", "mute"):
        status = client.post(f"{url}/guests/{gus.pk}", {"do": verb}).status_code
        expected = {"owner": 200, "staff": 200, "anonymous": 401}.get(who, 404 if hidden else 403)
        if who in ("owner", "staff", "stranger", "allowed", "anonymous"):
            if verb == "mute" and who in ("owner", "staff"):
                expected = 409  # removed already
            assert status == expected


def test_nobody_speaks_for_another(as_gus, as_stranger, as_owner, stranger, gus, room, url):
    for user in (gus, stranger):
        Guest.objects.create(room=room, user=user, state="invited")
    for verb in ("ask", "decline", "leave"):
        assert refused(as_gus, url, stranger, verb, 403) == "forbidden"
        assert refused(as_owner, url, gus, verb, 403) == "forbidden"
    assert error_of(as_gus.post(f"{url}/guests/{gus.pk}", {"do": "dance"}), 400) == "invalid"
    assert set(Guest.objects.values_list("state", flat=True)) == {"invited"}


def test_a_guest_on_stage_runs_nothing(as_gus, gus, room, url):
    make_live(room)
    Guest.objects.create(room=room, user=gus, state="on_stage")
    refusals = [
        as_gus.post(f"{url}/start"),
        as_gus.post(f"{url}/end"),
        as_gus.get(f"{url}/key"),
        as_gus.post(f"{url}/rotate-key"),
        as_gus.get(f"{url}/ingest"),
        as_gus.get(f"{url}/publishers"),
        as_gus.post(f"{url}/push"),
        as_gus.patch(url, {"title": "mine"}),
        as_gus.patch(url, {"layout": "grid"}),
    ]
    assert [error_of(response, 403) for response in refusals] == ["forbidden"] * len(refusals)


def test_sending_by_rest_needs_the_stage(as_gus, gus, room, settings):
    settings.SFU_ENABLED = False
    make_live(room)
    asked = {"room_id": room.room_id, "role": "publisher", "sdp": ""}
    assert error_of(as_gus.post("/api/v1/sfu/session", asked), 403) == "forbidden"
    place = Guest.objects.create(room=room, user=gus, state="waiting")
    assert error_of(as_gus.post("/api/v1/sfu/session", asked), 403) == "not_on_stage"
    Guest.objects.filter(pk=place.pk).update(state="on_stage")
    assert error_of(as_gus.post("/api/v1/sfu/session", asked), 400) == "bad_sdp"  # let in


def test_the_layout(as_owner, room, url):
    data = assert_as_described(as_owner.patch(url, {"layout": "pip"}), "patch", ROOM)
    assert (data["layout"], data["stage"]) == ("pip", {"layout": "pip", "people": []})
    assert error_of(as_owner.patch(url, {"layout": "heap"}), 400) == "invalid"
    made = as_owner.post("/api/v1/live/create", {"title": "t", "layout": "grid"}).json()["data"]
    assert Room.objects.get(pk=made["id"]).layout == "grid"


def test_a_list_of_guests_costs_the_same_for_many(as_owner, room, url, django_assert_num_queries):
    for number in range(4):
        user = make_user(f"user{number}")
        Guest.objects.create(room=room, user=user, state="waiting", invited_by=user)
    with django_assert_num_queries(3):  # caller, room, guests
        assert len(as_owner.get(f"{url}/guests").json()["data"]["guests"]) == 4
    for _ in range(3):
        as_owner.post(f"{url}/invites")
    with django_assert_num_queries(3):
        assert len(as_owner.get(f"{url}/invites").json()["data"]["items"]) == 3
