"""A checked description as SDP text, pure: the writing half of sdp.py."""

from __future__ import annotations

from sfu_relay.sdp import Codec, Description, Section


def build_sdp(description: Description) -> str:
    """Write a description as SDP text: only what its fields hold."""
    lines = [
        "v=0",
        f"o=- {description.origin[0]} {description.origin[1]} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
    ]
    if description.bundle:
        lines.append("a=group:BUNDLE " + " ".join(description.bundle))
    if description.extmap_allow_mixed:
        lines.append("a=extmap-allow-mixed")
    lines.append("a=msid-semantic: WMS *")
    for section in description.sections:
        lines.extend(_section_lines(section))
    return "\r\n".join(lines) + "\r\n"


def _section_lines(section: Section) -> list[str]:
    if section.is_media:
        proto = "UDP/TLS/RTP/SAVPF"
        formats = " ".join(str(codec.payload_type) for codec in section.codecs) or "0"
    else:
        proto, formats = "UDP/DTLS/SCTP", "webrtc-datachannel"
    lines = [f"m={section.kind} {section.port} {proto} {formats}", "c=IN IP4 0.0.0.0"]
    if section.port == 0:
        return [*lines, f"a=mid:{section.mid}", "a=inactive"]
    lines += [f"a={candidate}" for candidate in section.candidates]
    lines += [f"a=ice-ufrag:{section.ice_ufrag}", f"a=ice-pwd:{section.ice_pwd}"]
    lines.append("a=ice-options:trickle")
    lines += [f"a=fingerprint:{algorithm} {digest}" for algorithm, digest in section.fingerprints]
    lines += [f"a=setup:{section.setup}", f"a=mid:{section.mid}"]
    if not section.is_media:
        lines.append(f"a=sctp-port:{section.sctp_port}")
        if section.max_message_size is not None:
            lines.append(f"a=max-message-size:{section.max_message_size}")
        return lines
    for number, direction, uri in section.extmaps:
        lines.append(f"a=extmap:{number}{'/' + direction if direction else ''} {uri}")
    lines.append(f"a={section.direction}")
    if section.msid:
        lines.append(f"a=msid:{' '.join(section.msid).strip()}")
    lines.append("a=rtcp-mux")
    if section.rtcp_rsize:
        lines.append("a=rtcp-rsize")
    for codec in section.codecs:
        lines.extend(_codec_lines(codec))
    lines += [f"a=rid:{rid} send" for rid in section.rids]
    if section.rids:
        lines.append("a=simulcast:send " + ";".join(section.rids))
    for name, ssrcs in section.ssrc_groups:
        lines.append(f"a=ssrc-group:{name} {' '.join(map(str, ssrcs))}")
    for number, attribute, value in section.ssrcs:
        lines.append(f"a=ssrc:{number} {attribute}:{value}")
    return lines


def _codec_lines(codec: Codec) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels else ""
    lines = [f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{codec.payload_type} {feedback}" for feedback in codec.feedback]
    if codec.parameters:
        lines.append(f"a=fmtp:{codec.payload_type} {';'.join(codec.parameters)}")
    return lines
