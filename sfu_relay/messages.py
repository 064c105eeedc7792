"""What goes in and out of a peer's state machine: plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sfu_relay.events import PeerEvent, SessionId, Target, Track
from sfu_relay.guard import OfferedTrack
from sfu_relay.tracks import AnnouncedTrack


class End(Enum):
    """How a stream to the SFU ended, in the relay's own words."""

    UNAVAILABLE = "unavailable"  # the node, or the way to it, is gone
    CLEAN = "clean"  # the SFU ended the stream in order: it stops, or has said why in a complaint
    RACE = "race"  # Ion's unserialised Send, 1 join of 220: a new stream heals it
    REFUSED = "refused"  # the SFU gave this peer up
    OVERFLOW = "overflow"  # the SFU does not read what we write


# --- from the browser ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GotOffer:
    sdp: str
    sources: Mapping[str, str]  # stream id → "camera" | "screen"


@dataclass(frozen=True, slots=True)
class GotAnswer:
    sdp: str
    offer_id: int | None  # None: the offer that is waiting


@dataclass(frozen=True, slots=True)
class GotCandidate:
    candidate: object  # RTCIceCandidateInit, unchecked
    target: Target


@dataclass(frozen=True, slots=True)
class GotLayer:
    stream_id: str
    layer: str


@dataclass(frozen=True, slots=True)
class GotChoice:
    """The picture and the sound that a viewer by offer is to be sent: tracks' ids.
    `never`: what it must not be sent, whatever the SFU takes by itself."""

    track_ids: tuple[str, ...]
    never: tuple[str, ...] = ()


# --- from the SFU -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SfuJoined:
    sdp: str
    announces_publishers: bool  # False: an SFU that never tells a publisher of its own tracks


@dataclass(frozen=True, slots=True)
class SfuJoinFailed:
    reason: str
    code: int = 0  # in the manner of HTTP


@dataclass(frozen=True, slots=True)
class SfuOffer:
    sdp: str


@dataclass(frozen=True, slots=True)
class SfuAnswer:
    sdp: str


@dataclass(frozen=True, slots=True)
class SfuCandidate:
    target: Target
    candidate: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class SfuTracks:
    """A TrackEvent: it goes to the relay's directory, not to the machine of the peer it came by."""

    change: str  # "add" | "remove"
    session_id: SessionId
    tracks: tuple[AnnouncedTrack, ...]


@dataclass(frozen=True, slots=True)
class SfuLayer:
    """Which layer this subscriber is being sent now, or "off" (the embedded SFU tells)."""

    stream_id: str
    layer: str


@dataclass(frozen=True, slots=True)
class SfuComplaint:
    """An error reply: something of ours was not taken, or the stream is about to end for it."""

    reason: str
    code: int = 0  # in the manner of HTTP


@dataclass(frozen=True, slots=True)
class StreamEnded:
    end: End
    detail: str


SfuMessage = (
    SfuJoined
    | SfuJoinFailed
    | SfuOffer
    | SfuAnswer
    | SfuCandidate
    | SfuTracks
    | SfuLayer
    | SfuComplaint
)

# --- from the relay -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The peer was opened: a subscriber joins at once."""


@dataclass(frozen=True, slots=True)
class MediaSeen:
    """Some stream of the node announced a track of this publisher."""


@dataclass(frozen=True, slots=True)
class RoomTracks:
    """All tracks of the room, whenever they change."""

    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline of the machine may be due."""


SessionInput = (
    GotOffer
    | GotAnswer
    | GotCandidate
    | GotLayer
    | GotChoice
    | SfuMessage
    | StreamEnded
    | Started
    | MediaSeen
    | RoomTracks
    | TimePassed
)

# --- effects ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Hand this to the application."""

    event: PeerEvent


@dataclass(frozen=True, slots=True)
class Join:
    """Drop the old stream, if any, open a new one to the room's node and join with this offer."""

    sdp: str
    auto_subscribe: bool
    attempt: int  # a new uid for each: a reused one goes deaf on Ion
    delay_secs: float
    by_offer: bool = False  # a viewer's own offer: the join reply answers it


@dataclass(frozen=True, slots=True)
class SendOffer:
    sdp: str


@dataclass(frozen=True, slots=True)
class SendAnswer:
    sdp: str


@dataclass(frozen=True, slots=True)
class SendCandidate:
    target: Target
    candidate: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SendLayer:
    track_id: str
    layer: str  # "" for a track without layers
    subscribe: bool
    auto: bool


@dataclass(frozen=True, slots=True)
class Published:
    """An offer with these tracks was answered."""

    tracks: tuple[OfferedTrack, ...]
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AssumePublished:
    """The SFU should have seen the publisher's tracks by now, though it says nothing."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """The peer is over: close its stream."""


Effect = (
    Tell
    | Join
    | SendOffer
    | SendAnswer
    | SendCandidate
    | SendLayer
    | Published
    | AssumePublished
    | Hangup
)
