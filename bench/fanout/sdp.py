"""As much SDP as the load generator needs: an offer, an answer, reading theirs. No I/O here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.fanout.stream import PAYLOAD_TYPE, SEND_TIME_EXTENSION, SSRC

_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


@dataclass(frozen=True, slots=True)
class Remote:
    ufrag: str
    pwd: str
    fingerprints: list[tuple[str, str]]
    address: tuple[str, int] | None


def read(sdp: str) -> Remote:
    """The first ICE credentials, fingerprint and loopback candidate of a description."""
    prints = [tuple(each.split(" ", 1)) for each in re.findall(r"a=fingerprint:(.+?)\r?\n", sdp)]
    return Remote(
        _find(r"a=ice-ufrag:(\S+)", sdp),
        _find(r"a=ice-pwd:(\S+)", sdp),
        [(each[0], each[1]) for each in prints],
        address_of(sdp),
    )


def address_of(text: str) -> tuple[str, int] | None:
    """Address and port of the loopback candidate in a description or a trickle message."""
    found = re.search(r"candidate:\S+ 1 udp \d+ (127\.\S+) (\d+) typ host", text)
    return (found[1], int(found[2])) if found else None


def publisher_offer(ufrag: str, pwd: str, fingerprint: str) -> str:
    return _join(
        *_session("0"),
        f"m=video 9 UDP/TLS/RTP/SAVPF {PAYLOAD_TYPE}",
        *_transport(ufrag, pwd, fingerprint, "actpass"),
        "a=mid:0",
        f"a=extmap:{SEND_TIME_EXTENSION} {_SEND_TIME}",
        "a=sendonly",
        "a=msid:bench camera",
        "a=rtcp-mux",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/90000",
        f"a=rtcp-fb:{PAYLOAD_TYPE} nack",
        f"a=rtcp-fb:{PAYLOAD_TYPE} nack pli",
        f"a=rtcp-fb:{PAYLOAD_TYPE} goog-remb",
        f"a=fmtp:{PAYLOAD_TYPE} level-asymmetry-allowed=1;packetization-mode=1;"
        "profile-level-id=42e01f",
        f"a=ssrc:{SSRC} cname:bench",
    )


def viewer_answer(offer: str, ufrag: str, pwd: str, fingerprint: str) -> str:
    """Takes whatever is offered, as a browser that knows all the codecs would."""
    sections = re.split(r"(?m)^(?=m=)", offer)[1:]
    mids = [_find(r"a=mid:(\S+)", section) for section in sections]
    lines = _session(" ".join(mids))
    for mid, section in zip(mids, sections, strict=True):
        lines += [
            re.sub(r"^m=(\w+) \d+", r"m=\1 9", section.splitlines()[0]),
            *_transport(ufrag, pwd, fingerprint, "active"),
            f"a=mid:{mid}",
            "a=recvonly" if "a=sendonly" in section else "a=inactive",
            "a=rtcp-mux",
            *re.findall(r"a=(?:rtpmap|rtcp-fb|fmtp|extmap):[^\r\n]+", section),
        ]
    return _join(*lines)


def _session(mids: str) -> list[str]:
    return ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]


def _transport(ufrag: str, pwd: str, fingerprint: str, setup: str) -> list[str]:
    return [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        f"a=fingerprint:{fingerprint}",
        f"a=setup:{setup}",
    ]


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"no {pattern} in the description")
    return found[1]


def _join(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"
