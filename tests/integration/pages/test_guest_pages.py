"""The green room: who gets in by a link or an invitation, and what the others read."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from live import actions
from live.actions.invites import do_make_invite, do_revoke_invite
from live.models import Room, User
from tests.integration.live.make import make_live
from tests.integration.pages.test_stage_pages import config_of

Browsers = Callable[[User], Client]


def link_of(room: Room, owner: User) -> str:
    return f"/guest/{do_make_invite(room, owner)[1]}"


def test_a_visitor_reads_whose_link_it_is_and_comes_back(
    client: Client, room: Room, owner: User
) -> None:
    link = link_of(room, owner)
    html = client.get(link).content.decode()
    assert "Mei invites you to the stage" in html
    assert room.title in html
    back = link.replace("/", "%2F")
    assert f'href="/sign-in?next={back}"' in html
    assert f'href="/sign-up?next={back}"' in html


def test_who_is_signed_in_is_in_the_green_room_and_has_not_asked_yet(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    link = link_of(room, owner)
    config = config_of(browser_of(stranger).get(link))
    assert config["role"] == "publisher"
    assert config["guest"] is None
    assert link.endswith(config["invite_token"])
    assert config["guest_url"] == f"/rooms/{room.room_id}/guest"
    assert not room.guests.exists()


def test_who_waits_goes_on_without_the_link(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    link = link_of(room, owner)
    token = link.rpartition("/")[2]
    browser = browser_of(stranger)
    browser.post("/api/v1/guests/join", {"token": token}, content_type="application/json")
    assert browser.get(link)["Location"] == f"/rooms/{room.room_id}/guest"
    config = config_of(browser.get(f"/rooms/{room.room_id}/guest"))
    assert config["guest"]["state"] == "waiting"
    assert "invite_token" not in config


def test_the_green_room_of_a_private_room_is_not_there_for_strangers(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    actions.do_update_room(room, visibility="private")
    page = f"/rooms/{room.room_id}/guest"
    assert browser_of(stranger).get(page).status_code == 404
    assert browser_of(stranger).get(link_of(room, owner)).status_code == 200


def test_a_stranger_without_an_invitation_is_refused(
    room: Room, stranger: User, browser_of: Browsers, client: Client
) -> None:
    page = f"/rooms/{room.room_id}/guest"
    assert browser_of(stranger).get(page).status_code == 403
    assert client.get(page)["Location"].startswith("/sign-in?next=")


def test_the_owner_is_no_guest(room: Room, owner: User, browser_of: Browsers) -> None:
    browser, studio = browser_of(owner), f"/studio/{room.room_id}"
    assert browser.get(link_of(room, owner))["Location"] == studio
    assert browser.get(f"/rooms/{room.room_id}/guest")["Location"] == studio


def test_a_link_that_is_no_longer_good_says_so_to_all_alike(
    room: Room, owner: User, stranger: User, browser_of: Browsers, client: Client
) -> None:
    link = link_of(room, owner)
    do_revoke_invite(room.invites.get())
    for browser in (client, browser_of(stranger)):
        for address in (link, "/guest/nothing-like-a-link-of-ours"):
            response = browser.get(address)
            assert response.status_code == 404
            assert "no longer good" in response.content.decode()


def test_the_studio_has_a_panel_of_guests_for_its_owner_alone(
    room: Room, owner: User, stranger: User, browser_of: Browsers
) -> None:
    actions.do_allow_publisher(room, stranger, owner)
    make_live(room)
    studio = f"/studio/{room.room_id}"
    assert b'id="guest-panel"' in browser_of(owner).get(studio).content
    assert b'id="guest-panel"' not in browser_of(stranger).get(studio).content


def test_a_viewer_with_an_account_can_be_invited(
    room: Room, stranger: User, browser_of: Browsers, client: Client
) -> None:
    page = f"/live/{room.room_id}"
    assert b'id="invite-dialog"' in browser_of(stranger).get(page).content
    assert b'id="invite-dialog"' not in client.get(page).content
