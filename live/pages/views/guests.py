"""The green room: by a link, or as somebody whom the owner invited."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from live.access_guests import (
    access_room_as_guest,
    access_room_by_invite,
    guest_of,
    room_of_invite,
)
from live.errors import MicroVibeError
from live.guest_states import PRESENT
from live.guests_of import my_guest_payload
from live.models import Room
from live.pages.people import person, sign_in_url
from live.pages.views.stage import page_config


@require_safe
@never_cache
@ensure_csrf_cookie
def guest_link(request: HttpRequest, token: str) -> HttpResponse:
    """Who is not signed in reads what room it is and whose; others are in the green room."""
    user = person(request)
    if user is None:
        return _door(request, room_of_invite(token))
    try:
        room = access_room_by_invite(user, token)
    except MicroVibeError as error:
        if error.code != "already_publisher":
            raise
        return redirect("studio", room_of_invite(token).room_id)
    guest = guest_of(user, room)
    if guest is not None and guest.state in PRESENT:
        return redirect("guest", room.room_id)
    return _green_room(request, room, {"guest": None, "invite_token": token})


@require_safe
@never_cache
@ensure_csrf_cookie
def guest(request: HttpRequest, room_id: str) -> HttpResponse:
    """Of whom the owner invited, who waits, or who is on stage."""
    user = person(request)
    try:
        room = access_room_as_guest(user, room_id)
    except MicroVibeError as error:
        if error.code != "already_publisher":
            raise
        return redirect("studio", room_id)
    own = guest_of(user, room)
    return _green_room(request, room, {"guest": my_guest_payload(own) if own else None})


def _green_room(request: HttpRequest, room: Room, more: dict[str, Any]) -> HttpResponse:
    config = page_config(request, room, "publisher") | more
    return render(request, "live/guest.html", {"room": room, "config": config})


def _door(request: HttpRequest, room: Room) -> HttpResponse:
    back = request.get_full_path()
    context = {
        "room": room,
        "sign_in": sign_in_url(back),
        "sign_up": f"{reverse('sign-up')}?{urlencode({'next': back})}",
        "sign_up_open": settings.SIGN_UP_OPEN,
    }
    return render(request, "live/guest_link.html", context)
