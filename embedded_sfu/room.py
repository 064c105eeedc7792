"""Rooms and their peers: who gets which tracks, and what everybody is told. No SDP, no sockets."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Protocol

from sfu_relay.proto import rtc_pb2

from .incoming import PublishedTrack
from .negotiation import SIMULCAST_RIDS

log = logging.getLogger(__name__)

MAX_PEERS = 4_000
MAX_PUBLISHERS_PER_ROOM = 16


class Full(Exception):
    """A bound is reached; the text says which."""


class Member(Protocol):
    """A peer, as its room sees it."""

    uid: str

    def published(self) -> Iterable[PublishedTrack]: ...

    def tell(self, reply: rtc_pb2.Reply) -> None: ...

    def got_track(self, track: PublishedTrack) -> None: ...

    def got_layer(self, track: PublishedTrack) -> None: ...

    def lost_track(self, track: PublishedTrack) -> None: ...


def track_event(
    state: rtc_pb2.TrackEvent.State, uid: str, infos: Iterable[rtc_pb2.TrackInfo]
) -> rtc_pb2.Reply:
    return rtc_pb2.Reply(trackEvent=rtc_pb2.TrackEvent(state=state, uid=uid, tracks=tuple(infos)))


def track_infos(track: PublishedTrack) -> Iterator[rtc_pb2.TrackInfo]:
    """One per layer that was seen, lowest first, as Ion does; one in all without simulcast."""
    seen = {rid for rid, layer in track.layers.items() if layer.started}
    for rid in [rid for rid in SIMULCAST_RIDS if rid in seen] or [""]:
        yield track_info(track, rid)


def track_info(track: PublishedTrack, rid: str, *, muted: bool = False) -> rtc_pb2.TrackInfo:
    return rtc_pb2.TrackInfo(
        id=track.info.track_id,
        kind=track.info.kind,
        streamId=track.info.stream_id,
        type=track.media_type,
        layer=rid,
        muted=muted,
    )


class Room:
    """One room: peers in order of arrival."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, Member] = {}

    def join(self, member: Member) -> None:
        self.members[member.uid] = member

    def introduce(self, member: Member) -> None:
        """Tell a newcomer what is already there."""
        for other in self.members.values():
            if other is member:
                continue
            infos = [
                info
                for track in other.published()
                if track.announced
                for info in track_infos(track)
            ]
            if infos:
                member.tell(track_event(rtc_pb2.TrackEvent.ADD, other.uid, infos))

    def tracks_for(self, member: Member) -> list[PublishedTrack]:
        return [
            track
            for other in self.members.values()
            if other is not member
            for track in other.published()
        ]

    def publishers(self) -> int:
        return sum(1 for member in self.members.values() if any(True for _ in member.published()))

    def opened(self, owner: Member, track: PublishedTrack) -> None:
        """A track is connected: the others are offered it."""
        for member in tuple(self.members.values()):
            if member is not owner:
                member.got_track(track)

    def seen(self, track: PublishedTrack) -> None:
        """The first packet of a track or of one more of its layers: all are told, owner too."""
        track.announced = True
        for member in tuple(self.members.values()):
            member.got_layer(track)
        self._tell_all(track_event(rtc_pb2.TrackEvent.ADD, track.uid, track_infos(track)))

    def closed(self, owner: Member, tracks: Iterable[PublishedTrack]) -> None:
        infos: list[rtc_pb2.TrackInfo] = []
        for track in tracks:
            if track.announced:
                infos.extend(track_infos(track))
            for member in tuple(self.members.values()):
                if member is not owner:
                    member.lost_track(track)
        if infos:
            self._tell_all(track_event(rtc_pb2.TrackEvent.REMOVE, owner.uid, infos))

    def _tell_all(self, reply: rtc_pb2.Reply) -> None:
        for member in tuple(self.members.values()):
            member.tell(reply)


class Rooms:
    """All rooms of the process, and its peers by uid."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.members: dict[str, Member] = {}

    def join(self, name: str, member: Member) -> Room:
        """Raises Full. A uid is taken while its peer lives: Ion would go deaf on the first one."""
        if member.uid in self.members:
            raise Full("This uid has already joined.")
        if len(self.members) >= MAX_PEERS:
            raise Full("The node is full.")
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room(name)
        self.members[member.uid] = member
        room.join(member)
        return room

    def leave(self, room: Room, member: Member) -> None:
        if self.members.get(member.uid) is member:
            del self.members[member.uid]
        if room.members.get(member.uid) is member:
            del room.members[member.uid]
        if not room.members and self.rooms.get(room.name) is room:
            del self.rooms[room.name]
