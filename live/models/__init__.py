"""What is stored. Written by live.actions only; looked up for a person by live.access only."""

from live.guest_states import GuestState
from live.models.bridges import BridgeJob, BridgeKind, BridgeMode, BridgeState, RestreamTarget
from live.models.broadcasts import Broadcast, ChatMessage, GiftSent
from live.models.guests import Guest, RoomInvite
from live.models.ingest import Ingest, Part
from live.models.presence import (
    BY_PEOPLE,
    SENDING,
    Participant,
    Role,
    Rung,
    SessionState,
    SfuSession,
    Via,
)
from live.models.recordings import Recording, RecordingState
from live.models.rooms import (
    Layout,
    PushProtocol,
    Room,
    RoomPublisher,
    StreamingMode,
    StreamKey,
    StreamType,
    Visibility,
)
from live.models.users import User

__all__ = [
    "BY_PEOPLE",
    "SENDING",
    "BridgeJob",
    "BridgeKind",
    "BridgeMode",
    "BridgeState",
    "Broadcast",
    "ChatMessage",
    "GiftSent",
    "Guest",
    "GuestState",
    "Ingest",
    "Layout",
    "Part",
    "Participant",
    "PushProtocol",
    "Recording",
    "RecordingState",
    "RestreamTarget",
    "Role",
    "Room",
    "RoomInvite",
    "RoomPublisher",
    "Rung",
    "SessionState",
    "SfuSession",
    "StreamKey",
    "StreamType",
    "StreamingMode",
    "User",
    "Via",
    "Visibility",
]
