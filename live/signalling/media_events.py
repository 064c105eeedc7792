"""What the relay tells about a session, as messages of the protocol."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from live.media import MediaSession, Person
from sfu_relay.events import (
    Answered,
    CandidateFound,
    LayerChanged,
    Offered,
    PeerEvent,
    Target,
    Track,
    TracksChanged,
)

if TYPE_CHECKING:
    from live.signalling.connection import Connection


def send_media_event(connection: Connection, session: MediaSession, event: PeerEvent) -> None:
    session_id = session.session_id
    match event:
        case Answered(sdp=sdp):
            connection.send("answer", sdp, session_id=session_id, target=str(Target.PUBLISHER))
        case Offered(offer_id=offer_id, sdp=sdp):
            target = str(Target.SUBSCRIBER)
            connection.send("offer", sdp, session_id=session_id, offer_id=offer_id, target=target)
        case CandidateFound(target=target, candidate=candidate):
            init = None if candidate is None else dict(candidate)
            connection.send("ice", init, session_id=session_id, target=str(target))
        case TracksChanged(tracks=tracks):
            _send_tracks(connection, tracks)
        case LayerChanged(stream_id=stream_id, layer=layer, auto=auto):
            payload = {"stream_id": stream_id, "layer": layer, "auto": auto}
            connection.send("layer", payload, session_id=session_id)


def _send_tracks(connection: Connection, tracks: tuple[Track, ...]) -> None:
    """Two sessions of one connection see the same room: what was sent already is not sent again."""
    people = connection.people
    payload = {"tracks": [_track(track, people.get(track.session_id)) for track in tracks]}
    text = json.dumps(payload, sort_keys=True)
    if text != connection.tracks_sent:
        connection.tracks_sent = text
        connection.send("tracks", payload)


def _track(track: Track, person: Person) -> dict[str, Any]:
    return {
        "participant_id": person.participant_id,
        "session_id": track.session_id,
        "track_id": track.track_id,
        "stream_id": track.stream_id,
        "kind": track.kind,
        "source": track.source,
        "layers": list(track.layers),
        "via": person.via,
        "user": person.user,
    }
