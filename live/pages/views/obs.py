"""The profile for OBS, to download: the owner's alone, because the stream key is in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from live import access
from live.models import StreamingMode
from live.obs_profile import PRESETS, Target, profile_zip
from live.pages.people import person
from live.refusals import refusal
from live.views_of import DETAILS


@never_cache
@require_POST
def obs_profile(request: HttpRequest, room_id: str) -> HttpResponse:
    """`preset`: the name of a row, "720p30" when it is left out. Raises invalid, forbidden, …"""
    user = person(request)
    room = access.access_room_to_own(user, room_id)
    wanted = request.POST.get("preset", PRESETS[0].name)
    row = next((each for each in PRESETS if each.name == wanted), None)
    if row is None:
        raise refusal("invalid")
    if room.streaming_mode == StreamingMode.WEBRTC:  # OBS would be refused with it
        messages.error(request, str(DETAILS["mode_webrtc"]))
        return redirect("dashboard")
    folder = f"MicroVibe-{row.name}-{room.room_id.rpartition('_')[2]}"
    key = access.access_stream_key(user, room_id)
    packed = profile_zip(Target(settings.RTMP_SERVER, key, room.title, folder), row)
    answer = HttpResponse(packed, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{folder}.zip"'
    answer["Cache-Control"] = "no-store, private"
    return answer
