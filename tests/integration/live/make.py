"""Users and rooms for tests, made by the real actions."""

from __future__ import annotations

from typing import Any

from live import actions
from live.models import Room, User

PASSWORD = "correct horse battery"


def make_user(username: str, **fields: Any) -> User:
    user = actions.do_sign_up(username, PASSWORD, fields.pop("display_name", ""))
    if fields:
        User.objects.filter(pk=user.pk).update(**fields)
        user.refresh_from_db()
    return user


def make_room(owner: User, title: str = "A room", **fields: Any) -> Room:
    return actions.do_create_room(owner, title=title, **fields)[0]


def make_live(room: Room) -> Room:
    """On the air, with one publisher session."""
    actions.do_open_session(f"sess_{room.room_id}", room, None, room.owner, "publisher")
    actions.do_session_connected(f"sess_{room.room_id}")
    actions.do_start_broadcast(room)
    return actions.do_media_started(room)
