"""What the stream doctor and a refused encoder's owner are told, in the language active now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from live.encoder_table import KEYFRAME_SECS

SEVERITIES: Final = ("bad", "warn", "hint", "good")  # worst first
VERY_FAR_SECS: Final = 4.5  # between keyframes: over twice of what HLS segments should be
HLS_GOPS: Final = 1.7  # by so many keyframe intervals HLS is behind (measured)


def said(advice: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ingest.advice with its words, worst first; codes of another version are left out."""
    found = []
    for each in advice:
        code, values = str(each.get("code")), dict(each.get("values") or {})
        told = _words(code, values)
        if told is not None:
            severity, title, detail = told
            row = {"code": code, "values": values, "severity": severity}
            found.append({**row, "title": title, "detail": detail})
    return sorted(found, key=lambda row: SEVERITIES.index(row["severity"]))


def _words(code: str, values: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Severity, what is so, what to do about it."""
    match code:
        case "all_good":
            return "good", _("All good"), _("Nothing to change.")
        case "already_live":
            return "bad", *refused_words(code)
        case "hevc":
            return (
                "bad",
                _("HEVC does not play in browsers."),
                _("In OBS: Settings → Output → Video Encoder: one with H.264 in its name."),
            )
        case "profile":
            return (
                "bad",
                _("H.264 “%(profile)s” does not play in browsers.")
                % {"profile": values.get("profile")},
                _(
                    "In OBS: Settings → Advanced → Color Format: NV12; "
                    "Settings → Output → Profile: high."
                ),
            )
        case "audio_codec":
            return (
                "bad",
                _("The sound is %(codec)s; browsers need AAC.") % {"codec": values.get("codec")},
                _("In OBS: Settings → Output → Audio Encoder: AAC."),
            )
        case "no_video":
            return (
                "bad",
                _("No picture is coming."),
                _("Is the right scene chosen in OBS, and does its preview show something?"),
            )
        case "no_audio":
            return (
                "warn",
                _("No sound is coming."),
                _("In OBS: Settings → Audio: choose a microphone and see its bar move."),
            )
        case "keyframes_far":
            return _keyframes_far(_number(values, "secs"))
        case "b_frames":
            return (
                "hint",
                _("B-frames add some delay."),
                _(
                    "About a tenth of a second; nobody else is hurt. "
                    "In OBS: Settings → Output → Advanced: Max B-frames 0, or Tune “zerolatency”."
                ),
            )
        case "webrtc_waits":
            return _webrtc_waits(str(values.get("why")))
        case "bitrate_low" | "bitrate_high":
            return _bitrate(code, values)
        case "fps_drops":
            return (
                "warn",
                _("Only %(fps)s of %(declared)s frames a second arrive.")
                % {name: _short(_number(values, name)) for name in ("fps", "declared")},
                _(
                    "The computer or the network can't keep up: close other programs, "
                    "use a cable, or lower resolution and bitrate."
                ),
            )
    return None


def _keyframes_far(secs: float) -> tuple[str, str, str]:
    closer = max(1, round((secs - KEYFRAME_SECS) * HLS_GOPS))
    return (
        "warn" if secs > VERY_FAR_SECS else "hint",
        _("Keyframes are %(secs)s s apart.") % {"secs": _short(secs)},
        _(
            "In OBS: Settings → Output → Advanced: Keyframe Interval %(wanted)d s. "
            "Viewers see the picture sooner, and HLS is about %(closer)d s closer to you."
        )
        % {"wanted": KEYFRAME_SECS, "closer": closer},
    )


def _webrtc_waits(why: str) -> tuple[str, str, str]:
    """Low-delay viewers get nothing: why, and what to change so that they do."""
    title = _("Low-delay viewers (WebRTC) are not served; they get FLV or HLS.")
    match why:
        case "b_frames":
            detail = _(
                "Your picture has B-frames. "
                "In OBS: Settings → Output → Advanced: Max B-frames 0, or Tune “zerolatency”."
            )
        case "codec":
            detail = _(
                "Your picture is not in H.264 as browsers play it. "
                "In OBS: Settings → Output → Video Encoder: one with H.264 in its name."
            )
        case _:
            detail = _(
                "What you send would have to be converted, and the server is busy. "
                "In OBS: H.264, profile high or baseline, Max B-frames 0."
            )
    return "warn", title, detail


def _bitrate(code: str, values: Mapping[str, Any]) -> tuple[str, str, str]:
    named = {name: round(_number(values, name)) for name in ("kbps", "wanted_kbps")}
    if code == "bitrate_low":
        return (
            "hint",
            _("%(kbps)d kbps is little for this picture.") % named,
            _(
                "Fine while little moves; else it looks blurred. "
                "In OBS: Settings → Output → Bitrate: %(wanted_kbps)d Kbps."
            )
            % named,
        )
    return (
        "warn",
        _("%(kbps)d kbps is a lot for this picture.") % named,
        _(
            "Viewers on phones may stutter, and nobody sees the difference. "
            "In OBS: Settings → Output → Bitrate: %(wanted_kbps)d Kbps."
        )
        % named,
    )


def refused_words(why: str) -> tuple[str, str]:
    """What happened when an encoder with the right key was sent away, and what to do."""
    match why:
        case "mode_webrtc":
            return (
                _("This room takes the browser only."),
                _("Choose “Browser or OBS” in the room's settings, then start again in OBS."),
            )
        case "banned":
            return (
                _("This room or account is banned."),
                _("If you think this is a mistake, write to the people who run this site."),
            )
        case "too_many_streams":
            return (
                _("Too many streams are running."),
                _("End another one of yours, or try again later."),
            )
        case "just_ended":
            return (
                _("You have just ended the broadcast."),
                _(
                    "OBS reconnects by itself, so it is kept out for a moment. "
                    "Stop it in OBS too; to go on air again, start it once more in half a minute."
                ),
            )
        case "already_live":
            return (
                _("Another encoder is sending with this key."),
                _("Stop that one first. If it is not yours, rotate the key."),
            )
    return (
        _("OBS was refused."),
        _("Copy server and key once more, then start again in OBS."),
    )


def _number(values: Mapping[str, Any], name: str) -> float:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _short(number: float) -> str:
    """8.33 → "8.3", 30.0 → "30"."""
    whole = abs(number - round(number)) < 0.05
    return number_format(number, decimal_pos=0 if whole else 1)
