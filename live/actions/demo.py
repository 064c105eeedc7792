"""The accounts that a first run starts with."""

from __future__ import annotations

from django.db import transaction

from live.actions.rooms import do_create_room
from live.models import Room, User

STREAMER, STAFF = "demo", "staff"
ROOM_TITLE = "Demo room"


@transaction.atomic
def do_make_demo_accounts(password: str) -> bool:
    """A streamer with a room, and a staff member. Whether any was made; what is there stays."""
    made = False
    streamer = User.objects.filter(username=STREAMER).first()
    if streamer is None:
        streamer = User.objects.create_user(STREAMER, password=password, display_name="Demo")
        made = True
    if not Room.objects.filter(owner=streamer).exists():
        do_create_room(streamer, title=ROOM_TITLE)
        made = True
    if not User.objects.filter(username=STAFF).exists():
        User.objects.create_superuser(STAFF, password=password, display_name="Staff")
        made = True
    return made
