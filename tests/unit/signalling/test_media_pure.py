"""Small decisions of live.media: merged figures, candidates put into an SDP."""

from __future__ import annotations

import pytest

from live.media.candidates import with_candidates
from live.media.stats import merge_stats

SDP = "v=0\r\ns=-\r\nm=audio 9 X 0\r\na=mid:0\r\nm=video 9 X 1\r\na=mid:1\r\n"
FOUND = {"candidate": "candidate:1 1 udp 1 192.0.2.1 5000 typ host", "sdpMid": "0"}
NOTHING = dict.fromkeys(
    ("video_bitrate", "audio_bitrate", "packet_loss", "jitter", "round_trip_time"), 0
)


@pytest.mark.parametrize(
    ("sfu", "report", "expected"),
    [
        (None, {}, {}),
        (None, {"jitter": None, "video_bitrate": 5}, {"video_bitrate": 5}),
        ({"video_bitrate": 7, "connected": True}, {"video_bitrate": 5}, {"video_bitrate": 7}),
        ({"packet_loss": 0.2, "connected": True}, {"packet_loss": 0.1}, {"packet_loss": 0.2}),
        ({"packet_loss": 0.2, "connected": False}, {"packet_loss": 0.1}, {"packet_loss": 0.1}),
        ({"jitter": 0.0, "connected": True}, {"jitter": 5.5}, {"jitter": 5.5}),
        ({"round_trip_time": 0.0, "connected": True}, {}, {}),
    ],
)
def test_the_sfu_is_believed_first(sfu: dict, report: dict, expected: dict) -> None:
    assert merge_stats(sfu, report) == NOTHING | expected


def test_candidates_go_into_the_first_section_once() -> None:
    sdp = with_candidates(SDP, [FOUND, FOUND, {"candidate": "evil\nm=audio"}, {}])
    assert sdp.count("a=candidate:") == 1
    first = sdp.split("m=video")[0]
    assert first.endswith(f"a=mid:0\r\na={FOUND['candidate']}\r\na=end-of-candidates\r\n")
    assert with_candidates(sdp, [FOUND | {"candidate": "candidate:2 x"}]) == sdp


@pytest.mark.parametrize("sdp", ["", "v=0\r\n", "m="])
def test_an_odd_sdp_does_no_harm(sdp: str) -> None:
    with_candidates(sdp, [FOUND])
