"""Rooms as reconcile.py sees them, and its effects carried out on them. Sync, for the database's
thread; writes by live.actions only."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q

from ingest.reconcile import Adopt, Effect, Lost, MediaSeen, Row
from live import access, actions
from live.errors import MicroVibeError
from live.models import Ingest, Room, StreamType, Visibility

logger = logging.getLogger("ingest")


def read_rows(play_ids: Collection[str]) -> dict[str, Row]:
    """Of these, and of all rooms whose Ingest is connected. By play id; one query."""
    sending = Ingest.objects.filter(access.CONNECTED)
    if not play_ids and not sending.exists():
        return {}  # mostly, and four times cheaper
    connected = sending.values("room_id")
    found = Room.objects.filter(Q(play_id__in=list(play_ids)) | Q(pk__in=connected))
    return {
        room.play_id: _row(room)
        for room in found.select_related("owner", "ingest", "stream_key").order_by()
    }


def carry_out(effects: Iterable[Effect], figures: Mapping[str, Mapping[str, Any]]) -> None:
    """All but DropPublisher, which nginx carries out. `figures`: by play id."""
    for effect in effects:
        room = Room.objects.filter(play_id=effect.play_id).first()
        if room is None:
            continue
        try:
            match effect:
                case MediaSeen(client_id=client_id):
                    if actions.do_ingest_media(room, figures.get(room.play_id), client_id):
                        logger.info("ingest of %s: media", room.room_id)
                case Lost(client_id=client_id):
                    if actions.do_ingest_lost(room, client_id):
                        logger.info("ingest of %s: lost", room.room_id)
                case Adopt(client_id=client_id, address=address, encoder=encoder):
                    actions.do_adopt_ingest(room, client_id, address, encoder)
                    logger.info("ingest of %s: adopted", room.room_id)
        except MicroVibeError as error:
            logger.info("ingest of %s: %s was refused", room.room_id, error.code)


def lose_all() -> None:
    """RTMP is switched off: whoever was connected is not."""
    for ingest in Ingest.objects.filter(access.CONNECTED).select_related("room"):
        actions.do_ingest_lost(ingest.room, ingest.client_id)
    actions.do_set_outside_viewers({})


def _row(room: Room) -> Row:
    ingest: Ingest | None = getattr(room, "ingest", None)
    key = getattr(room, "stream_key", None)
    row = Row(
        play_id=room.play_id,
        state=room.state,
        mode=room.streaming_mode,
        ended_reason=room.ended_reason,
        owner_banned=room.owner.is_banned,
        is_public=room.visibility == Visibility.PUBLIC,
        is_private=room.visibility == Visibility.PRIVATE,
        wants_video=room.stream_type != StreamType.AUDIO,
        key_hash_now=key.lookup_hash if key is not None else "",
    )
    if ingest is None:
        return row
    return replace(
        row,
        client_id=ingest.client_id,
        key_hash=ingest.key_hash,
        accepted_at=ingest.accepted_at,
        media_at=ingest.media_at,
        lost_at=ingest.lost_at,
    )
