"""The stream doctor: figures of a stream → what to change in the encoder. Pure.

Figures and codes: docs/ingest.md; the words are in live/advice_words.py. Nothing is concluded from
a figure that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from live.encoder_table import LITTLE, MUCH, row_for

# Why a stream can't be passed on as it is, or is not converted.
NEEDS_CONVERTING: Final = frozenset({"b_frames", "codec", "no_slot"})

Advice = dict[str, Any]  # {"code": "keyframes_far", "values": {"secs": 8.3}}

STARTED_SECS: Final = 5.0  # until then sound or picture may still be on their way
SETTLED_SECS: Final = 15.0  # nginx's bitrate is an average over 10 s
FAR_SECS: Final = 2.5  # between keyframes
FEW_FRAMES: Final = 0.85  # of what the encoder declared
SANE_FPS: Final = (5.0, 130.0)  # some encoders declare 1000, or 0
SANE_MOST: Final = 1e12
# H.264 profiles that browsers do not decode: 10 bits, or more colour than 4:2:0.
ODD_PROFILES: Final = frozenset({"High 10", "High 4:2:2", "High 4:4:4"})


def advise(
    figures: Mapping[str, Any],
    *,
    wants_video: bool = True,
    wants_audio: bool = True,
    bridge_waits: str = "",
) -> list[Advice]:
    """`wants_…`: what the room's type promises its viewers. `bridge_waits`: why what is sent is not
    there over WebRTC (a reason of docs/bridge.md). [{"code": "all_good", …}]: all is well.

    Empty while too little is known.
    """
    uptime = _number(figures, "uptime_secs") or 0.0
    found: list[Advice] = []
    if uptime >= STARTED_SECS:
        found += _missing(figures, wants_video, wants_audio)
    found += _codecs(figures)
    found += _keyframes(figures)
    found = _unserved(found, figures, bridge_waits)
    if uptime >= SETTLED_SECS:
        found += _bitrate(figures) + _frames(figures)
    if not found and uptime >= SETTLED_SECS and _is_known(figures, wants_video):
        found.append(_advice("all_good"))
    return found


def _missing(figures: Mapping[str, Any], wants_video: bool, wants_audio: bool) -> list[Advice]:
    """Without a header either: who begins to look between keyframes sees none for up to 8.3 s."""
    found = []
    for name, wanted in (("video", wants_video), ("audio", wants_audio)):
        if wanted and figures.get(f"has_{name}") is False and not figures.get(f"{name}_codec"):
            found.append(_advice(f"no_{name}"))
    return found


def _codecs(figures: Mapping[str, Any]) -> list[Advice]:
    found = []
    video = str(figures.get("video_codec") or "").upper()
    # nginx reads Enhanced RTMP (HEVC, AV1) as codecs of long ago, as in "Jpeg" and "ScreenVideo".
    if figures.get("hevc") is True or (video and video != "H264"):
        found.append(_advice("hevc"))
    profile = str(figures.get("profile") or "")
    if profile in ODD_PROFILES:
        found.append(_advice("profile", profile=profile))
    audio = str(figures.get("audio_codec") or "")
    if audio and audio.upper() != "AAC":
        found.append(_advice("audio_codec", codec=audio[:20]))
    return found


def _keyframes(figures: Mapping[str, Any]) -> list[Advice]:
    found = []
    secs = _number(figures, "keyframe_secs")
    if secs is not None and secs > FAR_SECS:
        found.append(_advice("keyframes_far", secs=round(secs, 1)))
    if figures.get("b_frames") is True:
        found.append(_advice("b_frames"))
    return found


def _unserved(found: list[Advice], figures: Mapping[str, Any], bridge_waits: str) -> list[Advice]:
    """Viewers of the low-delay way see nothing: that outweighs the hint about B-frames."""
    if bridge_waits not in NEEDS_CONVERTING:
        return found
    codes = {each["code"] for each in found}
    if codes & {"hevc", "profile"} or bridge_waits == "codec":
        return [*found, _advice("webrtc_waits", why="codec")]
    if "b_frames" in codes or bridge_waits == "b_frames":
        others = [each for each in found if each["code"] != "b_frames"]
        return [*others, _advice("webrtc_waits", why="b_frames")]
    return [*found, _advice("webrtc_waits", why="no_slot")]


def _bitrate(figures: Mapping[str, Any]) -> list[Advice]:
    bits, fps = _number(figures, "video_bitrate"), _fps(figures)
    width, height = _number(figures, "width"), _number(figures, "height")
    if bits is None or fps is None or width is None or height is None:
        return []
    row = row_for(width, height, fps)
    if row is None:
        return []
    kbps = round(bits / 1000)
    if kbps < row.video_kbps * LITTLE:
        return [_advice("bitrate_low", kbps=kbps, wanted_kbps=row.video_kbps)]
    if kbps > row.video_kbps * MUCH:
        return [_advice("bitrate_high", kbps=kbps, wanted_kbps=row.video_kbps)]
    return []


def _frames(figures: Mapping[str, Any]) -> list[Advice]:
    measured, declared = _number(figures, "measured_fps"), _number(figures, "fps")
    if measured is None or declared is None or not SANE_FPS[0] <= declared <= SANE_FPS[1]:
        return []
    if measured >= declared * FEW_FRAMES:
        return []
    return [_advice("fps_drops", fps=round(measured, 1), declared=round(declared, 1))]


def _fps(figures: Mapping[str, Any]) -> float | None:
    """Declared, unless that is no frame rate; else as it comes."""
    declared = _number(figures, "fps")
    if declared is not None and SANE_FPS[0] <= declared <= SANE_FPS[1]:
        return declared
    return _number(figures, "measured_fps")


def _is_known(figures: Mapping[str, Any], wants_video: bool) -> bool:
    """Enough to say that nothing is wrong."""
    wanted = ("keyframe_secs", "video_bitrate") if wants_video else ("audio_bitrate",)
    return all(_number(figures, name) is not None for name in wanted)


def _number(figures: Mapping[str, Any], name: str) -> float | None:
    """A sane number over 0; nginx says 0 for what it does not know (yet)."""
    value = figures.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < SANE_MOST else None  # nor NaN


def _advice(code: str, **values: Any) -> Advice:
    return {"code": code, "values": values}
