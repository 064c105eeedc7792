"""Rooms: made, changed, and their keys for browsers without scripts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from live import access
from live.actions import do_create_room, do_rotate_key, do_update_room
from live.errors import MicroVibeError
from live.models import Room
from live.pages.forms import RoomForm, add_refusal
from live.pages.people import person
from live.pages.views.dashboard import recording_trouble

ROOM_FIELDS = ("title", "description", "visibility", "stream_type", "streaming_mode", "record")


@never_cache
@require_http_methods(["GET", "POST"])
def room_new(request: HttpRequest) -> HttpResponse:
    user = access.access_signed_in(person(request))
    form = RoomForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            room, _key = do_create_room(user, **form.cleaned_data)
        except MicroVibeError as error:
            add_refusal(form, error)
        else:
            if room.streaming_mode == "rtmp":
                return redirect("dashboard")
            return redirect("studio", room.room_id)
    return render(request, "room_form.html", _form_page(form, None))


@never_cache
@require_http_methods(["GET", "POST"])
def room_edit(request: HttpRequest, room_id: str) -> HttpResponse:
    room = access.access_room_to_manage(person(request), room_id)
    initial = {name: getattr(room, name) for name in ROOM_FIELDS}
    form = RoomForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            do_update_room(room, **form.cleaned_data)
        except MicroVibeError as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("dashboard")
    return render(request, "room_form.html", _form_page(form, room))


def _form_page(form: RoomForm, room: Room | None) -> dict[str, Any]:
    return {"form": form, "room": room, "recording_trouble": recording_trouble()}


@never_cache
@require_http_methods(["GET", "POST"])
def room_key(request: HttpRequest, room_id: str) -> HttpResponse:
    """For browsers without scripts (else the dashboard does it): POST shows the key."""
    room = access.access_room_to_own(person(request), room_id)
    key = access.access_stream_key(person(request), room_id) if request.method == "POST" else ""
    context = {"room": room, "key": key, "rtmp_server": settings.RTMP_SERVER}
    return render(request, "room_key.html", context)


@never_cache
@require_POST
def room_rotate_key(request: HttpRequest, room_id: str) -> HttpResponse:
    """Also for browsers without scripts."""
    room = access.access_room_to_own(person(request), room_id)
    key = do_rotate_key(room)
    messages.success(request, _("The old stream key no longer works. This is the new one."))
    context = {"room": room, "key": key, "rtmp_server": settings.RTMP_SERVER}
    return render(request, "room_key.html", context)
