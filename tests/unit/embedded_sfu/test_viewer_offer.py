"""A viewer's own offer: which payload types and extension ids it is sent what under."""

from __future__ import annotations

import pytest

from embedded_sfu import codecs
from embedded_sfu.codecs import HouseCodec
from embedded_sfu.sdp import LocalTransport, SdpError
from embedded_sfu.sdp_build import build
from embedded_sfu.sdp_parse import parse
from embedded_sfu.viewer_offer import ViewerPlan, answer_viewer, plan_viewer

from .sdp_texts import AUDIO, DATA, HEAD, PUBLISHER, video

VIEWER = PUBLISHER.replace("a=sendonly", "a=recvonly")
FEEDBACK = "a=rtcp-fb:96 nack\r\na=rtcp-fb:* goog-remb\r\n"
SSRCS = {"audio": (11, 12), "video": (21, 22)}


def house(payload_type: int) -> HouseCodec:
    offered = plan_viewer(parse(VIEWER)).places["video"].codecs
    return next(codec for codec in offered if codec.payload_type == payload_type)


def answered(plan: ViewerPlan, **first: HouseCodec) -> str:
    transport = LocalTransport("ours", "p" * 24, "sha-256 AA", "passive")
    return build(answer_viewer(plan, first, SSRCS), transport, session_id=1, version=1)


def test_its_own_payload_types() -> None:
    places = plan_viewer(parse(VIEWER)).places
    types = places["video"].payload_types
    assert (types[96], types[97]) == (96, 97)  # VP8 and its RTX
    assert (types[106], types[107]) == (109, 114)  # H.264, constrained baseline
    assert (types[102], types[103]) == (103, 104)  # baseline
    assert types[114] == 109  # High is sent as what it is likeliest to decode
    assert types[116] == 109
    assert 104 not in types  # packetization mode 0 was not offered, and can't be stood in for
    assert places["audio"].payload_types == {111: 111}


def test_its_own_extension_ids() -> None:
    places = plan_viewer(parse(VIEWER.replace("a=extmap:2 ", "a=extmap:7 "))).places
    assert places["video"].extensions == {codecs.ABS_SEND_TIME_ID: 7}
    assert places["audio"].extensions == {codecs.AUDIO_LEVEL_ID: 1}


def test_the_answer_agrees_to_all_and_begins_with_what_is_sent() -> None:
    offer = parse(VIEWER.replace("a=rtpmap:96", f"{FEEDBACK}a=rtpmap:96"))
    text = answered(plan_viewer(offer), video=house(106), audio=codecs.OPUS)
    answer = parse(text)
    sound, picture = answer.sections
    assert [section.direction for section in answer.sections] == ["sendonly", "sendonly"]
    assert [codec.payload_type for codec in picture.codecs] == [109, 114, 96, 97, 103, 104]
    assert picture.rtx_of == {22: 21}
    assert sound.ssrcs == (11,)
    assert ("96", "nack") in picture.feedback
    assert ("109", "nack") not in picture.feedback  # it was not offered for this one
    assert ("109", "goog-remb") in picture.feedback
    assert {section.msid[0] for section in answer.sections if section.msid} == {"programme"}


def test_a_kind_that_nobody_sends_is_inactive() -> None:
    answer = parse(answered(plan_viewer(parse(VIEWER)), video=house(106)))
    assert [section.direction for section in answer.sections] == ["inactive", "sendonly"]


def test_one_section_of_a_kind_is_used() -> None:
    second = video(mid="2").replace("a=sendonly", "a=recvonly")
    answer = parse(answered(plan_viewer(parse(VIEWER + second + DATA)), video=house(106)))
    directions = [section.direction for section in answer.sections[:3]]
    assert directions == ["inactive", "sendonly", "inactive"]
    assert answer.sections[3].rejected


@pytest.mark.parametrize("text", [PUBLISHER, HEAD + AUDIO.replace("sendonly", "sendrecv")])
def test_who_would_send_is_no_viewer(text: str) -> None:
    with pytest.raises(SdpError, match="must not send"):
        plan_viewer(parse(text))
