"""Which offers of a publisher pass, and what is left of them."""

from __future__ import annotations

import pytest

from sfu_relay.fixed_offer import FIXED_OFFER
from sfu_relay.guard import Rejected, guard_offer, read_offer
from sfu_relay.sdp_parse import parse_sdp
from tests.fakes.captured_sdp import (
    PUBLISHER_OFFERS,
    captured,
    with_line_after,
    with_line_replaced,
)

H264 = captured("publisher-h264")
SIMULCAST = captured("publisher-h264-simulcast")


@pytest.mark.parametrize("name", PUBLISHER_OFFERS)
def test_what_a_browser_makes_passes_and_is_stable(name: str) -> None:
    guarded = guard_offer(captured(name))
    assert guarded.tracks
    assert guard_offer(guarded.sdp) == guarded
    before, after = parse_sdp(captured(name)), parse_sdp(guarded.sdp)
    assert [(s.kind, s.mid, s.direction) for s in before.sections] == [
        (s.kind, s.mid, s.direction) for s in after.sections
    ]
    assert before.origin == after.origin
    assert before.bundle == after.bundle


def test_tracks_carry_stream_kind_and_layers() -> None:
    audio, video = guard_offer(SIMULCAST).tracks
    assert (audio.kind, audio.layers) == ("audio", ())
    assert (video.kind, video.layers) == ("video", ("q", "h", "f"))
    assert audio.stream_id == video.stream_id
    assert "a=simulcast:send f;h;q" in guard_offer(SIMULCAST).sdp  # the browser's own order


def test_a_screen_comes_and_goes() -> None:
    assert len(guard_offer(captured("publisher-screen-added")).tracks) == 3
    assert len(guard_offer(captured("publisher-screen-removed")).tracks) == 2
    assert len(guard_offer(captured("publisher-screen-stopped")).tracks) == 2


@pytest.mark.parametrize("codec", ["H264", "VP8", "VP9", "AV1"])
def test_only_permitted_codecs_and_their_repair_pass(codec: str) -> None:
    sdp = guard_offer(captured("publisher-all"), [codec]).sdp
    video = next(s for s in parse_sdp(sdp).sections if s.kind == "video")
    assert {c.key for c in video.codecs} == {codec, "RTX"}
    kept = {c.payload_type for c in video.codecs}
    assert all(c.repairs in kept for c in video.codecs if c.key == "RTX")


def test_audio_nack_never_passes() -> None:
    """One audio NACK ends an Ion node's process."""
    for line in ("a=rtcp-fb:111 nack", "a=rtcp-fb:* nack", "a=rtcp-fb:111 nack pli"):
        sdp = with_line_after(H264, "a=rtpmap:111 ", line)
        audio = guard_offer(sdp).sdp.split("m=video")[0]
        assert "nack" not in audio
    assert "nack pli" in guard_offer(H264).sdp.split("m=video")[1]


@pytest.mark.parametrize("name", PUBLISHER_OFFERS)
def test_phones_turn_the_pixels_themselves(name: str) -> None:
    """An answer agrees to offered extensions only, so no SFU can agree to this one."""

    def offered(sdp: str) -> list[set[str]]:
        used = [section for section in parse_sdp(sdp).sections if section.port]
        return [{uri for _, _, uri in section.extmaps} for section in used]

    before, after = offered(captured(name)), offered(guard_offer(captured(name)).sdp)
    orientation = {"urn:3gpp:video-orientation"}
    assert any(orientation <= uris for uris in before)
    assert after == [uris - orientation for uris in before]


def test_nameless_tracks_get_names_of_their_own() -> None:
    origin = H264.split("\r\n")[1].split(" ")[1]
    audio, video = guard_offer(with_line_replaced(H264, "a=msid:", "a=msid:-", count=2)).tracks
    assert audio.stream_id == video.stream_id == f"stream-{origin}"
    assert (audio.track_id, video.track_id) == (f"track-{origin}-0", f"track-{origin}-1")


def test_what_has_no_field_does_not_pass() -> None:
    sdp = with_line_after(H264, "a=mid:0", "a=x-evil:$(reboot)")
    assert "evil" not in guard_offer(sdp).sdp


