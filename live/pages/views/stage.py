"""The pages with a picture, watch and studio; static/js/live/ works with the config from here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from live import access
from live.access_recordings import recordings_shown_to
from live.gifts import catalogue
from live.media import sfu_ok
from live.models import Room
from live.pages.encoder import obs_words
from live.pages.people import person, sign_in_url
from live.pages.replay_cards import replay_cards
from live.pages.views.dashboard import why_no_rtmp
from live.views_of import playback, room_state, user_payload

SHOWN_REPLAYS = 8


@require_safe
@never_cache
@ensure_csrf_cookie
def watch(request: HttpRequest, room_id: str) -> HttpResponse:
    user = person(request)
    room = access.access_room_to_watch(user, room_id)
    owns = user is not None and room.owner_id == user.pk
    ladder = playback(room, sfu_ok())
    config = page_config(request, room, "subscriber") | {"players": players(), "playback": ladder}
    # For the owner too only what all may see: private ones would look as if they were public.
    replays = [] if room.is_on_air else recordings_shown_to(None, room)[:SHOWN_REPLAYS]
    context = {"room": room, "config": config, "owns": owns, "replays": replay_cards(replays)}
    # The best rung's script is fetched beside the page's own modules, not after them.
    best = next((rung["rung"] for rung in ladder["rungs"] if rung["available"]), "")
    context["preload"] = players().get(request.GET.get("rung", best), "")
    return render(request, "live/watch.html", context)


@require_safe
@never_cache
@ensure_csrf_cookie
def studio(request: HttpRequest, room_id: str) -> HttpResponse:
    user = person(request)
    room = access.access_room_to_publish(user, room_id)
    owns = user is not None and room.owner_id == user.pk
    config = page_config(request, room, "publisher") | {
        "rtmp": {"server": settings.RTMP_SERVER},
        "push": settings.STREAMING_SOCKET_FALLBACK and settings.BEHIND_FRONT,
    }
    context = {"room": room, "config": config, "owns": owns, **obs_words()}
    # The card is there in any mode: the owner may change it on this page.
    why = why_no_rtmp(room)
    context["rtmp_why"] = "" if why == "mode_webrtc" else why
    return render(request, "live/studio.html", context)


@require_safe
@never_cache
def go_live(request: HttpRequest) -> HttpResponse:
    """The button in the header: to the studio of one's newest room, or to making the first."""
    user = access.access_signed_in(person(request))
    room = access.rooms_of(user).first()
    if room is None:
        return redirect("room-new")
    return redirect("studio", room.room_id)


def players() -> dict[str, str]:
    """Scripts of the rungs below WebRTC, loaded when one of them is needed."""
    return {
        "flv": static("npm/mpegts.js/dist/mpegts.js"),
        "hls": static("npm/hls.js/dist/hls.light.min.js"),
    }


def page_config(request: HttpRequest, room: Room, role: str) -> dict[str, Any]:
    room_id = room.room_id
    return {
        "room_id": room_id,
        "role": role,
        "user": user_payload(person(request)),
        "ws_path": "/api/v1/live/ws",
        "api_base": "/api/v1",
        "sign_in_url": sign_in_url(request.get_full_path()),
        "home_url": reverse("home"),
        "studio_url": reverse("studio", args=[room_id]),
        "watch_url": reverse("watch", args=[room_id]),
        "guest_url": reverse("guest", args=[room_id]),
        "dashboard_url": reverse("dashboard"),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "lang": get_language() or "en",
        "room": room_state(room),
        "gifts": catalogue(),
    }
