"""Offers of WHIP encoders pass, and offers of WHEP players, as long as these would not send."""

from __future__ import annotations

import pytest

from embedded_sfu.negotiation import plan_publisher
from embedded_sfu.sdp_parse import parse
from sfu_relay.guard import Rejected, guard_offer, guard_viewer_offer
from sfu_relay.sdp_parse import parse_sdp
from tests.fakes.captured_sdp import captured
from tests.fakes.whip_offers import FFMPEG, OBS_30, WHIP_OFFERS, as_sent


@pytest.mark.parametrize("name", WHIP_OFFERS)
@pytest.mark.parametrize("codecs", [("H264", "VP8", "VP9", "AV1"), ("H264",)])
def test_an_encoders_offer_passes_and_is_answered(name: str, codecs: tuple[str, ...]) -> None:
    guarded = guard_offer(as_sent(WHIP_OFFERS[name]), codecs)
    assert {track.kind for track in guarded.tracks} == {"audio", "video"}
    assert len({track.stream_id for track in guarded.tracks}) == 1
    plan = plan_publisher(parse(guarded.sdp), uid="sess_1")
    assert {track.codec.name for track in plan.tracks} == {"OPUS", "H264"}
    assert plan.remote.complete


def test_who_is_only_a_dtls_server_stays_one() -> None:
    guarded = guard_offer(as_sent(FFMPEG))
    assert {section.setup for section in parse_sdp(guarded.sdp).sections} == {"passive"}


def test_layers_with_names_of_their_own_are_refused_in_words() -> None:
    """OBS 32.1 calls its layers 0, 1, 2 when simulcast is switched on there."""
    lines = "a=rid:0 send\na=rid:1 send\na=simulcast:send 0;1\na=mid:1"
    with pytest.raises(Rejected, match="q, h and f") as refused:
        guard_offer(as_sent(OBS_30.replace("a=mid:1", lines)))
    assert refused.value.code == "bad_sdp"


def player_offer() -> str:
    return captured("publisher-h264").replace("a=sendonly", "a=recvonly")


def test_a_players_offer_passes_without_what_it_would_send() -> None:
    guarded = parse_sdp(guard_viewer_offer(player_offer()))
    assert {section.direction for section in guarded.sections} == {"recvonly"}
    assert not any(section.msid or section.ssrcs or section.rids for section in guarded.sections)


@pytest.mark.parametrize("direction", ["sendonly", "sendrecv"])
def test_a_player_that_would_send_is_refused(direction: str) -> None:
    with pytest.raises(Rejected) as refused:
        guard_viewer_offer(player_offer().replace("a=recvonly", f"a={direction}", 1))
    assert refused.value.code == "sends_media"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("a=recvonly", "a=inactive"), "bad_sdp"),
        (("opus/48000/2", "G711/8000"), "bad_sdp"),
        (("m=", "x="), "bad_sdp"),
    ],
)
def test_what_asks_for_nothing_is_refused(change: tuple[str, str], code: str) -> None:
    text = player_offer().replace(*change)
    if change[1] == "G711/8000":
        text = text.replace("a=recvonly", "a=inactive")
    with pytest.raises(Rejected) as refused:
        guard_viewer_offer(text)
    assert refused.value.code == code


@pytest.mark.parametrize("junk", ["", "v=0", None, 7, "v=0\r\n" + "a=x\r\n" * 5000])
def test_junk_is_refused(junk: object) -> None:
    with pytest.raises(Rejected) as refused:
        guard_viewer_offer(junk)
    assert refused.value.code == "bad_sdp"
