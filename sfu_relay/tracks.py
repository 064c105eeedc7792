"""Which tracks each room of ours has, pure: publishers' offers and SFU announcements merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sfu_relay.events import RoomId, SessionId, Track
from sfu_relay.guard import LAYERS, OfferedTrack

MAX_TRACKS_PER_SESSION = 32
DEFAULT_SOURCE = "camera"


@dataclass(frozen=True, slots=True)
class AnnouncedTrack:
    """One track (or one simulcast layer of it) as the SFU names it."""

    track_id: str
    stream_id: str
    kind: str
    layer: str = ""


@dataclass(slots=True)
class _Publisher:
    room_id: RoomId
    offered: dict[str, OfferedTrack] = field(default_factory=dict)  # by track id
    sources: dict[str, str] = field(default_factory=dict)  # by stream id
    tracks: dict[str, Track] = field(default_factory=dict)  # live ones, by track id
    elsewhere: bool = False  # another process owns its stream


class TrackDirectory:
    """The tracks of every publisher of this process's rooms, in order of arrival.

    TrackEvents of a node go to every peer of it, across rooms: what names a session that is not
    in here is another process's, to be adopted if it is in a room of ours, or nobody's.
    """

    def __init__(self) -> None:
        self._publishers: dict[SessionId, _Publisher] = {}

    def opened(self, session_id: SessionId, room_id: RoomId) -> None:
        self._publishers.setdefault(session_id, _Publisher(room_id))

    def room_of(self, session_id: SessionId) -> RoomId | None:
        publisher = self._publishers.get(session_id)
        return publisher.room_id if publisher else None

    def adopted(self, session_id: SessionId, room_id: RoomId, sources: Mapping[str, str]) -> None:
        """A publisher whose stream another process owns: only the SFU tells of it here."""
        publisher = self._publishers.setdefault(session_id, _Publisher(room_id, elsewhere=True))
        if publisher.elsewhere:
            publisher.sources.update(sources)

    def knows(self, session_id: SessionId, tracks: Iterable[AnnouncedTrack]) -> bool:
        """False: somebody has to be asked whose these are, or what they show."""
        publisher = self._publishers.get(session_id)
        if publisher is None:
            return False
        known = {track.stream_id for track in publisher.tracks.values()} | set(publisher.sources)
        return not publisher.elsewhere or all(track.stream_id in known for track in tracks)

    def forget_elsewhere(self, room_id: RoomId) -> bool:
        """Nobody is left who would hear of their end. Returns whether the room had any tracks."""
        gone = [
            session_id
            for session_id, publisher in self._publishers.items()
            if publisher.elsewhere and publisher.room_id == room_id
        ]
        had_tracks = [self.closed(session_id) for session_id in gone]
        return any(had_tracks)

    def offered(
        self, session_id: SessionId, tracks: Iterable[OfferedTrack], sources: Mapping[str, str]
    ) -> bool:
        """An offer was answered; tracks no longer in it are gone. Returns whether any changed."""
        publisher = self._publishers.get(session_id)
        if publisher is None:
            return False
        publisher.sources.update(sources)
        publisher.offered = {track.track_id: track for track in tracks}
        kept = {
            track_id: self._described(publisher, track)
            for track_id, track in publisher.tracks.items()
            if track_id in publisher.offered
        }
        return self._replace(publisher, kept)

    def announced(self, session_id: SessionId, tracks: Iterable[AnnouncedTrack]) -> bool:
        """The SFU sees packets of these tracks. Returns whether the room's tracks changed."""
        publisher = self._publishers.get(session_id)
        if publisher is None:
            return False
        found = dict(publisher.tracks)
        for track in tracks:
            known = found.get(track.track_id)
            layers = known.layers if known else ()
            if track.layer in LAYERS and track.layer not in layers:
                layers = tuple(layer for layer in LAYERS if layer in (*layers, track.layer))
            if known is None and len(found) >= MAX_TRACKS_PER_SESSION:
                continue
            found[track.track_id] = self._described(
                publisher,
                Track(session_id, track.track_id, track.stream_id, track.kind, "", layers),
            )
        return self._replace(publisher, found)

    def assumed(self, session_id: SessionId) -> bool:
        """Take what was offered for published: some SFUs announce first tracks only, or none."""
        publisher = self._publishers.get(session_id)
        if publisher is None:
            return False
        return self.announced(
            session_id,
            [
                AnnouncedTrack(track.track_id, track.stream_id, track.kind)
                for track in publisher.offered.values()
            ],
        )

    def removed(self, session_id: SessionId, track_ids: Iterable[str]) -> bool:
        publisher = self._publishers.get(session_id)
        if publisher is None:
            return False
        gone = set(track_ids)
        kept = {key: track for key, track in publisher.tracks.items() if key not in gone}
        if publisher.elsewhere and not kept:
            return self.closed(session_id)
        return self._replace(publisher, kept)

    def closed(self, session_id: SessionId) -> bool:
        publisher = self._publishers.pop(session_id, None)
        return bool(publisher and publisher.tracks)

    def of_room(self, room_id: RoomId) -> tuple[Track, ...]:
        return tuple(
            track
            for publisher in self._publishers.values()
            if publisher.room_id == room_id
            for track in publisher.tracks.values()
        )

    @staticmethod
    def _described(publisher: _Publisher, track: Track) -> Track:
        """The offer knows stream, kind and layers better than an announcement does."""
        offered = publisher.offered.get(track.track_id)
        stream_id = offered.stream_id if offered else track.stream_id
        return Track(
            session_id=track.session_id,
            track_id=track.track_id,
            stream_id=stream_id,
            kind=offered.kind if offered else track.kind,
            source=publisher.sources.get(stream_id, DEFAULT_SOURCE),
            layers=offered.layers if offered else track.layers,
        )

    @staticmethod
    def _replace(publisher: _Publisher, tracks: dict[str, Track]) -> bool:
        if tracks == publisher.tracks:
            return False
        publisher.tracks = tracks
        return True
