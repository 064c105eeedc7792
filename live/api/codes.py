"""Error codes of the API, with the HTTP status of each (docs/api.md says the same). Pure."""

from __future__ import annotations

STATUS_OF = {
    # what was sent
    "bad_json": 400,
    "invalid": 400,
    "bad_sdp": 400,
    "sends_media": 400,
    "no_common_codec": 400,
    "bad_candidate": 400,
    "chat_empty": 400,
    "chat_too_long": 400,
    "unknown_gift": 400,
    # who sent it
    "unauthenticated": 401,
    "bad_credentials": 401,
    "token_invalid": 401,
    "banned": 403,
    "csrf_failed": 403,
    "forbidden": 403,
    "guest_removed": 403,
    "not_on_stage": 403,
    "wrong_role": 403,
    # what it is about
    "not_found": 404,
    "room_not_found": 404,
    "session_not_found": 404,
    "recording_not_found": 404,
    "user_not_found": 404,
    "guest_not_found": 404,
    "invite_not_found": 404,
    "message_not_found": 404,
    "restream_not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    # not now
    "already_publisher": 409,
    "busy": 409,
    "guest_declined": 409,
    "key_unreadable": 409,
    "not_live": 409,
    "recording_gone": 409,
    "recording_running": 409,
    "room_not_rtmp": 409,
    "room_not_webrtc": 409,
    "room_on_air": 409,
    "session_exists": 409,
    "stage_full": 409,
    "too_many_invites": 409,
    "too_many_restreams": 409,
    "too_many_rooms": 409,
    "username_taken": 409,
    "wrong_order": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "too_many_sessions": 429,
    # our side
    "internal": 500,
    "push_off": 503,
    "rtmp_down": 503,
    "sfu_refused": 503,
    "sfu_restarted": 503,
    "sfu_timeout": 503,
    "sfu_unavailable": 503,
    "unavailable": 503,
}


def status_of(code: str) -> int:
    return STATUS_OF.get(code, 400)
