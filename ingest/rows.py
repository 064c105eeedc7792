"""Rooms as reconcile.py sees them, and its effects carried out on them. Sync, for the database's
thread; writes by live.actions only."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from ingest.reconcile import Adopt, Effect, Lost, MediaSeen, Row
from live import access, actions
from live.errors import MicroVibeError
from live.lifecycle import RoomState
from live.models import (
    SENDING,
    BridgeJob,
    BridgeKind,
    BridgeState,
    Ingest,
    Room,
    SfuSession,
    StreamingMode,
    StreamType,
    Visibility,
)

logger = logging.getLogger("ingest")


def read_rows(play_ids: Collection[str]) -> dict[str, Row]:
    """Of these, of all rooms whose Ingest is connected, and of those that a bridge may feed. By
    play id; one query."""
    sending, bridged = Ingest.objects.filter(access.CONNECTED), sent_by_webrtc()
    if not play_ids and not sending.exists() and not bridged.exists():
        return {}  # mostly, and four times cheaper
    found = Room.objects.filter(
        Q(play_id__in=list(play_ids))
        | Q(pk__in=sending.values("room_id"))
        | Q(pk__in=bridged.values("room_id"))
    ).annotate(
        sends_webrtc=Exists(bridged.filter(room=OuterRef("pk"))),
        bridge_waits=Subquery(
            BridgeJob.objects.filter(
                room=OuterRef("pk"), kind=BridgeKind.TO_WEBRTC, state=BridgeState.WAITING
            ).values("reason")[:1]
        ),
    )
    return {
        room.play_id: _row(room)
        for room in found.select_related("owner", "ingest", "stream_key").order_by()
    }


def sent_by_webrtc() -> QuerySet[SfuSession]:
    """Of rooms on air whose WebRTC may be passed on to RTMP."""
    if not settings.STREAMING_WEBRTC_TO_RTMP:
        return SfuSession.objects.none()
    return SfuSession.objects.filter(
        SENDING, room__state=RoomState.LIVE, room__streaming_mode=StreamingMode.HYBRID
    )


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
        private_epoch=room.private_epoch,
        wants_video=room.stream_type != StreamType.AUDIO,
        key_hash_now=key.lookup_hash if key is not None else "",
        sends_webrtc=getattr(room, "sends_webrtc", False),
        bridge_waits=getattr(room, "bridge_waits", None) or "",
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
