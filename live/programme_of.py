"""The programme of rooms as the rows say it now (live/program.py says what that is). Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from live.models import SENDING, Guest, GuestState, Ingest, Room, SfuSession
from live.program import Source, programme


def programme_of(room: Room) -> tuple[Source, ...]:
    """The owner first, then guests as they came; empty while nobody sends."""
    return programmes_of([room])[room.pk]


def programmes_of(rooms: Collection[Room]) -> dict[int, tuple[Source, ...]]:
    """By the rooms' primary keys, in three queries. Of every room given, on air or not."""
    owners = {room.pk: room.owner_id for room in rooms}
    muted = set(
        Guest.objects.filter(room__in=owners, state=GuestState.ON_STAGE, muted=True).values_list(
            "room_id", "user_id"
        )
    )
    found: dict[int, list[Source]] = defaultdict(list)
    for ingest in Ingest.objects.filter(room__in=owners, media_at__isnull=False):
        if ingest.has_media and ingest.media_at is not None:
            since = ingest.accepted_at or ingest.media_at
            person = ingest.sender_id or owners[ingest.room_id]
            found[ingest.room_id].append(Source(person, since))
    for session in SfuSession.objects.filter(SENDING, room__in=owners):
        # A session whose user was deleted shows on as the owner's until it is closed.
        person = session.user_id or owners[session.room_id]
        is_muted = (session.room_id, person) in muted
        found[session.room_id].append(
            Source(person, session.started_at, session.session_id, is_muted)
        )
    return {pk: programme(found[pk], owner) for pk, owner in owners.items()}
