"""Pictures of the worker's making: what a room shows now, and what a recording shows.

The rights are those of the room or the recording; the files themselves are served by nobody else.
"""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from live import access, access_recordings
from live.errors import MicroVibeError
from live.models import Visibility
from live.pages.views.home import ROOM_ID
from live.recording_files import live_thumbnail_file, thumbnail_file
from playback.tokens import is_valid

LIVE_MAX_AGE_SECS = 10
REPLAY_MAX_AGE_SECS = 3600


@require_safe
def live_picture(request: HttpRequest, room_id: str) -> HttpResponseBase:
    """The newest picture of a room on air, for who may watch it; for all else the drawn cover."""
    if not ROOM_ID.fullmatch(room_id):
        raise Http404
    try:
        room = access.access_room_to_watch(request.user, room_id)
    except MicroVibeError:
        return _cover(room_id)
    answer = _jpeg(request, live_thumbnail_file(room.play_id)) if room.is_on_air else None
    if answer is None:
        return _cover(room_id)
    _keep(answer, LIVE_MAX_AGE_SECS, room.visibility == Visibility.PUBLIC)
    return answer


@require_safe
def replay_picture(request: HttpRequest, recording_id: str) -> HttpResponseBase:
    """For who may see the recording, or was given a token by somebody who may."""
    shared = False
    if not _has_token(request, recording_id):
        try:
            recording = access_recordings.access_recording(request.user, recording_id)
        except MicroVibeError:
            raise Http404 from None
        shared = access_recordings.anybody_may_see(recording)
    answer = _jpeg(request, thumbnail_file(recording_id))
    if answer is None:
        raise Http404
    _keep(answer, REPLAY_MAX_AGE_SECS, shared)
    return answer


def _has_token(request: HttpRequest, recording_id: str) -> bool:
    """A token is good for names of the right form only, so that the id may become a path."""
    secret = settings.PLAY_TOKEN_SECRET
    token = request.GET.get("token", "")
    return bool(secret and token) and is_valid(token, recording_id, secret, time.time())


def _cover(room_id: str) -> HttpResponseBase:
    """Whether the room exists, is private or just off air looks the same."""
    answer = redirect("cover", room_id)
    _keep(answer, LIVE_MAX_AGE_SECS, shared=False)
    return answer


def _jpeg(request: HttpRequest, path: Path) -> HttpResponse | None:
    """None: there is none. 304 when the browser has it."""
    try:
        with path.open("rb") as file:
            changed_at = path.stat().st_mtime
            data = file.read()
    except OSError:
        return None
    etag = f'"{round(changed_at * 1000):x}-{len(data):x}"'
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    asked = request.headers.get("If-None-Match")
    same = etag in asked if asked else since is not None and since >= int(changed_at)
    answer = HttpResponseNotModified() if same else HttpResponse(data, content_type="image/jpeg")
    answer["ETag"] = etag
    answer["Last-Modified"] = http_date(changed_at)
    return answer


def _keep(answer: HttpResponseBase, max_age_secs: int, shared: bool) -> None:
    """`shared`: caches on the way may keep it too, as anybody would get the same."""
    if shared:
        patch_cache_control(answer, public=True, max_age=max_age_secs)
    else:
        patch_cache_control(answer, private=True, max_age=max_age_secs)
