"""Where a room's HTTP-FLV and HLS are, with a play token where one is needed; guests' links.

Only for people who may watch the room: who has such a URL may play it until the token expires.
"""

from __future__ import annotations

import time

from django.conf import settings

from live.models import Room, Visibility
from playback.tokens import build_token, expiry, play_name


def flv_url(room: Room) -> str:
    return f"{settings.FLV_SERVER}/{room.play_id}.flv{_token_query(room)}"


def hls_url(room: Room) -> str:
    return f"{settings.HLS_SERVER}/{room.play_id}.m3u8{_token_query(room)}"


def guest_url(token: str) -> str:
    """The page that a guest's link opens. Secret."""
    return f"{settings.PUBLIC_URL}/guest/{token}"


def _token_query(room: Room) -> str:
    """The same for hours, so that the hub has nothing new to tell each second."""
    secret = settings.PLAY_TOKEN_SECRET
    if room.visibility == Visibility.PUBLIC or not secret:  # without one nothing is served
        return ""
    expires = expiry(time.time(), settings.PLAY_TOKEN_SECS)
    name = play_name(room.play_id, room.private_epoch)
    return f"?token={build_token(name, secret, expires)}"
