"""The permissioned look-ups of recordings: who may see, list and manage which.

A recording has a visibility of its own: that of its room when the broadcast ended. While it is
still being recorded, that of its room now. Raises MicroVibeError: unauthenticated, banned,
forbidden, recording_not_found, room_not_found.
"""

from __future__ import annotations

from django.db.models import QuerySet

from live.access import PUBLIC_ID, Person, access_room_to_watch, access_signed_in
from live.lifecycle import RoomState
from live.models import Recording, RecordingState, Room, User, Visibility
from live.refusals import refusal


def access_recording(user: Person, recording_id: str) -> Recording:
    """To see. Those of a banned room are answered as the room is."""
    recording = _known_recording(user, recording_id)
    if recording.room.state == RoomState.BANNED and not manages_recordings(user, recording.room):
        raise refusal("banned")
    return recording


def access_recording_to_manage(user: Person, recording_id: str) -> Recording:
    """To change or delete: the room's owner, or staff."""
    person = access_signed_in(user)
    recording = _known_recording(person, recording_id)
    if not manages_recordings(person, recording.room):
        raise refusal("forbidden")
    return recording


def recordings_of_room(user: Person, room_id: str) -> QuerySet[Recording]:
    """Newest first. Owner and staff: all; allowed publishers: what is ready; others: of that, the
    public ones."""
    room = access_room_to_watch(user, room_id)
    return recordings_shown_to(user, room)


def recordings_shown_to(user: Person, room: Room) -> QuerySet[Recording]:
    """For somebody who may watch `room`."""
    recordings = Recording.objects.filter(room=room).select_related("room__owner", "broadcast")
    if manages_recordings(user, room):
        return recordings
    ready = recordings.filter(state=RecordingState.READY)
    return ready if _publishes(user, room) else ready.filter(visibility=Visibility.PUBLIC)


def recordings_of_owner(user: User) -> QuerySet[Recording]:
    """Of all of one's rooms, newest first."""
    return Recording.objects.filter(room__owner=user).select_related("room__owner", "broadcast")


def public_recordings(limit: int) -> list[Recording]:
    """For the home page, newest first: those that anybody may see and whose room anybody may."""
    ready = Recording.objects.filter(state=RecordingState.READY, visibility=Visibility.PUBLIC)
    open_rooms = ready.exclude(room__visibility=Visibility.PRIVATE).filter(
        room__owner__banned_at__isnull=True
    )
    shown = open_rooms.exclude(room__state=RoomState.BANNED)
    return list(shown.select_related("room__owner")[:limit])


def anybody_may_see(recording: Recording) -> bool:
    """Whoever has the link, guests too."""
    room = recording.room
    private = recording.shown_visibility(room) == Visibility.PRIVATE
    return not private and room.state != RoomState.BANNED


def manages_recordings(user: Person, room: Room) -> bool:
    return isinstance(user, User) and (room.owner_id == user.pk or user.is_staff)


def _known_recording(user: Person, recording_id: str) -> Recording:
    if isinstance(user, User) and user.is_banned:
        raise refusal("banned")
    found = Recording.objects.select_related("room__owner", "broadcast")
    known = PUBLIC_ID.fullmatch(recording_id)
    recording = found.filter(recording_id=recording_id).first() if known else None
    if recording is None or not _may_know(user, recording):
        raise refusal("recording_not_found")
    return recording


def _may_know(user: Person, recording: Recording) -> bool:
    room = recording.room
    if recording.shown_visibility(room) != Visibility.PRIVATE:
        return True
    return manages_recordings(user, room) or _publishes(user, room)


def _publishes(user: Person, room: Room) -> bool:
    return isinstance(user, User) and room.publishers.filter(user_id=user.pk).exists()
