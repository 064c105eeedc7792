"""Which answers of a viewer pass: a viewer never sends."""

from __future__ import annotations

import pytest

from sfu_relay.guard import Rejected, guard_answer, read_offer
from sfu_relay.sdp_parse import parse_sdp
from tests.fakes.captured_sdp import captured, with_line_after, with_line_replaced

OFFER = read_offer(captured("sfu-offer"))
ANSWER = captured("viewer-answer")


def test_a_browsers_answer_passes_and_is_stable() -> None:
    guarded = guard_answer(ANSWER, OFFER)
    assert guard_answer(guarded, OFFER) == guarded
    assert [s.mid for s in parse_sdp(guarded).sections] == [s.mid for s in OFFER.sections]


def test_audio_nack_never_passes() -> None:
    """Safari is said to add it; one lost packet later an Ion node is dead."""
    sdp = with_line_after(ANSWER, "a=rtpmap:111 ", "a=rtcp-fb:111 nack")
    assert "nack" not in guard_answer(sdp, OFFER).split("m=video")[0]


def test_traces_of_sending_are_left_out() -> None:
    sdp = with_line_after(ANSWER, "a=mid:1", "a=ssrc:1234 cname:me")
    sdp = with_line_after(sdp, "a=mid:1", "a=msid:stream track")
    guarded = guard_answer(sdp, OFFER)
    assert "a=ssrc" not in guarded
    assert "a=msid:" not in guarded


def test_a_section_may_be_rejected_but_not_all() -> None:
    one = with_line_replaced(ANSWER, "m=audio", "m=audio 0 UDP/TLS/RTP/SAVPF 111")
    assert "m=audio 0 " in guard_answer(one, OFFER)
    with pytest.raises(Rejected):
        guard_answer(ANSWER.replace(" 9 UDP", " 0 UDP"), OFFER)


def _sections_swapped() -> str:
    head, audio, rest = ANSWER.replace("m=", "\0m=").split("\0", 2)
    video, data = rest.split("\0")
    return head + video + audio + data


REFUSED = {
    "empty": ("", "bad_sdp"),
    "garbage": ("answer", "bad_sdp"),
    "sendrecv": (with_line_replaced(ANSWER, "a=recvonly", "a=sendrecv"), "sends_media"),
    "sendonly": (with_line_replaced(ANSWER, "a=recvonly", "a=sendonly"), "sends_media"),
    "no direction means sendrecv": (
        with_line_replaced(ANSWER, "a=recvonly", None),
        "sends_media",
    ),
    "direction of the session": (
        with_line_after(with_line_replaced(ANSWER, "a=recvonly", None), "t=", "a=sendrecv"),
        "sends_media",
    ),
    "a direction with a tail": (
        with_line_replaced(ANSWER, "a=recvonly", "a=recvonly:x"),
        "bad_sdp",
    ),
    "both directions": (with_line_after(ANSWER, "a=recvonly", "a=sendrecv"), "bad_sdp"),
    "the second section sends": (
        ANSWER[: ANSWER.index("m=video")]
        + with_line_replaced(ANSWER[ANSWER.index("m=video") :], "a=recvonly", "a=sendrecv"),
        "sends_media",
    ),
    "a section missing": (ANSWER[: ANSWER.index("m=application")], "bad_sdp"),
    "a section more": (ANSWER + captured("publisher-h264").split("m=")[2], "bad_sdp"),
    "sections swapped": (_sections_swapped(), "bad_sdp"),
    "another mid": (with_line_replaced(ANSWER, "a=mid:0", "a=mid:9"), "bad_sdp"),
    "setup undecided": (with_line_replaced(ANSWER, "a=setup", "a=setup:actpass"), "bad_sdp"),
    "fingerprint missing": (
        with_line_replaced(ANSWER, "a=fingerprint", None, count=3),
        "bad_sdp",
    ),
    "codecs nobody offered": (
        with_line_after(
            with_line_replaced(ANSWER, "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 120"),
            "a=mid:0",
            "a=rtpmap:120 speex/16000",
        ),
        "bad_sdp",
    ),
    "an offer instead": (captured("publisher-h264"), "bad_sdp"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    sdp, code = REFUSED[name]
    with pytest.raises(Rejected) as caught:
        guard_answer(sdp, OFFER)
    assert caught.value.code == code
