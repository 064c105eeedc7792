"""Events go out once the writing is committed, and never before or without it."""

from __future__ import annotations

import asyncio

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import transaction

from live import actions, events, views_of
from tests.integration.live.make import make_live, make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Ear:
    """A listener on a room's group."""

    def __init__(self, *groups: str) -> None:
        self.groups = groups
        self.layer = get_channel_layer()

    async def __aenter__(self) -> Ear:
        self.channel = await self.layer.new_channel()
        for group in self.groups:
            await self.layer.group_add(group, self.channel)
        return self

    async def __aexit__(self, *error: object) -> None:
        for group in self.groups:
            await self.layer.group_discard(group, self.channel)

    async def heard(self) -> events.Event | None:
        message = await asyncio.wait_for(self.layer.receive(self.channel), 5)
        assert message["type"] == "room.event"
        return events.parse(message["event"])

    async def silence(self) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(self.layer.receive(self.channel), 0.05)


make_user_async = database_sync_to_async(make_user)
make_room_async = database_sync_to_async(make_room)


async def test_what_is_told():
    owner = await make_user_async("mei")
    room = await make_room_async(owner)
    do = database_sync_to_async

    async with Ear(events.room_group(room.room_id), events.ALL_GROUP) as ear:
        await do(actions.do_start_broadcast)(room)
        assert await ear.heard() == events.RoomChanged(room.room_id)
        await do(actions.do_start_broadcast)(room)  # changes nothing, tells nothing
        await do(actions.do_media_started)(room)
        assert await ear.heard() == events.RoomChanged(room.room_id)
        person = await do(actions.do_join_presence)(room, owner, "subscriber", "p1")
        who = {"participant_id": person.participant_id, "role": "subscriber"}
        who["user"] = {"id": owner.pk, "name": "mei"}
        assert await ear.heard() == events.PresenceChanged(room.room_id, joined=who)
        await do(actions.do_leave_presence)(person.participant_id)
        assert await ear.heard() == events.PresenceChanged(room.room_id, left=who)
        await do(actions.do_join_presence)(room, None, "subscriber", "p1")
        assert await ear.heard() == events.PresenceChanged(room.room_id)
        message = await do(actions.do_send_chat)(room, owner, "hi")
        payload = await do(views_of.chat_payload)(message)
        assert await ear.heard() == events.ChatSent(room.room_id, payload)
        await do(actions.do_delete_chat)(message, owner)
        assert await ear.heard() == events.ChatDeleted(room.room_id, message.pk)
        await do(actions.do_like)(room, 3)
        assert await ear.heard() == events.Liked(room.room_id, 3, 3)
        gift = await do(actions.do_send_gift)(room, owner, "rose", 2)
        payload = await do(views_of.gift_payload)(gift)
        assert await ear.heard() == events.GiftSentEvent(room.room_id, payload)
        await do(actions.do_update_room)(room, title="A room")  # as it was
        await do(actions.do_ban_user)(owner)
        assert await ear.heard() == events.RoomChanged(room.room_id)
        assert await ear.heard() == events.UserBanned(owner.pk)
        await ear.silence()


async def test_what_is_rolled_back_is_not_told():
    room = await make_room_async(await make_user_async("mei"))

    def start_and_fail() -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            actions.do_start_broadcast(room)
            raise ZeroDivisionError

    async with Ear(events.room_group(room.room_id)) as ear:
        await database_sync_to_async(start_and_fail)()
        await ear.silence()


def test_a_dead_layer_harms_no_writer_and_is_logged_once_a_second(monkeypatch, caplog):
    class DeadLayer:
        async def group_send(self, group: str, message: object) -> None:
            raise ConnectionError("nobody there")

    monkeypatch.setattr(events, "get_channel_layer", DeadLayer)
    monkeypatch.setattr(events, "_last_complaint_at", 0.0)
    room = make_room(make_user("mei"))
    make_live(room)
    actions.do_like(room)
    assert room.state == "live"
    assert len(caplog.records) == 1
