"""Names and numbers of docs/signalling-protocol.md. Tables only, no I/O."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

PROTOCOL_VERSION: Final = 1
SUBPROTOCOL: Final = "microvibe.v1"
MAX_FRAME_BYTES: Final = 64 * 1024
MAX_REF_CHARS: Final = 64
CHAT_MAX_CHARS: Final = 500


class CloseCode(IntEnum):
    """Why the server closes; a browser can't see more than this number."""

    BAD_REQUEST = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    ROOM_NOT_FOUND = 4404
    IDLE = 4408
    REPLACED = 4409
    BANNED = 4410
    TOO_BIG = 4413
    PROTOCOL_ABUSE = 4422
    TOO_MANY = 4429
    INTERNAL = 4500
    RESTARTING = 4503


class ErrorCode(StrEnum):
    """Why one message was not carried out."""

    BAD_JSON = "bad_json"
    BAD_MESSAGE = "bad_message"
    UNKNOWN_TYPE = "unknown_type"
    WRONG_ROOM = "wrong_room"
    WRONG_ROLE = "wrong_role"
    WRONG_ORDER = "wrong_order"
    UNAUTHENTICATED = "unauthenticated"
    BANNED = "banned"
    RATE_LIMITED = "rate_limited"
    BAD_SDP = "bad_sdp"
    SENDS_MEDIA = "sends_media"
    NO_COMMON_CODEC = "no_common_codec"
    BAD_CANDIDATE = "bad_candidate"
    BUSY = "busy"
    UNKNOWN_STREAM = "unknown_stream"
    ROOM_NOT_WEBRTC = "room_not_webrtc"
    SFU_UNAVAILABLE = "sfu_unavailable"
    SFU_TIMEOUT = "sfu_timeout"
    SFU_REFUSED = "sfu_refused"
    SFU_RESTARTED = "sfu_restarted"
    ANSWER_TIMEOUT = "answer_timeout"
    TOO_MANY_SESSIONS = "too_many_sessions"
    NOT_LIVE = "not_live"
    KICKED = "kicked"
    FORBIDDEN = "forbidden"
    NOT_ON_STAGE = "not_on_stage"
    ROOM_NOT_FOUND = "room_not_found"
    CHAT_EMPTY = "chat_empty"
    CHAT_TOO_LONG = "chat_too_long"
    UNKNOWN_GIFT = "unknown_gift"
    INTERNAL = "internal"


# What a MicroVibeError of the domain closes a connection with when it refuses one.
CLOSE_CODE_OF_ERROR: Final = {
    "unauthenticated": CloseCode.UNAUTHENTICATED,
    "forbidden": CloseCode.FORBIDDEN,
    "room_not_found": CloseCode.ROOM_NOT_FOUND,
    "banned": CloseCode.BANNED,
}
