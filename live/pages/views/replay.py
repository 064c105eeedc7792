"""The page that plays a recording, with its chat in step; static/js/replay.js works it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from live import access, access_recordings, recordings_of
from live.actions import do_count_view
from live.errors import MicroVibeError
from live.models import Recording, User, Visibility
from live.pages.people import person
from live.tries import address_of

SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")


@require_safe
@never_cache
def replay(request: HttpRequest, recording_id: str) -> HttpResponse:
    user = person(request)
    recording = access_recordings.access_recording(user, recording_id)
    manages = access_recordings.manages_recordings(user, recording.room)
    if recording.is_ready and not manages:
        do_count_view(recording, request.session.session_key or address_of(request))
    shown = recordings_of.recording_shape(recording, origin="")
    context = {
        "recording": recording,
        "shown": shown,
        "manages": manages,
        "room_open": _may_watch_room(user, recording),
        "speeds": SPEEDS,
        "is_public": shown["visibility"] == Visibility.PUBLIC and recording.is_ready,
    }
    return render(request, "replay.html", context)


def _may_watch_room(user: User | None, recording: Recording) -> bool:
    """A public recording of a room that became private has no way back to it."""
    try:
        access.access_room_to_watch(user, recording.room.room_id)
    except MicroVibeError:
        return False
    return True
