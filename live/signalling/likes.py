"""Writes the hearts that the hub added up. Sync, run in the database thread."""

from __future__ import annotations

from live import actions
from live.models import Room


def add_likes(room_id: str, count: int) -> None:
    room = Room.objects.filter(room_id=room_id).first()
    if room is not None:
        actions.do_like(room, count)
