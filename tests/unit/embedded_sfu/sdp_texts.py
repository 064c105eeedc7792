"""Offers and answers as browsers write them, cut down to what matters."""

from __future__ import annotations

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
TRANSPORT = (
    "c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=rtcp-mux\r\n"
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\n" + TRANSPORT + "a=mid:0\r\na=sendonly\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=extmap:9 http://example.org/unknown\r\n"
    "a=msid:stream audio-track\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n"
    "a=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\na=ssrc:1001 cname:x\r\n"
)
VIDEO_CODECS = (
    "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rtpmap:103 H264/90000\r\n"
    "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n"
    "a=rtpmap:104 rtx/90000\r\na=fmtp:104 apt=103\r\n"
    "a=rtpmap:109 H264/90000\r\n"
    "a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rtpmap:114 rtx/90000\r\na=fmtp:114 apt=109\r\n"
)
VIDEO_EXTENSIONS = (
    "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
    "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
)


def video(formats: str = "96 97 103 104 109 114", *, mid: str = "1", tail: str = "") -> str:
    return (
        f"m=video 9 UDP/TLS/RTP/SAVPF {formats}\r\n{TRANSPORT}a=mid:{mid}\r\na=sendonly\r\n"
        f"{VIDEO_EXTENSIONS}a=msid:stream video-track\r\n{VIDEO_CODECS}{tail}"
    )


PLAIN_SSRCS = "a=ssrc-group:FID 2001 2002\r\na=ssrc:2001 cname:x\r\na=ssrc:2002 cname:x\r\n"
SIMULCAST = "a=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=simulcast:send f;h;q\r\n"
DATA = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + TRANSPORT + "a=mid:9\r\n"
    "a=sctp-port:5000\r\n"
)
PUBLISHER = HEAD + AUDIO + video(tail=PLAIN_SSRCS)


def answer_to(offer: str, *, reject: tuple[str, ...] = (), send: bool = False) -> str:
    """What a browser would answer to an offer of ours."""
    out, rejected = [], False
    sections = offer.replace("a=setup:actpass", "a=setup:active").split("m=")
    for section in sections[1:]:
        mid = section.split("a=mid:")[1].split("\r\n")[0]
        rejected = mid in reject
        section = section.replace("a=sendonly", "a=sendrecv" if send else "a=recvonly")
        if rejected:
            section = section.replace(" 9 ", " 0 ", 1)
        out.append("m=" + section)
    return sections[0] + "".join(out)
