"""Reads what a plan is made of: rows of rooms on the air, the recorder's wish, playback's status.

Decides nothing. Sync, for the database's thread, but for `waiting`.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db.models import Count

from bridge.plan_terms import Demand, Limits, RoomNow, Shown
from ingest import control
from ingest.playback_job import ask
from live import parts
from live.access import ON_AIR_STATES
from live.models import (
    BridgeJob,
    Participant,
    RestreamTarget,
    Role,
    Room,
    Rung,
    SfuSession,
    StreamingMode,
    StreamType,
)
from live.programme_of import programmes_of
from live.restreams import full_url
from live.secrets import Unreadable


@dataclass(frozen=True)
class Scene:
    rooms: tuple[RoomNow, ...] = ()
    # By restream target: the whole address, with the key of the other platform.
    urls: Mapping[int, str] = field(default_factory=dict, repr=False)
    # Job key → run id as its row has it: staff may have asked for another (do_restart_bridge).
    run_ids: Mapping[str, str] = field(default_factory=dict)


def limits() -> Limits:
    return Limits(
        to_webrtc=settings.STREAMING_RTMP_TO_WEBRTC,
        to_rtmp=settings.STREAMING_WEBRTC_TO_RTMP,
        sfu=settings.SFU_ENABLED,
        rtmp=settings.RTMP_ENABLED,
        ladder=bool(settings.HLS_LADDER),
        ladder_transcodes=set(settings.HLS_LADDER) != {"audio"},
        max_jobs=settings.BRIDGE_MAX_JOBS,
        max_transcodes=settings.BRIDGE_MAX_TRANSCODES,
        stop_after_secs=settings.BRIDGE_STOP_AFTER_SECS,
    )


def read_scene(keys: Collection[str]) -> Scene:
    """`keys`: of jobs that there are. One small query when nothing is on air."""
    on_air = Room.objects.filter(state__in=ON_AIR_STATES)
    if not keys and not on_air.exists():
        return Scene()  # mostly, and three times cheaper
    found = on_air.exclude(streaming_mode=StreamingMode.WEBRTC)
    rooms = list(found.select_related("ingest").order_by())
    run_ids = {}
    if keys:
        run_ids = dict(BridgeJob.objects.filter(key__in=keys).values_list("key", "run_id"))
    targets = _targets(rooms) if rooms else ()
    urls = {}
    for target in targets:
        with contextlib.suppress(Unreadable):
            urls[target.pk] = full_url(target)
    return Scene(tuple(_rooms_now(rooms, targets, urls)) if rooms else (), urls, run_ids)


def _targets(rooms: Sequence[Room]) -> Sequence[RestreamTarget]:
    return list(RestreamTarget.objects.filter(room__in=rooms, enabled=True).order_by("pk"))


def _rooms_now(
    rooms: Sequence[Room], targets: Iterable[RestreamTarget], urls: Mapping[int, str]
) -> Iterable[RoomNow]:
    programmes = programmes_of(rooms)
    ids = [one.session_id for each in programmes.values() for one in each if one.session_id]
    sessions = {
        row.session_id: row
        for row in SfuSession.objects.filter(session_id__in=ids).select_related("user")
    }
    watching, nodes = _watching(rooms), _nodes(rooms)
    targets_of = defaultdict(list)
    for target in targets:
        targets_of[target.room_id].append(target.pk)
    may_record = settings.RECORDING_ENABLED and parts.disk_ok()
    for room in rooms:
        ingest = getattr(room, "ingest", None)
        here = watching[room.pk]
        flv = here[Rung.FLV] + (ingest.flv_viewers if ingest else 0)
        hls = here[Rung.HLS] + (ingest.hls_viewers if ingest else 0)
        yield RoomNow(
            room_id=room.room_id,
            play_id=room.play_id,
            owner=room.owner_id,
            mode=str(room.streaming_mode),
            programme=tuple(
                _shown(one.person, one.session_id, one.muted, sessions.get(one.session_id))
                for one in programmes[room.pk]
            ),
            demand=Demand(
                flv=flv,
                hls=hls,
                record=room.record and may_record,
            ),
            viewers=flv + hls + here[Rung.WEBRTC] + here[Rung.NONE],
            audio_only=room.stream_type == StreamType.AUDIO,
            layout=str(room.layout),
            node=nodes.get(room.pk, ""),
            targets=tuple(targets_of[room.pk]),
            sealed=frozenset(pk for pk in targets_of[room.pk] if pk not in urls),
        )


def _shown(person: int, session_id: str, muted: bool, row: SfuSession | None) -> Shown:
    if row is None:
        return Shown(person, session_id, muted=muted)
    streams = tuple(sorted((str(name), str(source)) for name, source in row.sources.items()))
    name = row.user.name if row.user is not None else ""
    return Shown(person, session_id, streams, name, muted)


def _watching(rooms: Sequence[Room]) -> Mapping[int, Counter[str]]:
    """room → how many of our pages play in each way now; "": in the room, but nothing (yet)."""
    there = Participant.objects.filter(room__in=rooms, left_at__isnull=True, role=Role.SUBSCRIBER)
    counted = there.order_by().values_list("room_id", "rung").annotate(count=Count("pk"))
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for room_pk, rung, count in counted:
        found[room_pk][rung] = count
    return found


def _nodes(rooms: Sequence[Room]) -> Mapping[int, str]:
    """Where a room's people are, in a cluster of SFUs: what bridges must join as well."""
    if settings.SFU_MODE != "cluster":
        return {}
    there = SfuSession.objects.filter(room__in=rooms, ended_at__isnull=True).exclude(node="")
    return dict(there.order_by("started_at").values_list("room_id", "node"))


# --- Requests that wait -------------------------------------------------------------------------
def may_wait(room: RoomNow) -> bool:
    """Somebody sends here by WebRTC: what is asked for and not there yet would need a bridge."""
    return room.mode == "hybrid" and any(not one.by_rtmp for one in room.programme)


async def with_waiting(rooms: Sequence[RoomNow]) -> tuple[RoomNow, ...]:
    """With what playback says of requests that came before there was anything to play."""
    try:
        status = await ask("/status")
    except control.NotAnswering:
        return tuple(rooms)
    streams = status.get("streams") if isinstance(status, dict) else None
    said = streams if isinstance(streams, dict) else {}
    return tuple(
        replace(room, demand=replace(room.demand, waits=_is_wanted(said.get(room.play_id))))
        for room in rooms
    )


def _is_wanted(said: Any) -> bool:
    if not isinstance(said, dict):
        return False
    return any(said.get(name) for name in ("wanted", "viewers", "page_viewers"))
