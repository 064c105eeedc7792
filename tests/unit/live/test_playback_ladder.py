"""Which ways there are to watch and publish: by mode, state, who sends, and health of the parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from live.ladder import RUNGS, WAYS, Bridges, RtmpParts, Scene, missing_rungs, missing_ways
from live.lifecycle import ON_AIR, RoomState
from live.views_of import DETAILS

OFF = RtmpParts()
ALL = RtmpParts(on=True, rtmp=True, flv=True, takes_in=True)
NO_FLV = RtmpParts(on=True, rtmp=True, takes_in=True)
DOWN = RtmpParts(on=True, flv=True)
NO_WORKER = RtmpParts(on=True, rtmp=True, flv=True)
SFU, NO_SFU = True, False
NOBODY, PAGE, OBS, BOTH = "", "webrtc", "rtmp", "webrtc rtmp"

RUNG_CASES = [
    # mode, state, sfu, parts, who sends: why not webrtc, flv, hls (None: there)
    ("hybrid", "live", SFU, OFF, PAGE, None, "rtmp_off", "rtmp_off"),
    ("hybrid", "idle", SFU, OFF, NOBODY, "not_live", "rtmp_off", "rtmp_off"),
    ("hybrid", "ended", NO_SFU, OFF, NOBODY, "not_live", "rtmp_off", "rtmp_off"),
    ("hybrid", "live", NO_SFU, OFF, PAGE, "sfu_unavailable", "rtmp_off", "rtmp_off"),
    ("hybrid", "live", SFU, ALL, OBS, "no_webrtc_source", None, None),
    ("hybrid", "live", SFU, ALL, PAGE, None, "no_rtmp_source", "no_rtmp_source"),
    ("hybrid", "live", SFU, ALL, BOTH, None, None, None),
    ("hybrid", "starting", SFU, ALL, NOBODY, None, "no_rtmp_source", "no_rtmp_source"),
    ("hybrid", "interrupted", SFU, ALL, NOBODY, None, "no_rtmp_source", "no_rtmp_source"),
    ("hybrid", "idle", SFU, ALL, NOBODY, "not_live", "not_live", "not_live"),
    ("hybrid", "ended", SFU, ALL, OBS, "not_live", "not_live", "not_live"),
    ("hybrid", "live", NO_SFU, ALL, OBS, "sfu_unavailable", None, None),
    ("hybrid", "live", SFU, NO_FLV, OBS, "no_webrtc_source", "flv_down", None),
    ("hybrid", "live", SFU, DOWN, OBS, "no_webrtc_source", "rtmp_down", "rtmp_down"),
    ("hybrid", "live", SFU, DOWN, PAGE, None, "rtmp_down", "rtmp_down"),
    ("hybrid", "live", SFU, NO_WORKER, OBS, "no_webrtc_source", None, None),
    ("webrtc", "live", SFU, ALL, PAGE, None, "mode_webrtc", "mode_webrtc"),
    ("webrtc", "idle", SFU, OFF, NOBODY, "not_live", "mode_webrtc", "mode_webrtc"),
    ("rtmp", "live", SFU, ALL, OBS, "mode_rtmp", None, None),
    ("rtmp", "live", NO_SFU, NO_FLV, OBS, "mode_rtmp", "flv_down", None),
    ("rtmp", "idle", SFU, ALL, NOBODY, "mode_rtmp", "not_live", "not_live"),
    ("rtmp", "live", SFU, OFF, NOBODY, "mode_rtmp", "rtmp_off", "rtmp_off"),
    ("hybrid", "banned", SFU, ALL, OBS, "banned", "banned", "banned"),
    ("rtmp", "banned", SFU, OFF, NOBODY, "banned", "banned", "banned"),
]
WAY_CASES = [
    # mode, state, sfu, parts: why not publish by webrtc, rtmp
    ("hybrid", "idle", SFU, OFF, None, "rtmp_off"),
    ("hybrid", "idle", SFU, ALL, None, None),
    ("hybrid", "live", NO_SFU, ALL, "sfu_unavailable", None),
    ("hybrid", "ended", SFU, DOWN, None, "rtmp_down"),
    ("hybrid", "ended", SFU, NO_WORKER, None, "rtmp_down"),
    ("hybrid", "live", SFU, NO_FLV, None, None),
    ("webrtc", "live", SFU, ALL, None, "mode_webrtc"),
    ("webrtc", "live", SFU, OFF, None, "mode_webrtc"),
    ("rtmp", "idle", SFU, ALL, "mode_rtmp", None),
    ("rtmp", "idle", NO_SFU, DOWN, "mode_rtmp", "rtmp_down"),
    ("hybrid", "banned", SFU, ALL, "banned", "banned"),
]


def scene(mode: str, state: str, sfu_ok: bool, parts: RtmpParts, senders: str = "") -> Scene:
    return Scene(mode, RoomState(state), sfu_ok, parts, frozenset(senders.split()))


@pytest.mark.parametrize(
    ("mode", "state", "sfu_ok", "parts", "senders", "webrtc", "flv", "hls"), RUNG_CASES
)
def test_rungs(mode, state, sfu_ok, parts, senders, webrtc, flv, hls):
    missing = missing_rungs(scene(mode, state, sfu_ok, parts, senders))
    assert dict(missing) == {"webrtc": webrtc, "flv": flv, "hls": hls}


@pytest.mark.parametrize(("mode", "state", "sfu_ok", "parts", "webrtc", "rtmp"), WAY_CASES)
def test_ways(mode, state, sfu_ok, parts, webrtc, rtmp):
    assert dict(missing_ways(scene(mode, state, sfu_ok, parts))) == {"webrtc": webrtc, "rtmp": rtmp}


def bridged(state: str = "", reason: str = "", **fields: bool) -> Bridges:
    told = {"to_webrtc": True, "to_rtmp": True, "alive": True} | fields
    return Bridges(**told, state=state, reason=reason)


DEAD, ONE_WAY, OTHER_WAY = bridged(alive=False), bridged(to_rtmp=False), bridged(to_webrtc=False)
BRIDGED_CASES = [
    # mode, bridges, who sends: why not webrtc, flv, hls
    ("hybrid", bridged(), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("starting"), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("running"), OBS, None, None, None),
    ("hybrid", bridged("stopping"), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("waiting", "no_keyframe"), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("waiting", "b_frames"), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("waiting", "codec"), OBS, "bridge_starting", None, None),
    ("hybrid", bridged("waiting", "no_slot"), OBS, "bridge_no_slot", None, None),
    ("hybrid", bridged("waiting", "too_many_jobs"), OBS, "bridge_no_slot", None, None),
    ("hybrid", bridged("waiting", "crashed"), OBS, "bridge_down", None, None),
    ("hybrid", bridged("waiting", "hung"), OBS, "bridge_down", None, None),
    ("hybrid", bridged("waiting", "rtmp_down"), OBS, "bridge_down", None, None),
    ("hybrid", bridged("running", alive=False), OBS, "bridge_down", None, None),
    ("hybrid", OTHER_WAY, OBS, "no_webrtc_source", None, None),
    ("hybrid", bridged(), PAGE, None, None, None),
    ("hybrid", bridged(), BOTH, None, None, None),
    ("hybrid", OTHER_WAY, PAGE, None, None, None),
    ("hybrid", ONE_WAY, PAGE, None, "no_rtmp_source", "no_rtmp_source"),
    ("hybrid", DEAD, PAGE, None, "bridge_down", "bridge_down"),
    ("hybrid", bridged(), NOBODY, None, "no_rtmp_source", "no_rtmp_source"),
    ("webrtc", bridged(), PAGE, None, "mode_webrtc", "mode_webrtc"),
    ("rtmp", bridged("running"), OBS, "mode_rtmp", None, None),
    ("rtmp", bridged(), PAGE, "mode_rtmp", "no_rtmp_source", "no_rtmp_source"),
]


@pytest.mark.parametrize(("mode", "bridges", "senders", "webrtc", "flv", "hls"), BRIDGED_CASES)
def test_rungs_with_bridges(mode, bridges, senders, webrtc, flv, hls):
    on_air = replace(scene(mode, "live", SFU, ALL, senders), bridges=bridges)
    assert dict(missing_rungs(on_air)) == {"webrtc": webrtc, "flv": flv, "hls": hls}
    for state in ("idle", "ended"):
        off_air = missing_rungs(replace(on_air, state=RoomState(state)))
        assert all(off_air.values())
    down = missing_rungs(replace(on_air, parts=DOWN, sfu_ok=False))
    assert all(down.values())


ALL_SCENES = [
    replace(scene(mode, state, sfu_ok, parts, senders), bridges=bridges)
    for mode in ("hybrid", "webrtc", "rtmp")
    for state in RoomState
    for sfu_ok in (True, False)
    for parts in (OFF, ALL, NO_FLV, DOWN, NO_WORKER)
    for senders in (NOBODY, PAGE, OBS, BOTH)
    for bridges in (Bridges(), DEAD, bridged(), bridged("waiting", "no_slot"))
]


def test_every_reason_has_words_and_every_word_a_reason():
    said = set()
    for each in ALL_SCENES:
        assert tuple(missing_rungs(each)) == RUNGS
        assert tuple(missing_ways(each)) == WAYS
        said |= {*missing_rungs(each).values(), *missing_ways(each).values()}
    assert said - {None} == set(DETAILS)


def test_what_is_sent_can_be_watched_wherever_the_parts_work():
    for each in ALL_SCENES:
        if each.state in ON_AIR and each.parts == ALL and each.sfu_ok and each.mode == "hybrid":
            missing = missing_rungs(each)
            assert not (each.sources and all(missing.values()))
