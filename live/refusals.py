"""What a refusal says in plain words, code by code, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from live.errors import MicroVibeError

WORDS = {
    "already_publisher": _("You can publish in this room already."),
    "banned": _("This room or account is banned."),
    "bad_credentials": _("Wrong username or password."),
    "chat_empty": _("Write something first."),
    "chat_too_long": _("A chat message has at most 500 characters."),
    "forbidden": _("You may not do this."),
    "guest_declined": _("They declined. Ask again a little later."),
    "guest_not_found": _("There is no such guest."),
    "guest_removed": _("You were removed by the room's owner."),
    "invalid": _("Some fields are not right."),
    "invite_not_found": _("This link is no longer good."),
    "key_unreadable": _("The stream key can't be read any more. Rotate it to get a new one."),
    "message_not_found": _("There is no such message."),
    "not_live": _("The room is not live."),
    "not_on_stage": _("You are not on stage."),
    "push_off": _("Broadcasting by WebSocket is switched off here."),
    "rate_limited": _("Too many requests. Try again a little later."),
    "recording_gone": _("Nothing is left to make this recording from."),
    "recording_not_found": _("There is no such recording."),
    "recording_running": _("This can't be changed while it is being recorded."),
    "restream_not_found": _("There is no such platform."),
    "room_not_found": _("There is no such room."),
    "room_not_rtmp": _("This room is published by WebRTC only."),
    "room_not_webrtc": _("This room is published by RTMP only."),
    "room_on_air": _("This can't be changed while the room is on air."),
    "rtmp_down": _("The RTMP server is not answering."),
    "session_exists": _("This session id is already taken."),
    "session_not_found": _("There is no such session."),
    "sfu_unavailable": _("The media server is not answering."),
    "stage_full": _("The stage is full."),
    "too_many_invites": _("There are too many guest links already. End one first."),
    "too_many_restreams": _("There are too many platforms already."),
    "too_many_rooms": _("You have too many rooms already."),
    "unauthenticated": _("Sign in first."),
    "unknown_gift": _("There is no such gift."),
    "user_not_found": _("There is no such user."),
    "username_taken": _("This username is taken."),
    "wrong_order": _("This does not fit here now."),
}


def refusal(code: str, **data: Any) -> MicroVibeError:
    """The error to raise; its message is in the language active now."""
    return MicroVibeError(code, str(WORDS.get(code, code)), data)
