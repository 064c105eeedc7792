"""The join offer of every viewer, made by the relay: one inactive section that never connects.

Ion wants an offer with each join. A viewer has nothing to send, so it gets one that asks for
nothing: its transport dies in silence after 30 s, and the browser has the subscriber one only.
"""

from __future__ import annotations

FIXED_OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 4611686018427387904 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=msid-semantic: WMS *",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:relay0",
        "a=ice-pwd:microvibe0relay0fixed0offer",
        "a=ice-options:trickle",
        "a=fingerprint:sha-256 " + ":".join(["00"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=inactive",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "",
    ]
)