def test_session_level_fingerprint_is_understood() -> None:
    """Firefox writes it once for all sections."""
    fingerprint = next(line for line in H264.split("\r\n") if line.startswith("a=fingerprint"))
    sdp = with_line_replaced(H264, "a=fingerprint", None, count=2)
    sdp = with_line_after(sdp, "t=", fingerprint)
    assert guard_offer(sdp).sdp.count(fingerprint) == 2


def test_candidates_inside_an_offer_are_checked_too() -> None:
    good = "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"
    name = "a=candidate:1 1 udp 2122260223 intranet.example.org 50000 typ host"
    assert good in guard_offer(with_line_after(H264, "a=mid:0", good)).sdp
    with pytest.raises(Rejected):
        guard_offer(with_line_after(H264, "a=mid:0", name))


def _with_sections(count: int) -> str:
    """Valid in all but number."""
    head, audio, _ = H264.replace("m=", "\0m=").split("\0")
    mids = " ".join(str(n) for n in range(count))
    head = with_line_replaced(head, "a=group", f"a=group:BUNDLE {mids}")
    return head + "".join(audio.replace("a=mid:0", f"a=mid:{n}") for n in range(count))


def test_as_many_sections_as_allowed() -> None:
    assert len(guard_offer(_with_sections(16)).tracks) == 16


