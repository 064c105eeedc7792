"""Rooms, their keys, and who else may publish in them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from live import events, secrets
from live.actions._room import end_play_tokens, locked
from live.actions.ingest import do_cut_off_sender
from live.models import (
    Layout,
    PushProtocol,
    Room,
    RoomPublisher,
    StreamingMode,
    StreamKey,
    StreamType,
    User,
    Visibility,
)
from live.refusals import refusal
from live.text import clean_lines, clean_text

CHOICES: dict[str, Any] = {
    "streaming_mode": StreamingMode,
    "push_protocol": PushProtocol,
    "stream_type": StreamType,
    "visibility": Visibility,
    "layout": Layout,
}
FIXED_ON_AIR = ("streaming_mode", "push_protocol", "stream_type")


@transaction.atomic
def do_create_room(
    owner: User,
    *,
    title: str,
    description: str = "",
    streaming_mode: str = StreamingMode.HYBRID,
    push_protocol: str | None = None,
    stream_type: str = StreamType.VIDEO_AUDIO,
    visibility: str = Visibility.PUBLIC,
    record: bool = True,
    layout: str = Layout.SPEAKER,
) -> tuple[Room, str]:
    """The room and its key in clear. Raises banned, invalid (data.fields), too_many_rooms."""
    owner = User.objects.select_for_update().get(pk=owner.pk)
    if owner.is_banned:
        raise refusal("banned")
    if Room.objects.filter(owner=owner).count() >= settings.MAX_ROOMS_PER_USER:
        raise refusal("too_many_rooms", limit=settings.MAX_ROOMS_PER_USER)
    push_protocol = push_protocol or settle_push_protocol(streaming_mode, None)
    values = _checked(
        {
            "title": title,
            "description": description,
            "streaming_mode": streaming_mode,
            "push_protocol": push_protocol,
            "stream_type": stream_type,
            "visibility": visibility,
            "record": record,
            "layout": layout,
        }
    )
    if settle_push_protocol(streaming_mode, push_protocol) != push_protocol:
        raise refusal("invalid", fields={"push_protocol": [f"not in mode {streaming_mode}"]})
    room = Room.objects.create(owner=owner, **values)
    key = secrets.new_key()
    StreamKey.objects.create(
        room=room, lookup_hash=secrets.hash_key(key), ciphertext=secrets.seal(key)
    )
    return room, key


@transaction.atomic
def do_update_room(room: Room, **changes: Any) -> Room:
    """Raises invalid (data.fields), room_on_air (a change of mode or type would cut what runs)."""
    values = _checked(changes)
    fresh = locked(room)
    changed = {name: value for name, value in values.items() if getattr(fresh, name) != value}
    if fresh.is_on_air and any(name in changed for name in FIXED_ON_AIR):
        raise refusal("room_on_air", fields=[name for name in FIXED_ON_AIR if name in changed])
    mode = changed.get("streaming_mode", fresh.streaming_mode)
    push = settle_push_protocol(mode, changed.get("push_protocol", fresh.push_protocol))
    if "push_protocol" in changed and push != changed["push_protocol"]:
        raise refusal("invalid", fields={"push_protocol": [f"not in mode {mode}"]})
    if push != fresh.push_protocol:
        changed["push_protocol"] = push
    for name, value in changed.items():
        setattr(fresh, name, value)
        setattr(room, name, value)
    if changed:
        fresh.save(update_fields=list(changed))
        events.publish(events.RoomChanged(fresh.room_id))
    return fresh


@transaction.atomic
def do_rotate_key(room: Room) -> str:
    """A new stream key, in clear; the old one is worth nothing from now on."""
    locked(room)
    key = secrets.new_key()
    StreamKey.objects.update_or_create(
        room=room,
        defaults={
            "lookup_hash": secrets.hash_key(key),
            "ciphertext": secrets.seal(key),
            "rotated_at": timezone.now(),
        },
    )
    return key


@transaction.atomic
def do_allow_publisher(room: Room, user: User, by: User | None = None) -> RoomPublisher:
    allowed, _ = RoomPublisher.objects.get_or_create(
        room=room, user=user, defaults={"added_by": by}
    )
    return allowed


@transaction.atomic
def do_disallow_publisher(room: Room, user: User) -> bool:
    """False: was not allowed anyway. What the user publishes now is cut."""
    count, _ = RoomPublisher.objects.filter(room=room, user=user).delete()
    if count:
        do_cut_off_sender(user, room)
        end_play_tokens(room)
        events.publish(events.PublisherDisallowed(room.room_id, user.pk))
    return bool(count)


def settle_push_protocol(mode: str, wanted: str | None) -> str:
    """The way to push that fits the mode; the wanted one where both do."""
    if mode in (StreamingMode.RTMP, StreamingMode.WEBRTC):
        return str(mode)
    return wanted or PushProtocol.WEBRTC.value


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Cleaned, or MicroVibeError invalid with data.fields = {name: [why]}."""
    wrong: dict[str, list[str]] = {}
    clean: dict[str, Any] = {}
    for name, value in values.items():
        if name in CHOICES:
            if value not in CHOICES[name].values:
                wrong[name] = ["one of " + ", ".join(CHOICES[name].values)]
            clean[name] = str(value)
        elif name == "title":
            clean[name] = clean_text(value)
            if not 1 <= len(clean[name]) <= 100:
                wrong[name] = ["1 to 100 characters"]
        elif name == "description":
            clean[name] = clean_lines(value)
            if len(clean[name]) > 2000:
                wrong[name] = ["at most 2000 characters"]
        elif name == "record":
            if not isinstance(value, bool):
                wrong[name] = ["true or false"]
            clean[name] = value
        else:
            wrong[name] = ["can't be changed"]
    if wrong:
        raise refusal("invalid", fields=wrong)
    return clean
