"""Offers of WHIP encoders as their users posted them in bug reports, shortened; and FFmpeg's own.

Credentials and fingerprints are made up.
"""

from __future__ import annotations

DIGEST = ":".join(["C4"] * 32)

# OBS 30.1: libdatachannel, ICE and DTLS for the whole session, lip-sync group, candidates inside.
OBS_30 = f"""v=0
o=rtc 3877212184 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=setup:actpass
a=ice-ufrag:nxcM
a=ice-pwd:ezjAjgSSLLvbRhUA1zc6Se
a=ice-options:ice2,trickle
a=fingerprint:sha-256 {DIGEST}
m=audio 57249 UDP/TLS/RTP/SAVPF 111
c=IN IP4 192.0.2.53
a=mid:0
a=sendonly
a=ssrc:3388068600 cname:Yuu1KDxQcc3L5CpY
a=ssrc:3388068600 msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-audio
a=msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
a=candidate:1 1 UDP 2114977791 192.0.2.53 57249 typ host
a=candidate:2 1 UDP 1678769919 198.51.100.7 57249 typ srflx raddr 0.0.0.0 rport 0
a=end-of-candidates
m=video 57249 UDP/TLS/RTP/SAVPF 96
c=IN IP4 192.0.2.53
a=mid:1
a=sendonly
a=ssrc:3388068601 cname:Yuu1KDxQcc3L5CpY
a=ssrc:3388068601 msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-video
a=msid:XmQSKutZo7zYcEQl XmQSKutZo7zYcEQl-video
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
"""

# OBS 30.2 on: nothing is gathered before the offer.
OBS_30_2 = (
    "\n".join(
        line.replace("57249", "9").replace("192.0.2.53", "0.0.0.0")
        for line in OBS_30.splitlines()
        if not line.startswith(("a=candidate", "a=end-of"))
    )
    + "\n"
)

# An early OBS build with webrtc-rs: fingerprint for the session, the rest by section.
OBS_RUST = f"""v=0
o=- 3551877678750692103 274427200 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 {DIGEST}
a=group:BUNDLE 0 1
m=video 9 UDP/TLS/RTP/SAVPF 125
c=IN IP4 0.0.0.0
a=setup:actpass
a=mid:0
a=ice-ufrag:JYJqpTsLBtMsyFuL
a=ice-pwd:fUSOGBAOREerXgVepvvkXIfXAHveYNVY
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:125 H264/90000
a=fmtp:125 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtcp-fb:125 goog-remb
a=rtcp-fb:125 ccm fir
a=rtcp-fb:125 nack
a=rtcp-fb:125 nack pli
a=rtcp-fb:125 nack
a=rtcp-fb:125 nack pli
a=rtcp-fb:125 transport-cc
a=extmap:1 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=ssrc:4177141165 cname:webrtc-rs
a=ssrc:4177141165 msid:webrtc-rs video
a=ssrc:4177141165 mslabel:webrtc-rs
a=ssrc:4177141165 label:video
a=msid:webrtc-rs video
a=sendonly
a=candidate:3299231860 1 udp 2130706431 192.0.2.53 52004 typ host
a=candidate:3299231860 2 udp 2130706431 192.0.2.53 52004 typ host
a=end-of-candidates
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=setup:actpass
a=mid:1
a=ice-ufrag:JYJqpTsLBtMsyFuL
a=ice-pwd:fUSOGBAOREerXgVepvvkXIfXAHveYNVY
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=ssrc:1977131241 cname:webrtc-rs
a=msid:webrtc-rs audio
a=sendonly
"""

# FFmpeg 8.1: it will be the DTLS server, and repairs by RTX.
FFMPEG = f"""v=0
o=FFmpeg 4489045141692799359 2 IN IP4 127.0.0.1
s=FFmpegPublishSession
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:13d60829
a=ice-pwd:30c5968ad467d8de0e22fb6a84395275
a=fingerprint:sha-256 {DIGEST}
a=setup:passive
a=mid:0
a=sendonly
a=msid:FFmpeg audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=ssrc:2348791660 cname:FFmpeg
a=ssrc:2348791660 msid:FFmpeg audio
m=video 9 UDP/TLS/RTP/SAVPF 106 105
c=IN IP4 0.0.0.0
a=ice-ufrag:13d60829
a=ice-pwd:30c5968ad467d8de0e22fb6a84395275
a=fingerprint:sha-256 {DIGEST}
a=setup:passive
a=mid:1
a=sendonly
a=msid:FFmpeg video
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:106 H264/90000
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01e
a=rtcp-fb:106 nack
a=rtpmap:105 rtx/90000
a=fmtp:105 apt=106
a=ssrc-group:FID 1868791660 1868791661
a=ssrc:1868791660 cname:FFmpeg
a=ssrc:1868791660 msid:FFmpeg video
a=ssrc:1868791661 cname:FFmpeg
"""

WHIP_OFFERS = {"OBS 30.1": OBS_30, "OBS 30.2": OBS_30_2, "OBS, Rust": OBS_RUST, "FFmpeg": FFMPEG}


def as_sent(text: str) -> str:
    return text.replace("\n", "\r\n")
