"""What the relay tells the application about one peer. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

RoomId = NewType("RoomId", str)  # "room_abc123"
SessionId = NewType("SessionId", str)  # "sess_9k…": unique per join over the whole node (Ion's uid)


class Role(StrEnum):
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


class Target(StrEnum):
    """Which of a peer's two transports is meant."""

    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Track:
    """One published track, as the SFU announced it."""

    session_id: SessionId
    track_id: str
    stream_id: str
    kind: str  # "audio" | "video"
    source: str  # "camera" | "screen"
    layers: tuple[str, ...] = ()  # rids of a simulcast video, lowest first


@dataclass(frozen=True, slots=True)
class Answered:
    """The SFU's answer to a publisher's offer."""

    sdp: str


@dataclass(frozen=True, slots=True)
class Offered:
    """The SFU's offer on the subscriber transport; the answer must carry the same offer_id."""

    offer_id: int
    sdp: str


@dataclass(frozen=True, slots=True)
class CandidateFound:
    target: Target
    candidate: Mapping[str, Any] | None  # RTCIceCandidateInit


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """The SFU saw the first packets of this publisher."""


@dataclass(frozen=True, slots=True)
class TracksChanged:
    """All tracks of the room known on this node, publishers in order of arrival."""

    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class LayerChanged:
    stream_id: str
    layer: str
    auto: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Input that was not passed on; the peer lives. `code`: see docs/signalling-protocol.md."""

    code: str
    detail: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """The peer is dead: its browser connections are to be closed once a new session plays."""

    code: str
    detail: str
    retry_in_ms: int | None


PeerEvent = (
    Answered
    | Offered
    | CandidateFound
    | MediaStarted
    | TracksChanged
    | LayerChanged
    | Refused
    | Lost
)


@dataclass(frozen=True, slots=True)
class NodeState:
    """One SFU node as last seen."""

    address: str
    state: str  # "ready" | "connecting" | "down"
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class SfuStats:
    """The SFU's own counters of one session (over the last second)."""

    video_bitrate: int  # bit/s
    audio_bitrate: int  # bit/s
    packet_loss: float  # ratio 0-1
    jitter: float  # ms
    round_trip_time: float  # ms
    packets: int
    bytes: int
    connected: bool
