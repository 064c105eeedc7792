"""High-level events as JSON and back."""

from __future__ import annotations

import json

import pytest

from live import events

ALL = [
    (events.RoomChanged("room_a"), "room_changed", "room.room_a"),
    (events.PresenceChanged("room_a"), "presence_changed", "room.room_a"),
    (events.ChatSent("room_a", {"id": 1}), "chat_sent", "room.room_a"),
    (events.ChatDeleted("room_a", 1), "chat_deleted", "room.room_a"),
    (events.GiftSentEvent("room_a", {}), "gift_sent", "room.room_a"),
    (events.Liked("room_a", 3, 44), "liked", "room.room_a"),
    (events.KickSession("room_a", "sess_1"), "kick_session", "room.room_a"),
    (events.PublisherDisallowed("room_a", 7), "publisher_disallowed", "room.room_a"),
    (events.GuestChanged("room_a", 7, cut=True), "guest_changed", "room.room_a"),
    (events.UserBanned(7), "user_banned", "all"),
]


@pytest.mark.parametrize(("event", "name", "group"), ALL)
def test_round_trip(event, name, group):
    built = json.loads(json.dumps(events.build(event)))
    assert built["event"] == name
    assert events.parse(built) == event
    assert events.group_of(event) == group


def test_every_event_is_in_the_table():
    assert {type(event) for event, *_ in ALL} == set(events.Event.__args__)


@pytest.mark.parametrize("message", [{}, {"event": "newer"}, {"event": "liked", "room_id": "r"}])
def test_what_is_not_known_is_passed_over(message):
    assert events.parse(message) is None
