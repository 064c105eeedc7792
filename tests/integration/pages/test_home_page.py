"""Home: who is live, nobody, and the cards alone."""

from __future__ import annotations

import pytest
from django.test import Client

from live import actions
from live.models import Room
from tests.integration.live.make import make_live, make_room


@pytest.mark.django_db
def test_nobody_is_live(client: Client) -> None:
    html = client.get("/").content.decode()
    assert "Nobody is live" in html
    assert 'href="/go-live"' in html


def test_a_live_room_has_a_card(client: Client, room: Room) -> None:
    make_live(room)
    for number in range(3):
        actions.do_join_presence(room, None, "subscriber", f"p{number}", None)
    html = client.get("/").content.decode()
    assert "Nobody is live" not in html
    assert f'href="/live/{room.room_id}"' in html
    assert "3 watching" in html
    assert "<span data-viewers>3</span>" in html


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_only_public_rooms_are_shown(visibility: str, client: Client, room: Room) -> None:
    make_live(room)
    actions.do_update_room(room, visibility=visibility)
    assert room.room_id not in client.get("/").content.decode()


def test_the_cards_alone(client: Client, room: Room) -> None:
    make_live(room)
    html = client.get("/?cards").content.decode()
    assert "<html" not in html
    assert f'data-room="{room.room_id}"' in html
    assert 'data-total="0 watching"' in html


def test_titles_are_escaped(client: Client, room: Room) -> None:
    actions.do_update_room(room, title="<img src=x>")
    make_live(room)
    assert "<img src=x>" not in client.get("/").content.decode()


def test_many_cards_cost_few_queries(
    client: Client, room: Room, django_assert_max_num_queries
) -> None:
    for number in range(8):
        make_live(make_room(room.owner, f"Room {number}"))
    with django_assert_max_num_queries(4):
        assert client.get("/").content.decode().count("data-room=") == 8


def test_covers_are_drawn_for_anything_that_looks_like_a_room(client: Client) -> None:
    response = client.get("/covers/room_abc123.svg")
    assert response["Content-Type"] == "image/svg+xml"
    assert "immutable" in response["Cache-Control"]
