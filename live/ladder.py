"""Which ways there are to watch a room and to publish in it, and why each missing one is missing.

Pure: a scene in, reason codes out (docs/ingest.md, "Ladder"); None is no reason, so it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from live.lifecycle import ON_AIR, RoomState

RUNGS: Final = ("webrtc", "flv", "hls")
WAYS: Final = ("webrtc", "rtmp")


@dataclass(frozen=True)
class RtmpParts:
    """How the parts beside the app are, as far as the ladders care."""

    on: bool = False  # part of this installation
    rtmp: bool = False  # nginx answers
    flv: bool = False  # playback answers
    takes_in: bool = False  # what is sent would go live: nginx answers and the worker looks


@dataclass(frozen=True)
class Bridges:
    """Whether one world is passed on into the other (docs/bridge.md)."""

    to_webrtc: bool = False  # switched on
    to_rtmp: bool = False
    alive: bool = False  # there is a manager that would start them
    state: str = ""  # of this room's job to_webrtc; "": none yet
    reason: str = ""  # why it waits


@dataclass(frozen=True)
class Scene:
    mode: str  # a StreamingMode
    state: RoomState
    sfu_ok: bool
    parts: RtmpParts = field(default_factory=RtmpParts)
    sources: frozenset[str] = frozenset()  # "webrtc", "rtmp": who sends media now, bridges not
    bridges: Bridges = field(default_factory=Bridges)


def missing_rungs(scene: Scene) -> Mapping[str, str | None]:
    return {
        "webrtc": _no_webrtc_rung(scene),
        "flv": _no_rtmp_rung(scene) or (None if scene.parts.flv else "flv_down"),
        "hls": _no_rtmp_rung(scene),
    }


def missing_ways(scene: Scene) -> Mapping[str, str | None]:
    return {"webrtc": _no_webrtc(scene), "rtmp": _no_rtmp_publish(scene)}


def _no_webrtc_rung(scene: Scene) -> str | None:
    """There also while nobody sends: a page that waits has joined when the first packet comes."""
    fixed = _no_webrtc(scene)
    if fixed in ("banned", "mode_rtmp"):
        return fixed
    if scene.state not in ON_AIR:
        return "not_live"
    return fixed or (_not_bridged_in(scene.bridges) if scene.sources == {"rtmp"} else None)


def _not_bridged_in(bridges: Bridges) -> str | None:
    """Why what an encoder sends is not there over WebRTC."""
    if not bridges.to_webrtc:
        return "no_webrtc_source"
    if not bridges.alive:
        return "bridge_down"
    match bridges.state, bridges.reason:
        case "running", _:
            return None
        case "waiting", "no_slot" | "too_many_jobs":
            return "bridge_no_slot"
        case "waiting", "" | "no_keyframe" | "b_frames" | "codec":
            return "bridge_starting"  # it has yet to see a keyframe, or to be given a slot
        case "waiting", _:
            return "bridge_down"
    return "bridge_starting"


def _no_webrtc(scene: Scene) -> str | None:
    if scene.state is RoomState.BANNED:
        return "banned"
    if scene.mode == "rtmp":
        return "mode_rtmp"
    return None if scene.sfu_ok else "sfu_unavailable"


def _no_rtmp_rung(scene: Scene) -> str | None:
    fixed = _no_rtmp_ever(scene)
    if fixed:
        return fixed
    if scene.state not in ON_AIR:
        return "not_live"
    if not scene.parts.rtmp:
        return "rtmp_down"
    if "rtmp" in scene.sources:
        return None
    if not scene.sources or not scene.bridges.to_rtmp or scene.mode != "hybrid":
        return "no_rtmp_source"
    return None if scene.bridges.alive else "bridge_down"  # whoever asks first starts it


def _no_rtmp_publish(scene: Scene) -> str | None:
    return _no_rtmp_ever(scene) or (None if scene.parts.takes_in else "rtmp_down")


def _no_rtmp_ever(scene: Scene) -> str | None:
    if scene.state is RoomState.BANNED:
        return "banned"
    if scene.mode == "webrtc":
        return "mode_webrtc"
    return None if scene.parts.on else "rtmp_off"
