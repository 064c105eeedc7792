"""Why a bridge waits, in plain words for staff (docs/bridge.md, "Reasons")."""

from __future__ import annotations

from django.utils.translation import gettext as _

from live.restreams import DETAILS


def reason_words(reason: str) -> str:
    """The code itself where it has no words; "" for none."""
    match reason:
        case "no_slot":
            return _(
                "All BRIDGE_MAX_TRANSCODES are busy: it begins when one is free. "
                "H.264 without B-frames needs none."
            )
        case "too_many_jobs":
            return _("BRIDGE_MAX_JOBS run already.")
        case "b_frames":
            return _("The stream has B-frames, which WebRTC can't show.")
        case "codec":
            return _("The other side can't play this codec.")
        case "no_keyframe":
            return _("Waits for the publisher's next keyframe.")
        case "sfu_unavailable":
            return _("The media server is not answering.")
        case "rtmp_down":
            return _("Nothing comes from the RTMP server, or it does not answer.")
        case "bridge_starting":
            return _("Waits for the bridge to WebRTC, whose picture it shows.")
        case "taken":
            return _("Somebody else still feeds this stream, and is being cut off.")
        case "crashed":
            return _("It broke and is started again.")
        case "hung":
            return _("It was silent for 5 s, was killed, and is started again.")
        case "bad_spec":
            return _("It does not understand what it is to do: another version of MicroVibe?")
    return str(DETAILS.get(reason, reason))  # those of streams that only pull