NO_COMMON = "no_common_codec"
REFUSED = {
    "empty": ("", "bad_sdp"),
    "garbage": ("hello", "bad_sdp"),
    "only a version": ("v=0\r\n", "bad_sdp"),
    "not text": (None, "bad_sdp"),
    "no sections": (H264.split("m=")[0], "bad_sdp"),
    "a data channel alone": (captured("data-channel-only"), "bad_sdp"),
    "no origin": (with_line_replaced(H264, "o=", None), "bad_sdp"),
    "over 64 KiB": (H264 + ("a=x:" + "y" * 1000 + "\r\n") * 64, "bad_sdp"),
    "17 sections": (_with_sections(17), "bad_sdp"),
    "the same mid twice": (with_line_replaced(H264, "a=mid:1", "a=mid:0"), "bad_sdp"),
    "no mid": (with_line_replaced(H264, "a=mid:0", None), "bad_sdp"),
    "bad extmap id": (with_line_after(H264, "a=mid:0", "a=extmap:0 urn:x"), "bad_sdp"),
    "extmap without uri": (with_line_after(H264, "a=mid:0", "a=extmap:9"), "bad_sdp"),
    "extmap as words": (with_line_after(H264, "a=mid:0", "a=extmap:a b"), "bad_sdp"),
    "extmap twice": (with_line_after(H264, "a=mid:0", "a=extmap:1 urn:other"), "bad_sdp"),
    "rtpmap without clock": (
        with_line_replaced(H264, "a=rtpmap:111", "a=rtpmap:111 opus"),
        "bad_sdp",
    ),
    "rtpmap as words": (with_line_replaced(H264, "a=rtpmap:111", "a=rtpmap:x y/z"), "bad_sdp"),
    "rtpmap clock 0": (
        with_line_replaced(H264, "a=rtpmap:111", "a=rtpmap:111 opus/0/2"),
        "bad_sdp",
    ),
    "rtpmap missing": (with_line_replaced(H264, "a=rtpmap:111", None), "bad_sdp"),
    "payload type 128": (
        with_line_replaced(H264, "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 128"),
        "bad_sdp",
    ),
    "payload type twice": (
        with_line_replaced(H264, "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 111 111"),
        "bad_sdp",
    ),
    "payload type of two codecs": (
        with_line_after(
            with_line_replaced(H264, "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 111 102"),
            "a=rtpmap:111 ",
            "a=rtpmap:102 opus/48000/2",
        ),
        "bad_sdp",
    ),
    "m= of another kind": (with_line_replaced(H264, "m=audio", "m=text 9 RTP/AVP 0"), "bad_sdp"),
    "m= cut short": (with_line_replaced(H264, "m=audio", "m=audio"), "bad_sdp"),
    "m= bad port": (
        with_line_replaced(H264, "m=audio", "m=audio 99999 UDP/TLS/RTP/SAVPF 111"),
        "bad_sdp",
    ),
    "plain RTP": (with_line_replaced(H264, "m=audio", "m=audio 9 RTP/AVP 111"), "bad_sdp"),
    "fingerprint too short": (
        with_line_replaced(H264, "a=fingerprint", "a=fingerprint:sha-256 AA:BB"),
        "bad_sdp",
    ),
    "fingerprint weak": (
        with_line_replaced(H264, "a=fingerprint", "a=fingerprint:md5 " + ":".join(["AA"] * 16)),
        "bad_sdp",
    ),
    "no fingerprint": (with_line_replaced(H264, "a=fingerprint", None, count=2), "bad_sdp"),
    "ufrag too short": (with_line_replaced(H264, "a=ice-ufrag", "a=ice-ufrag:abc"), "bad_sdp"),
    "ufrag of spaces": (with_line_replaced(H264, "a=ice-ufrag", "a=ice-ufrag:a b c d"), "bad_sdp"),
    "pwd too short": (with_line_replaced(H264, "a=ice-pwd", "a=ice-pwd:" + "a" * 21), "bad_sdp"),
    "pwd too long": (with_line_replaced(H264, "a=ice-pwd", "a=ice-pwd:" + "a" * 257), "bad_sdp"),
    "no pwd": (with_line_replaced(H264, "a=ice-pwd", None), "bad_sdp"),
    "setup unknown": (with_line_replaced(H264, "a=setup", "a=setup:holdconn"), "bad_sdp"),
    "no setup": (with_line_replaced(H264, "a=setup", None), "bad_sdp"),
    "two directions": (with_line_after(H264, "a=mid:0", "a=recvonly"), "bad_sdp"),
    "no BUNDLE": (with_line_replaced(H264, "a=group", None), "bad_sdp"),
    "BUNDLE of one": (with_line_replaced(H264, "a=group", "a=group:BUNDLE 0"), "bad_sdp"),
    "BUNDLE of strangers": (with_line_replaced(H264, "a=group", "a=group:BUNDLE 0 7"), "bad_sdp"),
    "no rtcp-mux": (with_line_replaced(H264, "a=rtcp-mux", None), "bad_sdp"),
    "rids not q h f": (
        SIMULCAST.replace("a=rid:f", "a=rid:x").replace("send f;h;q", "send x;h;q"),
        "bad_sdp",
    ),
    "rids and simulcast differ": (SIMULCAST.replace("send f;h;q", "send f;h"), "bad_sdp"),
    "rids without simulcast": (with_line_replaced(SIMULCAST, "a=simulcast", None), "bad_sdp"),
    "ssrc of 33 bits": (with_line_after(H264, "a=mid:0", "a=ssrc:8589934592 cname:x"), "bad_sdp"),
    "no msid": (with_line_replaced(H264, "a=msid:", None), "bad_sdp"),
    "a NUL": (H264.replace("a=mid:0", "a=mid:0\0"), "bad_sdp"),
    "not ASCII": (H264.replace("s=-", "s=直播"), "bad_sdp"),
    "digits of another script": (H264.replace("a=rtpmap:111", "a=rtpmap:١١١"), "bad_sdp"),
    "no opus": (H264.replace("opus", "speex"), NO_COMMON),
    "every section rejected": (H264.replace(" 9 UDP", " 0 UDP"), "bad_sdp"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    sdp, code = REFUSED[name]
    with pytest.raises(Rejected) as caught:
        guard_offer(sdp)
    assert caught.value.code == code
    assert caught.value.detail


def test_a_room_of_h264_refuses_a_vp8_publisher() -> None:
    """On Ion a second video codec ends the stream of every viewer in the room."""
    with pytest.raises(Rejected) as caught:
        guard_offer(captured("publisher-vp8"), ["H264"])
    assert caught.value.code == NO_COMMON


def test_the_fixed_offer_of_viewers_is_valid_and_silent() -> None:
    (section,) = read_offer(FIXED_OFFER).sections
    assert section.kind == "audio"
    assert not section.sends
