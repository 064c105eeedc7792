"""Who is live, and the newest replays; and the drawn covers."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from live import access
from live.access_recordings import public_recordings
from live.models import Broadcast, Room
from live.pages.cover import cover_svg
from live.pages.replay_cards import replay_cards

MOST_CARDS = 60
MOST_REPLAYS = 12
ROOM_ID = re.compile(r"room_[a-z0-9]{1,32}")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`?cards` gives the cards alone: home.js asks for them every 10 s."""
    rooms = access.live_rooms(MOST_CARDS)
    context = {"cards": _cards(rooms), "total_viewers": sum(_viewers(room) for room in rooms)}
    if "cards" in request.GET:
        return render(request, "parts/live_cards.html", context)
    context["replays"] = replay_cards(public_recordings(MOST_REPLAYS))
    return render(request, "home.html", context)


def _viewers(room: Room) -> int:
    return int(getattr(room, "viewers", 0))


def _cards(rooms: list[Room]) -> list[dict[str, Any]]:
    on_air = Broadcast.objects.filter(room__in=rooms, ended_at__isnull=True)
    starts = {item.room_id: item.live_at or item.started_at for item in on_air}
    return [
        {
            "room": room,
            "viewers": _viewers(room),
            "since": starts.get(room.pk, room.state_changed_at),
        }
        for room in rooms
    ]


@require_safe
@cache_control(public=True, max_age=86_400, immutable=True)
def cover(request: HttpRequest, room_id: str) -> HttpResponse:
    """Drawn from the id alone: tells nothing about whether the room exists."""
    if not ROOM_ID.fullmatch(room_id):
        raise Http404
    return HttpResponse(cover_svg(room_id), content_type="image/svg+xml")
