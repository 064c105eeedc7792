"""SDP text to values: what is kept, what is refused, and that nothing else ever escapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu import negotiation, sdp, sdp_build, sdp_parse
from embedded_sfu.subscriber_offer import SubscriberSections
from tests.effort import some

from .sdp_texts import AUDIO, DATA, HEAD, PUBLISHER, SIMULCAST, video


def test_a_publishers_offer() -> None:
    audio, camera = sdp_parse.parse(PUBLISHER).sections
    assert (audio.kind, audio.mid, audio.direction, audio.sends) == ("audio", "0", "sendonly", True)
    assert [codec.name for codec in audio.codecs] == ["OPUS", "RED", "G722"]
    assert audio.codecs[0].channels == 2
    assert audio.msid == ("stream", "audio-track")
    assert audio.transport.complete
    assert camera.ssrcs == (2001, 2002)
    assert camera.rtx_of == {2002: 2001}
    assert camera.codecs[2].parameters["profile-level-id"] == "42001f"
    assert camera.extensions[10].endswith("rtp-stream-id")


def test_session_attributes_are_inherited() -> None:
    text = (
        "v=0\na=ice-ufrag:u\na=ice-pwd:p\na=fingerprint:sha-256 AA\nm=audio 9 UDP 0\na=inactive\n"
    )
    [section] = sdp_parse.parse(text).sections
    assert section.transport == sdp.Transport("u", "p", (("sha-256", "AA"),), "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=1\r\nm=audio 9 RTP 0\r\n",
        HEAD,
        HEAD + "m=audio\r\n",
        HEAD + "m=audio 99999 UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + "m=audio 9 UDP/TLS/RTP/SAVPF" + " 1" * 100 + "\r\n",
        HEAD + "m=smell 9 UDP/TLS/RTP/SAVPF 111\r\n",
        HEAD + AUDIO + AUDIO,
        HEAD + AUDIO.replace("a=mid:0", "a=mid:" + "0" * 17),
        HEAD + AUDIO.replace("opus/48000/2", "opus"),
        HEAD + AUDIO.replace("opus/48000/2", "opus/0"),
        HEAD + AUDIO.replace("a=ice-ufrag:abcd", "a=ice-ufrag:ab cd"),
        HEAD + video(tail="a=rid:b@d send\r\n"),
        HEAD + "".join(AUDIO.replace("mid:0", f"mid:{n}") for n in range(65)),
        HEAD + AUDIO + "a=x\r\n" * 40_000,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp_parse.parse(text)


def test_what_we_write_can_be_read() -> None:
    plan = negotiation.plan_publisher(sdp_parse.parse(PUBLISHER), uid="u")
    local = sdp.LocalTransport("uf", "pw", "sha-256 AA:BB", "passive", ("candidate:1 1 udp 1 ::",))
    read = sdp_parse.parse(sdp_build.build(plan.sections, local, session_id=1, version=1))
    assert [section.direction for section in read.sections] == ["recvonly", "recvonly"]
    assert read.transport == sdp.Transport("uf", "pw", (("sha-256", "AA:BB"),), "passive")


_LINES = (HEAD + AUDIO + video(tail=SIMULCAST) + DATA).split("\r\n")
_junk = st.one_of(
    st.sampled_from(_LINES),
    st.text(max_size=60),
    st.builds(
        lambda name, rest: f"a={name}:{rest}",
        st.sampled_from(
            ["mid", "rid", "ssrc", "ssrc-group", "rtpmap", "fmtp", "extmap", "msid", "fingerprint"]
        ),
        st.text(max_size=40),
    ),
    st.builds(lambda rest: f"m={rest}", st.text(max_size=40)),
)


@some
@given(
    st.lists(st.tuples(st.integers(0, len(_LINES)), st.integers(0, 3), _junk), max_size=8),
    st.sampled_from(["\r\n", "\n"]),
)
def test_nothing_but_sdp_errors_escapes(edits: list[tuple[int, int, str]], end: str) -> None:
    """Offers with lines replaced, removed and inserted, all the way to our answer's text."""
    lines = list(_LINES)
    for at, removed, line in edits:
        lines[at : at + removed] = [line]
    try:
        description = sdp_parse.parse(end.join(lines))
        plan = negotiation.plan_publisher(description, uid="u")
    except sdp.SdpError:
        return
    local = sdp.LocalTransport("uf", "pw", "sha-256 AA", "passive")
    text = sdp_build.build(plan.sections, local, session_id=1, version=1)
    assert len(sdp_parse.parse(text).sections) == len(description.sections)
    with pytest.raises(sdp.SdpError):
        SubscriberSections().got_answer(description)


@some
@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "v=0\n" + text, HEAD + "m=video 9 UDP 96\r\n" + text):
        try:
            assert sdp_parse.parse(candidate).sections
        except sdp.SdpError as error:
            assert str(error)
