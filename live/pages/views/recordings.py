"""A room's recordings, for its owner and staff: listed, downloaded, renamed, deleted."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from live import access, access_recordings, recordings_of
from live.actions import do_delete_recording, do_update_recording
from live.errors import MicroVibeError
from live.models import Recording
from live.pages.forms import RecordingForm, add_refusal
from live.pages.people import person
from live.pages.replay_cards import replay_cards
from live.pages.views.dashboard import recording_trouble
from live.refusals import refusal

PAGE_SIZE = 30


@require_safe
@never_cache
def recordings(request: HttpRequest, room_id: str) -> HttpResponse:
    room = access.access_room_to_manage(person(request), room_id)
    found = access_recordings.recordings_shown_to(person(request), room)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "room": room,
        "page": page,
        "cards": replay_cards(page.object_list),
        "count": found.count(),
        "used_bytes": found.aggregate(used=Sum("size_bytes"))["used"] or 0,
        "recording_trouble": recording_trouble(),
        **_limits(),
    }
    return render(request, "recordings.html", context)


def _limits() -> dict[str, Any]:
    return {
        "keep_days": settings.RECORDING_KEEP_DAYS,
        "quota_bytes": round(settings.RECORDING_QUOTA_GB * 10**9),
    }


@never_cache
@require_http_methods(["GET", "POST"])
def recording_edit(request: HttpRequest, recording_id: str) -> HttpResponse:
    recording = access_recordings.access_recording_to_manage(person(request), recording_id)
    initial = {
        "title": recording.title,
        "visibility": recording.shown_visibility(recording.room),
    }
    form = RecordingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            do_update_recording(recording, **form.cleaned_data)
        except MicroVibeError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(_back(recording))
    context = {"recording": recording, "form": form, "back": _back(recording)}
    return render(request, "recording_edit.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def recording_delete(request: HttpRequest, recording_id: str) -> HttpResponse:
    """Asks on a page of its own where there are no scripts; they ask in a dialog."""
    recording = access_recordings.access_recording_to_manage(person(request), recording_id)
    if request.method == "POST":
        back = reverse("recordings", args=[recording.room.room_id])
        try:
            do_delete_recording(recording)
        except MicroVibeError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The replay is deleted."))
        return redirect(back)
    context = {"recording": recording, "back": _back(recording)}
    return render(request, "recording_delete.html", context)


@require_safe
@never_cache
def recording_download(request: HttpRequest, recording_id: str) -> HttpResponse:
    """To the file with a token made now: a link in a page that was open for hours still works."""
    recording = access_recordings.access_recording_to_manage(person(request), recording_id)
    url = recordings_of.recording_shape(recording, origin="")["download_url"]
    if url is None:
        raise refusal("recording_not_found")
    return redirect(url)


def _back(recording: Recording) -> str:
    return f"{reverse('recordings', args=[recording.room.room_id])}#{recording.recording_id}"
