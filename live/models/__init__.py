"""What is stored. Written by live.actions only; looked up for a person by live.access only."""

from live.models.broadcasts import Broadcast, ChatMessage, GiftSent
from live.models.ingest import Ingest, Part
from live.models.presence import SENDING, Participant, Role, Rung, SessionState, SfuSession
from live.models.recordings import Recording, RecordingState
from live.models.rooms import (
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
    "SENDING",
    "Broadcast",
    "ChatMessage",
    "GiftSent",
    "Ingest",
    "Part",
    "Participant",
    "PushProtocol",
    "Recording",
    "RecordingState",
    "Role",
    "Room",
    "RoomPublisher",
    "Rung",
    "SessionState",
    "SfuSession",
    "StreamKey",
    "StreamType",
    "StreamingMode",
    "User",
    "Visibility",
]
