"""Which ways there are to watch and publish: by mode, state, who sends, and health of the parts."""

from __future__ import annotations

import pytest

from live.ladder import RUNGS, WAYS, RtmpParts, Scene, missing_rungs, missing_ways
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


ALL_SCENES = [
    scene(mode, state, sfu_ok, parts, senders)
    for mode in ("hybrid", "webrtc", "rtmp")
    for state in RoomState
    for sfu_ok in (True, False)
    for parts in (OFF, ALL, NO_FLV, DOWN, NO_WORKER)
    for senders in (NOBODY, PAGE, OBS, BOTH)
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
