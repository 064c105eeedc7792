"""The dashboard: one's rooms, their keys and their last broadcasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from live import access
from live.actions import do_create_room, do_rotate_key, do_update_room
from live.errors import MicroVibeError
from live.models import Broadcast, Room
from live.pages.forms import RoomForm, add_refusal
from live.pages.people import person
from live.pages.spark import Bar, spark
from live.views_of import playback

SHOWN_BROADCASTS = 6
ROOM_FIELDS = ("title", "description", "visibility", "stream_type", "streaming_mode", "record")


@dataclass(frozen=True)
class Shown:
    """A past or running broadcast, as a row of the table."""

    broadcast: Broadcast
    length: timedelta | None  # None: still running


@dataclass(frozen=True)
class RoomCard:
    room: Room
    viewers: int
    broadcasts: list[Shown]
    bars: list[Bar]
    rtmp: bool  # can OBS publish here now?
    rtmp_why: str  # "", or the code why not


@require_safe
@never_cache
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponse:
    user = access.access_signed_in(person(request))
    cards = [_card(room) for room in access.rooms_of(user)]
    return render(request, "dashboard.html", {"cards": cards, "rtmp_server": settings.RTMP_SERVER})


def _card(room: Room) -> RoomCard:
    broadcasts = access.recent_broadcasts(room, SHOWN_BROADCASTS)
    ways = {way["way"]: way for way in playback(room, sfu_ok=True)["publish"]}
    return RoomCard(
        room=room,
        viewers=int(getattr(room, "viewers", 0)),
        broadcasts=[_shown(item) for item in broadcasts],
        bars=spark([item.peak_viewers for item in reversed(broadcasts)]),
        rtmp=bool(ways["rtmp"]["available"]),
        rtmp_why=ways["rtmp"]["reason"] or "",
    )


def _shown(item: Broadcast) -> Shown:
    if item.ended_at is None:
        return Shown(item, None)
    # Never on air (no media came): zero, whatever the waiting took.
    return Shown(item, item.ended_at - item.live_at if item.live_at else timedelta(0))


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
    return render(request, "room_form.html", {"form": form, "room": None})


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
    return render(request, "room_form.html", {"form": form, "room": room})


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
