"""A viewer's sections over many offers."""

from __future__ import annotations

import pytest

from embedded_sfu import codecs, sdp, sdp_build, sdp_parse
from embedded_sfu.subscriber_offer import (
    MAX_SECTIONS,
    OutgoingTrack,
    SubscriberSections,
    Verdict,
)

from .sdp_texts import answer_to

LOCAL = sdp.LocalTransport("uf", "pw", "sha-256 " + ":".join(["AB"] * 32), "actpass")


def track(key: int, codec: codecs.HouseCodec = codecs.VP8) -> OutgoingTrack:
    rtx = 2 * key + 1 if codec.kind == "video" else None
    return OutgoingTrack(key, codec.kind, f"s{key}", f"t{key}", codec, 2 * key, rtx)


def offer(sections: SubscriberSections) -> str:
    return sdp_build.build(sections.make_offer(), LOCAL, session_id=1, version=1)


def exchange(sections: SubscriberSections, **how: object) -> tuple[Verdict, ...]:
    text = answer_to(offer(sections), **how)  # type: ignore[arg-type]
    return sections.got_answer(sdp_parse.parse(text))


def test_tracks_are_offered_and_accepted() -> None:
    sections = SubscriberSections()
    assert sections.add(track(1, codecs.OPUS)) and sections.add(track(2))
    text = offer(sections)
    assert "a=msid:s2 t2" in text and "a=ssrc-group:FID 4 5" in text
    assert "a=rtpmap:96 VP8/90000" in text and "a=rtcp-fb:96 nack pli" in text
    assert "a=rtcp-fb:111 nack" not in text
    verdicts = sections.got_answer(sdp_parse.parse(answer_to(text)))
    assert verdicts == (Verdict(1, True, False), Verdict(2, True, True))
    assert not sections.dirty and not sections.outstanding


def test_a_section_is_used_again_only_after_it_was_seen_inactive() -> None:
    sections = SubscriberSections()
    sections.add(track(1))
    exchange(sections)
    sections.remove(1)
    sections.add(track(2))  # before the viewer heard of the removal
    assert len(sections.slots) == 2
    exchange(sections)
    sections.add(track(3, codecs.AV1))  # another codec may sit there
    assert len(sections.slots) == 2
    assert exchange(sections)[0] == Verdict(3, True, True)


def test_changes_while_an_offer_is_out_wait() -> None:
    sections = SubscriberSections()
    sections.add(track(1))
    text = offer(sections)
    sections.add(track(2))
    sections.remove(1)
    assert sections.dirty
    assert sections.got_answer(sdp_parse.parse(answer_to(text))) == (Verdict(1, True, True),)
    assert sections.dirty, "another offer is due"
    assert exchange(sections) == (Verdict(2, True, True),)


def test_a_codec_the_viewer_lacks_hurts_only_its_own_section() -> None:
    sections = SubscriberSections()
    sections.add(track(1, codecs.AV1))
    sections.add(track(2))
    assert exchange(sections, reject=("0",)) == (Verdict(1, False, True), Verdict(2, True, True))
    assert not sections.add(track(3, codecs.AV1)), "it is not offered again"
    assert sections.add(track(4))
    text = offer(sections)
    assert "m=video 0 " in text and "BUNDLE 1 2" in text


def test_sections_are_bounded() -> None:
    sections = SubscriberSections()
    added = [sections.add(track(key)) for key in range(MAX_SECTIONS + 5)]
    assert added.count(True) == MAX_SECTIONS


def test_answers_that_are_refused_leave_the_offer_open() -> None:
    sections = SubscriberSections()
    sections.add(track(1))
    sections.add(track(2))
    text = offer(sections)
    good = answer_to(text)
    for bad in (
        answer_to(text, send=True),
        good[: good.rindex("m=")],
        good + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:7\r\na=inactive\r\n",
        good.replace("a=mid:1", "a=mid:x"),
        good.replace("m=video", "m=audio"),
        good.replace("a=ice-pwd", "a=x").replace("a=fingerprint", "a=y"),
    ):
        with pytest.raises(sdp.SdpError):
            sections.got_answer(sdp_parse.parse(bad))
        assert sections.outstanding
    assert len(sections.got_answer(sdp_parse.parse(good))) == 2
    with pytest.raises(sdp.SdpError):
        sections.got_answer(sdp_parse.parse(good))
