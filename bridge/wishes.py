"""What each room wants of bridges, before places and slots are given. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from bridge.plan_terms import Held, Job, Limits, RoomNow, Shown, Wish, key_of

# An encoder that comes back finds its bridge still there; longer, and it is another broadcast's.
LINGER_SECS: Final = 10.0


def wishes_of(
    room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float
) -> Iterator[Wish]:
    if limits.rtmp and room.mode == "hybrid" and limits.sfu:
        yield from _to_webrtc(room, held, limits, now)
        yield from _to_rtmp(room, held, limits, now)
    if limits.rtmp and room.mode != "webrtc":
        if limits.ladder:
            yield from _ladder(room, held, limits, now)
        for target in room.targets:
            job, past = _job("restream", room, held, now, target)
            if past is None and not room.programme:
                continue  # on the air by a button alone: there is nothing to pass on
            yield Wish(job, past, sealed=target in room.sealed)


def _to_webrtc(
    room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float
) -> Iterator[Wish]:
    if not limits.to_webrtc:
        return
    senders = [shown.person for shown in room.programme if shown.by_rtmp]
    job, past = _job("to_webrtc", room, held, now, wished=bool(senders))
    person = senders[0] if senders else past.person if past else 0
    if not senders:
        replaced = any(shown.person == person for shown in room.programme)
        if past is None or replaced or now - past.wished_at > LINGER_SECS:
            return
    watched = room.viewers > 0
    yield Wish(replace(job, person=person), past, transcodes=_needs(past), watched=watched)


def _to_rtmp(room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float) -> Iterator[Wish]:
    """Goes on while nobody sends (a page is reloaded), but does not begin then."""
    if not limits.to_rtmp or _is_one_by_rtmp(room.programme):
        return
    wished = bool(room.demand) or bool(room.targets)
    job, past = _job("to_rtmp", room, held, now, wished=wished)
    if past is None and not (wished and room.programme):
        return
    if now - job.wished_at > limits.stop_after_secs:
        return
    tiles = tuple(_with_session(room, shown, held) for shown in room.programme)
    complete = all(tile.session_id for tile in tiles)
    mixes = _pictures(tiles) > 1
    job = replace(job, tiles=tuple(tile for tile in tiles if tile.session_id))
    by_rtmp_first = bool(room.programme) and room.programme[0].by_rtmp
    yield Wish(
        job,
        past,
        mixes=mixes,
        transcodes=_needs(past),
        # Without mixing nginx's own push of the encoder shows the first one.
        runs_without=not by_rtmp_first,
        ready=complete or (past is not None and past.mode == "mix"),
        watched=room.viewers > 0 or bool(room.targets),
    )


def _ladder(room: RoomNow, held: Mapping[str, Held], limits: Limits, now: float) -> Iterator[Wish]:
    if room.audio_only:
        return  # there is nothing to make smaller
    wished = bool(room.demand.hls)
    job, past = _job("ladder", room, held, now, wished=wished)
    if past is None and not (wished and room.programme):
        return
    if now - job.wished_at <= limits.stop_after_secs:
        costs = limits.ladder_transcodes
        watched = room.viewers > 0
        yield Wish(job, past, transcodes=costs, runs_without=not costs, watched=watched)


def _job(
    kind: str,
    room: RoomNow,
    held: Mapping[str, Held],
    now: float,
    target: int | None = None,
    *,
    wished: bool = True,
) -> tuple[Job, Held | None]:
    past = held.get(key_of(kind, room.room_id, target))
    job = Job(
        kind=kind,
        room_id=room.room_id,
        play_id=room.play_id,
        target=target,
        owner=room.owner,
        since=past.since if past else now,
        wished_at=now if wished or past is None else past.wished_at,
        audio_only=room.audio_only,
        layout=room.layout,
        node=room.node,
    )
    return job, past


def _is_one_by_rtmp(programme: Collection[Shown]) -> bool:
    return len(programme) == 1 and all(shown.by_rtmp for shown in programme)


def _with_session(room: RoomNow, shown: Shown, held: Mapping[str, Held]) -> Shown:
    """Who comes by RTMP is seen in the SFU as what to_webrtc sends there, once it does."""
    if not shown.by_rtmp:
        return shown
    bridge = held.get(key_of("to_webrtc", room.room_id))
    heard = bridge.heard if bridge else None
    runs = heard is not None and heard.state == "running"
    return replace(shown, session_id=heard.session_id) if heard and runs else shown


def _pictures(tiles: Iterable[Shown]) -> int:
    return sum(max(1, len(tile.streams)) for tile in tiles)


def _needs(past: Held | None) -> bool:
    """A child that transcodes goes on with it until it says that it does well without."""
    if past is None:
        return False
    if past.heard is None:  # it broke, or has not begun: what it needed is still known
        return past.mode == "transcode" or past.waits_since > 0
    if past.heard.needs:
        return True
    return past.mode == "transcode" and past.heard.state != "running"
