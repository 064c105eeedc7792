"""Messages among people: chat, hearts, gifts, and the ping that keeps a connection."""

from __future__ import annotations

import time

from channels.db import database_sync_to_async

from live import actions
from live.access import access_room_to_watch, access_signed_in
from live.errors import MicroVibeError
from live.models import User
from live.process import Process
from live.signalling.codes import CHAT_MAX_CHARS, ErrorCode
from live.signalling.connection import Connection
from live.signalling.limits import TokenBucket
from live.signalling.schema import Chat, Gift, Like, Ping


async def got_chat(process: Process, connection: Connection, message: Chat) -> None:
    user_id = _signed_in(connection)
    text = message.text.strip()
    if not text:
        raise MicroVibeError(ErrorCode.CHAT_EMPTY)
    if len(text) > CHAT_MAX_CHARS:
        raise MicroVibeError(ErrorCode.CHAT_TOO_LONG)
    _take(connection.limits.chat)
    await database_sync_to_async(_send_chat)(user_id, connection.room_id, text)


async def got_like(process: Process, connection: Connection, message: Like) -> None:
    _take(connection.limits.likes, message.count)
    process.hub.like(connection.room_id, message.count)


async def got_gift(process: Process, connection: Connection, message: Gift) -> None:
    user_id = _signed_in(connection)
    _take(connection.limits.gifts)
    await database_sync_to_async(_send_gift)(
        user_id, connection.room_id, message.gift, message.count
    )


async def got_ping(process: Process, connection: Connection, message: Ping) -> None:
    connection.send("pong", message.echo)


def _signed_in(connection: Connection) -> int:
    if connection.person.user_id is None:
        raise MicroVibeError(ErrorCode.UNAUTHENTICATED)
    return connection.person.user_id


def _take(bucket: TokenBucket, amount: int = 1) -> None:
    wait_secs = bucket.take(time.monotonic(), amount)
    if wait_secs > 0:
        retry = {"retry_in_ms": int(wait_secs * 1000) + 1}
        raise MicroVibeError(ErrorCode.RATE_LIMITED, data=retry)


def _send_chat(user_id: int, room_id: str, text: str) -> None:
    user = access_signed_in(User.objects.filter(pk=user_id).first())
    actions.do_send_chat(access_room_to_watch(user, room_id), user, text)


def _send_gift(user_id: int, room_id: str, gift: str, count: int) -> None:
    user = access_signed_in(User.objects.filter(pk=user_id).first())
    actions.do_send_gift(access_room_to_watch(user, room_id), user, gift, count)
