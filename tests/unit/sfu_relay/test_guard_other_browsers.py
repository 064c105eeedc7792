"""Offers in the manner of Firefox and Safari, written by hand: neither runs on the test machine."""

from __future__ import annotations

from sfu_relay.guard import guard_answer, guard_offer, read_offer
from sfu_relay.sdp_parse import parse_sdp
from tests.fakes.captured_sdp import captured

DIGEST = ":".join(["AB"] * 32)
PWD = "0123456789abcdef0123456789abcdef"

# One fingerprint for the session, braces in ids, extmap with a direction, bundle-only sections
# with port 0, an a=rtcp with port, parameters of tmmbr, candidates and their end in the text.
FIREFOX = f"""v=0
o=mozilla...THIS_IS_SDPARTA-140.0 8233445566778899001 0 IN IP4 0.0.0.0
s=-
t=0 0
a=sendrecv
a=fingerprint:sha-256 {DIGEST}
a=group:BUNDLE 0 1
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 49000 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 192.0.2.7
a=candidate:0 1 UDP 2122252543 1b2c3d4e-0000-4000-8000-0123456789ab.local 49000 typ host
a=candidate:1 1 UDP 1686052863 198.51.100.9 49000 typ srflx raddr 0.0.0.0 rport 0
a=sendrecv
a=end-of-candidates
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=fmtp:101 0-15
a=ice-pwd:{PWD}
a=ice-ufrag:9a8b7c6d
a=mid:0
a=msid:{{5d2c1b0a-1111-4222-8333-444455556666}} {{0a1b2c3d-7777-4888-9999-aaaabbbbcccc}}
a=rtcp:49001 IN IP4 192.0.2.7
a=rtcp-mux
a=rtpmap:109 opus/48000/2
a=rtpmap:9 G722/8000/1
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000/1
a=setup:actpass
a=ssrc:305419896 cname:{{fedcba98-7654-4321-8000-000000000000}}
m=video 0 UDP/TLS/RTP/SAVPF 120 124 126 127
c=IN IP4 0.0.0.0
a=bundle-only
a=sendrecv
a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:5 urn:ietf:params:rtp-hdrext:toffset
a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1
a=fmtp:120 max-fs=12288;max-fr=60
a=fmtp:124 apt=120
a=fmtp:127 apt=126
a=ice-pwd:{PWD}
a=ice-ufrag:9a8b7c6d
a=mid:1
a=msid:{{5d2c1b0a-1111-4222-8333-444455556666}} {{1b2c3d4e-7777-4888-9999-aaaabbbbcccc}}
a=rtcp-fb:120 nack
a=rtcp-fb:120 nack pli
a=rtcp-fb:120 ccm fir
a=rtcp-fb:120 ccm tmmbr smaxpr=120
a=rtcp-fb:126 nack
a=rtcp-fb:126 nack pli
a=rtcp-fb:126 goog-remb
a=rtcp-fb:126 transport-cc
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:120 VP8/90000
a=rtpmap:124 rtx/90000
a=rtpmap:126 H264/90000
a=rtpmap:127 rtx/90000
a=setup:actpass
a=ssrc:1193046 cname:{{fedcba98-7654-4321-8000-000000000000}}
a=ssrc:1193047 cname:{{fedcba98-7654-4321-8000-000000000000}}
a=ssrc-group:FID 1193046 1193047
""".replace("\n", "\r\n")

# Audio NACK, and H.265 first.
SAFARI = (
    captured("publisher-h264")
    .replace("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack")
    .replace("m=video 9 UDP/TLS/RTP/SAVPF ", "m=video 9 UDP/TLS/RTP/SAVPF 96 97 ")
    .replace(
        "a=rtpmap:102 H264/90000",
        "a=rtpmap:96 H265/90000\r\na=fmtp:96 level-id=93;tx-mode=SRST\r\n"
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:102 H264/90000",
    )
)


def test_firefox_publishes() -> None:
    guarded = guard_offer(FIREFOX)
    audio, video = guarded.tracks
    assert audio.stream_id == video.stream_id == "{5d2c1b0a-1111-4222-8333-444455556666}"
    first, second = parse_sdp(guarded.sdp).sections
    assert {codec.key for codec in first.codecs} == {"OPUS"}
    assert {codec.key for codec in second.codecs} == {"VP8", "H264", "RTX"}
    assert second.port == 9
    assert first.fingerprints == second.fingerprints == (("sha-256", DIGEST),)
    assert len(first.candidates) == 1  # the mDNS one is of no use to an SFU
    assert guard_offer(guarded.sdp) == guarded


def test_firefox_watches() -> None:
    """Its answers, too, say some things once for the session."""
    offer = read_offer(guard_offer(FIREFOX).sdp)
    answer = (
        FIREFOX.replace("a=sendrecv\r\n", "a=recvonly\r\n")
        .replace("a=setup:actpass", "a=setup:active")
        .replace("a=bundle-only\r\n", "")
        .replace("m=video 0", "m=video 9")
    )
    for section in parse_sdp(guard_answer(answer, offer)).sections:
        assert section.direction == "recvonly"
        assert section.fingerprints == (("sha-256", DIGEST),)


def test_safari_publishes_without_h265_and_audio_nack() -> None:
    audio, video = parse_sdp(guard_offer(SAFARI).sdp).sections
    assert "H265" not in {codec.key for codec in video.codecs}
    assert 97 not in {codec.payload_type for codec in video.codecs}
    assert not any("nack" in item for codec in audio.codecs for item in codec.feedback)
