"""Which ways there are to watch and publish, by mode, state and health of the SFU."""

from __future__ import annotations

import pytest

from live.lifecycle import RoomState
from live.models import Room
from live.views_of import DETAILS, playback

CASES = [
    # mode, state, sfu, rung webrtc, rung flv, publish webrtc, publish rtmp (None: available)
    ("hybrid", "live", True, None, "rtmp_off", None, "rtmp_off"),
    ("hybrid", "starting", True, None, "rtmp_off", None, "rtmp_off"),
    ("hybrid", "interrupted", True, None, "rtmp_off", None, "rtmp_off"),
    ("hybrid", "idle", True, "not_live", "rtmp_off", None, "rtmp_off"),
    ("hybrid", "ended", False, "not_live", "rtmp_off", "sfu_unavailable", "rtmp_off"),
    ("hybrid", "live", False, "sfu_unavailable", "rtmp_off", "sfu_unavailable", "rtmp_off"),
    ("webrtc", "live", True, None, "mode_webrtc", None, "mode_webrtc"),
    ("rtmp", "live", True, "mode_rtmp", "rtmp_off", "mode_rtmp", "rtmp_off"),
    ("rtmp", "idle", True, "mode_rtmp", "rtmp_off", "mode_rtmp", "rtmp_off"),
    ("hybrid", "banned", True, "banned", "banned", "banned", "banned"),
]


@pytest.mark.parametrize(
    ("mode", "state", "sfu_ok", "webrtc", "flv", "push_webrtc", "push_rtmp"), CASES
)
def test_playback(mode, state, sfu_ok, webrtc, flv, push_webrtc, push_rtmp):
    ladder = playback(Room(streaming_mode=mode, state=RoomState(state)), sfu_ok)
    assert [rung["rung"] for rung in ladder["rungs"]] == ["webrtc", "flv", "hls"]
    assert [rung["reason"] for rung in ladder["rungs"]] == [webrtc, flv, flv]
    assert [way["way"] for way in ladder["publish"]] == ["webrtc", "rtmp"]
    assert [way["reason"] for way in ladder["publish"]] == [push_webrtc, push_rtmp]
    for step in [*ladder["rungs"], *ladder["publish"]]:
        assert step["available"] == (step["reason"] is None)
        assert step["detail"] == (str(DETAILS[step["reason"]]) if step["reason"] else None)
