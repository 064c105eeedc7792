"""The dashboard: one's rooms, how it went last time, their replays, and what to paste into OBS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from live import access
from live.access_recordings import recordings_shown_to
from live.models import Broadcast, Room, User
from live.pages.encoder import obs_words
from live.pages.people import person
from live.pages.replay_cards import ReplayCard, replay_cards
from live.pages.spark import Bar, spark
from live.parts import disk_ok
from live.views_of import playback

SHOWN_BROADCASTS = 6
SHOWN_REPLAYS = 3


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
    replays: list[ReplayCard]
    replay_count: int
    rtmp_why: str  # "", or the code why OBS can't publish here now


@require_safe
@never_cache
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponse:
    user = access.access_signed_in(person(request))
    context = {
        "cards": [_card(user, room) for room in access.rooms_of(user)],
        "recording_trouble": recording_trouble(),
        **obs_words(),
    }
    return render(request, "dashboard.html", context)


def _card(user: User, room: Room) -> RoomCard:
    broadcasts = access.recent_broadcasts(room, SHOWN_BROADCASTS)
    recordings = recordings_shown_to(user, room)
    return RoomCard(
        room=room,
        viewers=int(getattr(room, "viewers", 0)),
        broadcasts=[_shown(item) for item in broadcasts],
        bars=spark([item.peak_viewers for item in reversed(broadcasts)]),
        replays=replay_cards(recordings[:SHOWN_REPLAYS]),
        replay_count=recordings.count(),
        rtmp_why=why_no_rtmp(room),
    )


def why_no_rtmp(room: Room) -> str:
    """ "": OBS can publish here now; else the code (docs/ingest.md, "Ladder")."""
    ways = {way["way"]: way for way in playback(room, sfu_ok=True)["publish"]}
    return ways["rtmp"]["reason"] or ""


def recording_trouble() -> str:
    """ "", "off" (this server records nothing) or "disk" (nearly full, so nothing just now)."""
    if not settings.RECORDING_ENABLED:
        return "off"
    return "" if disk_ok() else "disk"


def _shown(item: Broadcast) -> Shown:
    if item.ended_at is None:
        return Shown(item, None)
    # Never on air (no media came): zero, whatever the waiting took.
    return Shown(item, item.ended_at - item.live_at if item.live_at else timedelta(0))
