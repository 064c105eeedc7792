"""What each error code says in plain words, in the language active now."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from live.refusals import WORDS as DOMAIN_WORDS

WORDS = {
    "answer_timeout": _("The browser did not answer the media server in time."),
    "bad_candidate": _("This is not a network address that the media server could use."),
    "bad_json": _("The message is not JSON."),
    "bad_message": _("The message is not complete."),
    "bad_sdp": _("The browser's media description can't be used."),
    "busy": _("An offer is still being answered."),
    "internal": _("Something went wrong on our side."),
    "kicked": _("This connection was ended by the room's owner or by staff."),
    "no_common_codec": _("The browser and the media server have no codec in common."),
    "rate_limited": _("Too many messages. Wait a moment."),
    "room_not_webrtc": _("This room is published by RTMP only."),
    "sends_media": _("A viewer can't send media."),
    "sfu_refused": _("The media server refused the connection."),
    "sfu_restarted": _("The media server restarted."),
    "sfu_timeout": _("The media server did not answer in time."),
    "too_many_sessions": _("Too many media connections at once."),
    "unknown_stream": _("There is no such stream."),
    "unknown_type": _("There is no such message."),
    "wrong_order": _("This message does not fit here now."),
    "wrong_role": _("This role can't send this message."),
    "wrong_room": _("This connection is in another room."),
}
# Where our words help less than what exactly was wrong with the message.
TECHNICAL = frozenset({"bad_json", "bad_message", "bad_sdp", "bad_candidate", "unknown_type"})


def words_for(code: str, detail: str = "") -> str:
    """`detail` (English, for whoever wrote the client) is added where it tells more."""
    words = str(WORDS.get(code) or DOMAIN_WORDS.get(code) or code)
    return f"{words} ({detail})" if detail and code in TECHNICAL else words
