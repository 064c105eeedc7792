"""Chat, hearts, gifts."""

from __future__ import annotations

import pytest

from live import access, actions, views_of
from live.models import Broadcast, ChatMessage, User
from tests.integration.live.make import make_live
from tests.integration.live.test_on_air import code_of


def test_chat(owner, stranger, room):
    before = actions.do_send_chat(room, stranger, "  before  ")
    assert before.broadcast is None
    make_live(room)
    message = actions.do_send_chat(room, owner, "x" * 500)
    assert message.broadcast == Broadcast.objects.get()
    assert Broadcast.objects.get().chat_messages == 1
    payload = views_of.chat_payload(before)
    assert payload == {
        "id": before.pk,
        "text": "before",
        "at": views_of.iso(before.sent_at),
        "user": {"id": stranger.pk, "name": "stranger"},
        "by_owner": False,
    }
    assert views_of.chat_payload(message)["by_owner"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "chat_empty"),
        (" \n\x00", "chat_empty"),
        ("\ud800", "chat_empty"),
        ("x" * 501, "chat_too_long"),
    ],
)
def test_refused_chat(owner, room, text, code):
    assert code_of(lambda: actions.do_send_chat(room, owner, text)) == code
    assert not ChatMessage.objects.exists()


def test_history_is_the_last_50_oldest_first(owner, room):
    for number in range(55):
        actions.do_send_chat(room, owner, str(number))
    deleted = ChatMessage.objects.get(text="50")
    assert actions.do_delete_chat(deleted, owner)
    shown = [message.text for message in access.recent_chat(room, 50)]
    assert shown == [str(n) for n in range(4, 55) if n != 50]


def test_who_may_delete_chat(owner, stranger, staff, room):
    for by in (stranger, owner, staff):
        message = actions.do_send_chat(room, stranger, "hello")
        assert actions.do_delete_chat(message, by)
        assert not actions.do_delete_chat(message, by)
    message = actions.do_send_chat(room, owner, "mine")
    assert code_of(lambda: actions.do_delete_chat(message, stranger)) == "forbidden"


def test_banned_people_and_rooms_are_silent(owner, stranger, staff, room):
    make_live(room)
    old_copy = User.objects.get(pk=stranger.pk)  # as an open connection holds it
    actions.do_ban_user(stranger, staff)
    assert code_of(lambda: actions.do_send_chat(room, old_copy, "hi")) == "banned"
    assert code_of(lambda: actions.do_send_gift(room, old_copy, "rose")) == "banned"
    actions.do_ban_room(room, staff)
    assert code_of(lambda: actions.do_send_chat(room, owner, "hi")) == "banned"


def test_likes(room):
    assert actions.do_like(room) == 1
    make_live(room)
    assert actions.do_like(room, 20) == 21
    assert actions.do_like(room, -5) == 22
    assert Broadcast.objects.get().likes == 21


def test_gifts(stranger, room):
    assert code_of(lambda: actions.do_send_gift(room, stranger, "rose")) == "not_live"
    make_live(room)
    assert code_of(lambda: actions.do_send_gift(room, stranger, "yacht")) == "unknown_gift"
    for count in (0, 100):
        assert code_of(lambda n=count: actions.do_send_gift(room, stranger, "rose", n)) == "invalid"
    sent = actions.do_send_gift(room, stranger, "rose", 99)
    assert Broadcast.objects.get().gifts == 99
    payload = views_of.gift_payload(sent)
    assert (payload["emoji"], payload["name"], payload["count"]) == ("🌹", "Rose", 99)
