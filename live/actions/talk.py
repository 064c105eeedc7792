"""Chat, hearts and gifts."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from live import events
from live.gifts import GIFTS, MAX_GIFTS_AT_ONCE
from live.lifecycle import RoomState
from live.models import Broadcast, ChatMessage, GiftSent, Room, User
from live.refusals import refusal
from live.text import clean_text
from live.views_of import chat_payload, gift_payload

MAX_CHAT_CHARS = 500
MAX_LIKES_AT_ONCE = 10_000  # all hearts of a room within half a second come as one


@transaction.atomic
def do_send_chat(room: Room, user: User, text: str) -> ChatMessage:
    """Raises chat_empty, chat_too_long, banned."""
    text = clean_text(text)
    if not text:
        raise refusal("chat_empty")
    if len(text) > MAX_CHAT_CHARS:
        raise refusal("chat_too_long")
    _refuse_banned(room, user)
    broadcast = Broadcast.objects.filter(room=room, ended_at__isnull=True).first()
    message = ChatMessage.objects.create(room=room, broadcast=broadcast, user=user, text=text)
    if broadcast is not None:
        Broadcast.objects.filter(pk=broadcast.pk).update(chat_messages=F("chat_messages") + 1)
    events.publish(events.ChatSent(room.room_id, chat_payload(message)))
    return message


@transaction.atomic
def do_delete_chat(message: ChatMessage, by: User) -> bool:
    """By its author, the room's owner or staff; the row stays. False: was deleted already."""
    room = message.room
    if by.is_banned or not (by.is_staff or by.pk in (message.user_id, room.owner_id)):
        raise refusal("forbidden")
    shown = ChatMessage.objects.filter(pk=message.pk, deleted_at__isnull=True)
    if not shown.update(deleted_at=timezone.now()):
        return False
    events.publish(events.ChatDeleted(room.room_id, message.pk))
    return True


@transaction.atomic
def do_like(room: Room, count: int = 1) -> int:
    """The room's new total."""
    count = min(max(count, 1), MAX_LIKES_AT_ONCE)
    Room.objects.filter(pk=room.pk).update(likes_total=F("likes_total") + count)
    Broadcast.objects.filter(room=room, ended_at__isnull=True).update(likes=F("likes") + count)
    total: int = Room.objects.values_list("likes_total", flat=True).get(pk=room.pk)
    events.publish(events.Liked(room.room_id, count, total))
    return total


@transaction.atomic
def do_send_gift(room: Room, user: User, gift: str, count: int = 1) -> GiftSent:
    """Raises unknown_gift, invalid (count), banned, not_live."""
    if gift not in GIFTS:
        raise refusal("unknown_gift")
    if not 1 <= count <= MAX_GIFTS_AT_ONCE:
        raise refusal("invalid", fields={"count": [f"1 to {MAX_GIFTS_AT_ONCE}"]})
    state = _refuse_banned(room, user)
    broadcast = Broadcast.objects.filter(room=room, ended_at__isnull=True).first()
    if broadcast is None or state not in (RoomState.LIVE, RoomState.INTERRUPTED):
        raise refusal("not_live")
    sent = GiftSent.objects.create(
        room=room, broadcast=broadcast, user=user, gift=gift, count=count
    )
    Broadcast.objects.filter(pk=broadcast.pk).update(gifts=F("gifts") + count)
    events.publish(events.GiftSentEvent(room.room_id, gift_payload(sent)))
    return sent


def _refuse_banned(room: Room, user: User) -> RoomState:
    """The room's state. Read anew: the caller's copies may be as old as the connection."""
    state = Room.objects.values_list("state", flat=True).filter(pk=room.pk).first()
    if state is None:
        raise refusal("room_not_found")
    if (
        state == RoomState.BANNED
        or User.objects.filter(pk=user.pk, banned_at__isnull=False).exists()
    ):
        raise refusal("banned")
    return RoomState(state)
