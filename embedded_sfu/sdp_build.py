"""Our offers and answers as SDP text: ICE-lite, all in one BUNDLE. No I/O and no decisions here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .sdp import LocalSection, LocalTransport


def build(
    sections: Sequence[LocalSection], transport: LocalTransport, *, session_id: int, version: int
) -> str:
    """The SDP text of an offer or answer of ours."""
    mids = " ".join(section.mid for section in sections if not section.rejected)
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {mids}".rstrip(),
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
    ]
    for section in sections:
        lines.extend(_section_lines(section, transport))
    return "\r\n".join(lines) + "\r\n"


def _section_lines(section: LocalSection, transport: LocalTransport) -> Iterable[str]:
    formats = " ".join(str(codec.payload_type) for codec in section.codecs) or " ".join(
        section.formats
    )
    yield f"m={section.kind} {0 if section.rejected else 9} {section.protocol} {formats}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{section.mid}"
    if section.rejected:
        if section.kind != "application":
            yield "a=inactive"
        return
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield f"a=ice-ufrag:{transport.ufrag}"
    yield f"a=ice-pwd:{transport.pwd}"
    yield f"a=fingerprint:{transport.fingerprint}"
    yield f"a=setup:{transport.setup}"
    yield f"a={section.direction}"
    yield "a=rtcp-mux"
    yield "a=rtcp-rsize"
    for number, uri in section.extensions.items():
        yield f"a=extmap:{number} {uri}"
    for codec in section.codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        name = codec.name.lower() if codec.name in ("OPUS", "RTX") else codec.name
        yield f"a=rtpmap:{codec.payload_type} {name}/{codec.clock_rate}{channels}"
        for feedback in section.feedback:
            if feedback.payload_type == codec.payload_type:
                yield f"a=rtcp-fb:{codec.payload_type} {feedback.value}"
        if codec.fmtp:
            yield f"a=fmtp:{codec.payload_type} {codec.fmtp}"
    for line in section.lines:
        yield f"a={line}"
    for candidate in transport.candidates:
        yield f"a={candidate}"
    if transport.candidates:
        yield "a=end-of-candidates"
