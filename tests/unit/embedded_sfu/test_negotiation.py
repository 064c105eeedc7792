"""Which tracks a publisher's offer brings, and what is answered."""

from __future__ import annotations

import pytest

from embedded_sfu import codecs, negotiation, sdp, sdp_parse
from tests.fakes.captured_sdp import captured

from .sdp_texts import AUDIO, DATA, HEAD, PLAIN_SSRCS, PUBLISHER, SIMULCAST, video


def plan(text: str) -> negotiation.PublisherPlan:
    return negotiation.plan_publisher(sdp_parse.parse(text), uid="uid")


def test_plain_publisher() -> None:
    audio, camera = plan(PUBLISHER).tracks
    assert (audio.codec, audio.payload_type, audio.rtx_payload_type) == (codecs.OPUS, 111, None)
    assert (audio.stream_id, audio.track_id, audio.ssrcs) == ("stream", "audio-track", (1001,))
    assert set(audio.extensions) == {1, 4}, "unknown extensions are not agreed to"
    assert (camera.codec, camera.payload_type, camera.rtx_payload_type) == (codecs.VP8, 96, 97)
    assert (camera.ssrcs, camera.rtx_of, camera.rids) == ((2001,), {2002: 2001}, ())


def test_phones_are_not_asked_to_send_pictures_that_lie_on_their_side() -> None:
    orientation = "urn:3gpp:video-orientation"
    offered = captured("publisher-all")
    assert orientation in offered
    agreed = {uri for track in plan(offered).tracks for uri in track.extensions.values()}
    assert agreed and orientation not in agreed
    assert orientation not in codecs.HOUSE_EXTENSIONS


@pytest.mark.parametrize(
    ("formats", "payload_type", "house"),
    [
        ("96 97", 96, 96),
        ("103 104 109 114", 109, 106),  # constrained baseline first: everybody plays it
        ("103 104", 103, 102),
        ("109", 109, 106),
    ],
)
def test_codec_choice(formats: str, payload_type: int, house: int) -> None:
    [track] = plan(HEAD + video(formats, tail=PLAIN_SSRCS)).tracks
    assert (track.payload_type, track.codec.payload_type) == (payload_type, house)


def test_simulcast_is_answered_rid_by_rid() -> None:
    made = plan(HEAD + video(tail=SIMULCAST))
    assert made.tracks[0].rids == ("f", "h", "q")
    assert "simulcast:recv f;h;q" in made.sections[0].lines
    assert "rid:q recv" in made.sections[0].lines


def test_a_viewers_fixed_offer_needs_no_transport() -> None:
    made = plan(HEAD + AUDIO.replace("sendonly", "inactive"))
    assert not made.needs_transport
    assert (made.sections[0].direction, made.sections[0].rejected) == ("inactive", False)


def test_only_what_can_be_passed_on_is_received() -> None:
    unknown = video("50", mid="2").replace("VP8/90000", "H265/90000")
    made = plan(HEAD + AUDIO + unknown + DATA)
    assert [track.kind for track in made.tracks] == ["audio"]
    assert [section.rejected for section in made.sections] == [False, True, True]


def test_without_msid_names_are_made_up() -> None:
    text = PUBLISHER.replace("a=msid:stream audio-track", "a=msid:-")
    assert (plan(text).tracks[0].stream_id, plan(text).tracks[0].track_id) == ("uid", "uid-0")


@pytest.mark.parametrize(
    "text",
    [
        PUBLISHER.replace("a=ice-pwd", "a=x"),
        HEAD + video(tail=SIMULCAST.replace("rid:f", "rid:a").replace("rid:h", "rid:b")[:24]),
        HEAD + "".join(video(mid=str(n)) for n in range(17)),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(sdp.SdpError):
        plan(text)


@pytest.mark.parametrize(
    ("name", "fmtp", "house"),
    [
        ("H264", "packetization-mode=1;profile-level-id=42e034", 106),
        ("H264", "packetization-mode=1;profile-level-id=42c01f", 106),
        ("H264", "packetization-mode=1;profile-level-id=640c1f", 116),
        ("H264", "packetization-mode=1;profile-level-id=64002a", 114),
        ("H264", "packetization-mode=1;profile-level-id=4d0032", 112),
        ("H264", "profile-level-id=42001f", 104),
        ("H264", "packetization-mode=2;profile-level-id=42001f", None),
        ("H264", "packetization-mode=1;profile-level-id=f4001f", None),
        ("H264", "packetization-mode=1;profile-level-id=zz", None),
        ("VP9", "profile-id=0", 98),
        ("VP9", "profile-id=2", 100),
        ("VP9", "profile-id=1", None),
        ("AV1", "level-idx=5;profile=0;tier=0", 45),
        ("AV1", "profile=1", None),
        ("H265", "", None),
    ],
)
def test_house_codec(name: str, fmtp: str, house: int | None) -> None:
    found = codecs.house_codec(sdp.Codec(100, name, 90000, fmtp=fmtp))
    assert (found.payload_type if found else None) == house


def test_house_payload_types_are_apart_and_leave_rtcp_alone() -> None:
    every = [codecs.OPUS, codecs.VP8, codecs.VP9_0, codecs.VP9_2, codecs.AV1]
    every += codecs._H264.values()
    numbers = [codec.payload_type for codec in every]
    numbers += [codec.rtx_payload_type for codec in every if codec.rtx_payload_type is not None]
    assert len(numbers) == len(set(numbers))
    assert all(35 <= number <= 63 or 96 <= number <= 127 for number in numbers)
