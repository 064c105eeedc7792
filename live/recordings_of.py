"""How recordings look from outside: the payloads that REST and pages share. Reads, never writes."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet

from live.access_recordings import anybody_may_see
from live.models import ChatMessage, GiftSent, Recording
from live.recording_files import thumbnail_file
from live.replay_clock import position_ms
from live.views_of import chat_payload, gift_payload, iso
from playback.tokens import build_token, expiry

MOST_GIFTS: Final = 1000


def recording_shape(recording: Recording, origin: str | None = None) -> dict[str, Any]:
    """For somebody who may see it: who has `url` may play it until its token expires.

    `origin` "": addresses relative to the page's own, as its Content-Security-Policy wants them.
    """
    start = settings.PUBLIC_URL if origin is None else origin
    file_url = _file_url(recording, start) if recording.is_ready else None
    return {
        "recording_id": recording.recording_id,
        "room_id": recording.room.room_id,
        "broadcast_id": recording.broadcast_id,
        "title": recording.title,
        "visibility": recording.shown_visibility(recording.room),
        "state": str(recording.state),
        "problem": recording.problem or None,
        "number": recording.number,
        "started_at": iso(recording.started_at),
        "duration_secs": round(recording.duration_secs, 3),
        "size_bytes": recording.size_bytes,
        "width": recording.width,
        "height": recording.height,
        "views": recording.views,
        "url": file_url,
        "download_url": f"{file_url}&download=1" if file_url else None,
        "thumbnail_url": thumbnail_url(recording, start),
        "page_url": f"{start}/replays/{recording.recording_id}",
    }


def thumbnail_url(recording: Recording, origin: str = "") -> str | None:
    """With a token where not everybody may see it. None: there is none (yet), as of sound only."""
    if not recording.is_ready or not thumbnail_file(recording.recording_id).exists():
        return None
    query = "" if anybody_may_see(recording) else f"?token={_token(recording)}"
    return f"{origin}/replays/{recording.recording_id}.jpg{query}"


def _file_url(recording: Recording, origin: str) -> str | None:
    token = _token(recording)
    if not token:  # nothing would be served
        return None
    return f"{origin}/recordings/{recording.recording_id}.mp4?token={token}"


def _token(recording: Recording) -> str:
    secret = settings.PLAY_TOKEN_SECRET
    expires = expiry(time.time(), settings.PLAY_TOKEN_SECS)
    return build_token(recording.recording_id, secret, expires) if secret else ""


def replay_chat(recording: Recording, after: int = 0, limit: int = 200) -> dict[str, Any]:
    """What was said, oldest first, each with `at_ms`: where in the video.

    `after`: the `next` of the page before; 0 for the first page, which also has the gifts.
    `next`: None on the last page.
    """
    said = _of_recording(ChatMessage.objects.filter(deleted_at__isnull=True), recording)
    page = list(
        said.filter(pk__gt=after).select_related("user", "room").order_by("pk")[: limit + 1]
    )
    items = [{**chat_payload(one), "at_ms": _at_ms(recording, one)} for one in page[:limit]]
    gifts: list[dict[str, Any]] = []
    if not after:
        given = _of_recording(GiftSent.objects.all(), recording).select_related("user")
        first = given.order_by("pk")[:MOST_GIFTS]
        gifts = [{**gift_payload(one), "at_ms": _at_ms(recording, one)} for one in first]
    more = len(page) > limit
    return {"items": items, "gifts": gifts, "next": page[limit - 1].pk if more else None}


def _at_ms(recording: Recording, row: Any) -> int:
    at = position_ms(recording.pieces, row.sent_at)
    return 0 if at is None else at


def _of_recording(rows: QuerySet[Any], recording: Recording) -> QuerySet[Any]:
    """Rows of its broadcast that belong to this one of its recordings."""
    if recording.broadcast_id is None:
        ended = recording.started_at + timedelta(seconds=recording.duration_secs)
        times = (recording.started_at, ended)
        return rows.filter(room=recording.room_id, sent_at__range=times)
    rows = rows.filter(broadcast=recording.broadcast_id)
    siblings = Recording.objects.filter(broadcast=recording.broadcast_id)
    following = siblings.filter(number__gt=recording.number).order_by("number").first()
    if following is not None:
        rows = rows.filter(sent_at__lt=following.started_at)
    if siblings.filter(number__lt=recording.number).exists():
        rows = rows.filter(sent_at__gte=recording.started_at)
    return rows
