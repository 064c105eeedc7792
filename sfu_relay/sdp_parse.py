"""SDP text from the network as a checked description, pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sfu_relay.sdp import BadSdp, Description, Section
from sfu_relay.sdp_lines import (
    Attributes,
    parse_candidates,
    parse_codecs,
    parse_credential,
    parse_direction,
    parse_extmaps,
    parse_fingerprints,
    parse_msid,
    parse_number,
    parse_rids,
    parse_setup,
    parse_ssrc_groups,
    parse_ssrcs,
)

MAX_SDP_BYTES = 64 * 1024
MAX_SECTIONS = 16
MAX_LINES = 3000
MAX_LINE_CHARS = 2048
_MEDIA_PROTOS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"})
_DATA_PROTOS = frozenset({"UDP/DTLS/SCTP", "DTLS/SCTP", "TCP/DTLS/SCTP"})
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]"
_ORIGIN = re.compile(r"\S{1,64} ([0-9]{1,20}) ([0-9]{1,20}) IN IP[46] \S{1,64}")
_MLINE = re.compile(r"(audio|video|application) ([0-9]{1,5}) ([A-Z/]{1,20}) ([\x21-\x7e ]+)")
_MID = re.compile(rf"{_WORD}{{1,32}}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")


def parse_sdp(text: str, max_sections: int = MAX_SECTIONS) -> Description:
    """Parse an SDP from the network. Raises BadSdp, and nothing else, whatever the text."""
    lines = _lines(text)
    head, blocks = _split(lines)
    session = Attributes()
    origin: tuple[int, int] | None = None
    for kind, value in head:
        if kind == "o":
            matched = _ORIGIN.fullmatch(value)
            if not matched or max(int(matched[1]), int(matched[2])) >= 2**63:
                raise BadSdp("The o= line is malformed.")
            origin = (int(matched[1]), int(matched[2]))
        elif kind == "a":
            session.add(value)
    if origin is None:
        raise BadSdp("The SDP has no o= line.")
    if not blocks:
        raise BadSdp("The SDP has no media section.")
    if len(blocks) > max_sections:
        raise BadSdp(f"The SDP has more than {max_sections} sections.")
    sections = tuple(_section(mline, attributes, session) for mline, attributes in blocks)
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise BadSdp("Two sections have the same mid.")
    _check_payload_types(sections)
    return Description(
        origin=origin,
        bundle=_bundle(session, mids),
        sections=sections,
        extmap_allow_mixed=session.has("extmap-allow-mixed"),
    )


def _lines(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_SDP_BYTES:
        raise BadSdp(f"The SDP is over {MAX_SDP_BYTES // 1024} KiB.")
    if not text.isascii():
        raise BadSdp("The SDP is not plain ASCII.")
    raw = text.replace("\r\n", "\n").split("\n")
    if raw and raw[-1] == "":
        raw.pop()
    if not raw or raw[0] != "v=0":
        raise BadSdp("The SDP does not begin with v=0.")
    if len(raw) > MAX_LINES:
        raise BadSdp(f"The SDP has more than {MAX_LINES} lines.")
    lines: list[tuple[str, str]] = []
    for line in raw[1:]:
        if len(line) > MAX_LINE_CHARS or not line.isprintable():
            raise BadSdp("A line of the SDP is too long or not plain text.")
        if len(line) < 2 or line[1] != "=" or line[0] not in "ostcbaiuepzkrm":
            raise BadSdp("A line of the SDP is not of the form x=….")
        lines.append((line[0], line[2:]))
    return lines


def _split(
    lines: list[tuple[str, str]],
) -> tuple[list[tuple[str, str]], list[tuple[str, Attributes]]]:
    head: list[tuple[str, str]] = []
    blocks: list[tuple[str, Attributes]] = []
    for kind, value in lines:
        if kind == "m":
            blocks.append((value, Attributes()))
        elif not blocks:
            head.append((kind, value))
        elif kind == "a":
            blocks[-1][1].add(value)
    return head, blocks


def _section(mline: str, own: Attributes, session: Attributes) -> Section:
    matched = _MLINE.fullmatch(mline)
    if not matched or int(matched[2]) > 65535:
        raise BadSdp("An m= line is malformed.")
    kind, port, proto, formats = matched[1], int(matched[2]), matched[3], matched[4]
    if proto not in (_DATA_PROTOS if kind == "application" else _MEDIA_PROTOS):
        raise BadSdp(f"The transport {proto} is not WebRTC's.")
    mid = own.one("mid")
    if mid is None or not _MID.fullmatch(mid):
        raise BadSdp("A section has no valid mid.")
    if kind == "application" and formats != "webrtc-datachannel":
        raise BadSdp("An application section must be a WebRTC data channel.")
    bundle_only = port == 0 and own.has("bundle-only")
    if port == 0 and not bundle_only:
        return Section(kind=kind, port=0, mid=mid, direction="inactive")
    section = Section(
        kind=kind,
        port=9,
        mid=mid,
        direction=parse_direction(own, session) if kind != "application" else "sendrecv",
        ice_ufrag=parse_credential(own, session, "ice-ufrag", _UFRAG),
        ice_pwd=parse_credential(own, session, "ice-pwd", _PWD),
        fingerprints=parse_fingerprints(own.all("fingerprint") or session.all("fingerprint")),
        setup=parse_setup(own, session),
        candidates=parse_candidates(own.all("candidate")),
        rtcp_mux=own.has("rtcp-mux"),
        rtcp_rsize=own.has("rtcp-rsize"),
        codecs=() if kind == "application" else parse_codecs(formats, own),
        extmaps=parse_extmaps(own.all("extmap") or session.all("extmap")),
        msid=parse_msid(own.all("msid")),
        rids=parse_rids(own),
        ssrcs=parse_ssrcs(own.all("ssrc")),
        ssrc_groups=parse_ssrc_groups(own.all("ssrc-group")),
        sctp_port=parse_number(own, "sctp-port", 65535) if kind == "application" else None,
        max_message_size=parse_number(own, "max-message-size", 2**32 - 1),
    )
    if section.is_media and not section.rtcp_mux:
        raise BadSdp("A section does not multiplex RTCP (a=rtcp-mux).")
    if kind == "application" and section.sctp_port is None:
        raise BadSdp("A data channel section has no sctp-port.")
    return section


def _bundle(session: Attributes, mids: list[str]) -> tuple[str, ...]:
    for value in session.all("group"):
        words = value.split(" ")
        if words[0] != "BUNDLE":
            continue
        if len(set(words[1:])) != len(words) - 1 or not set(words[1:]) <= set(mids):
            raise BadSdp("a=group:BUNDLE names sections that are not there.")
        return tuple(words[1:])
    return ()


def _check_payload_types(sections: Iterable[Section]) -> None:
    """In one bundle a payload type means one codec (RFC 8843, 9.1): an SFU may key by it."""
    meanings: dict[int, tuple[str, str, int]] = {}
    for section in sections:
        for codec in section.codecs:
            meaning = (section.kind, codec.key, codec.clock_rate)
            if meanings.setdefault(codec.payload_type, meaning) != meaning:
                raise BadSdp("One payload type stands for two codecs.")
