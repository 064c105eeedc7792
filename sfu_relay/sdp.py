"""SDP as checked values, pure. What has no field here does not get through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sfu_relay.candidates import BadCandidate, guard_candidate_line

MAX_SDP_BYTES = 64 * 1024
MAX_SECTIONS = 16
MAX_LINES = 3000
MAX_LINE_CHARS = 2048
MAX_PAYLOAD_TYPES = 64
MAX_EXTMAPS = 32
MAX_SSRCS = 32
MAX_CANDIDATES = 32

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_MEDIA_PROTOS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"})
_DATA_PROTOS = frozenset({"UDP/DTLS/SCTP", "DTLS/SCTP", "TCP/DTLS/SCTP"})

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]"
_ORIGIN = re.compile(r"\S{1,64} ([0-9]{1,20}) ([0-9]{1,20}) IN IP[46] \S{1,64}")
_MLINE = re.compile(r"(audio|video|application) ([0-9]{1,5}) ([A-Z/]{1,20}) ([\x21-\x7e ]+)")
_MID = re.compile(rf"{_WORD}{{1,32}}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9_.-]{1,32})/([0-9]{1,6})(?:/([1-8]))?")
_FMTP = re.compile(r"([0-9]{1,3}) ([\x21-\x7e](?:[\x20-\x7e]{0,510}))")
_FMTP_PARAM = re.compile(r"[A-Za-z0-9-]{1,48}=[A-Za-z0-9+/=,.:_-]{0,256}")
_RTCP_FB = re.compile(r"([0-9]{1,3}|\*) ([a-z-]{1,20}(?: [a-z0-9-]{1,20})?)")
_EXTMAP = re.compile(
    r"([0-9]{1,3})(?:/(sendrecv|sendonly|recvonly|inactive))? ([\x21-\x7e]{1,255})"
)
_DIGEST = {
    name: re.compile(rf"[0-9A-F]{{2}}(?::[0-9A-F]{{2}}){{{size - 1}}}")
    for name, size in (("sha-256", 32), ("sha-384", 48), ("sha-512", 64))
}
_MSID = re.compile(rf"({_WORD}{{1,64}})(?: ({_WORD}{{1,64}}))?")
_RID = re.compile(r"([A-Za-z0-9_-]{1,32}) (send|recv)(?: ([\x21-\x7e]{1,255}))?")
_SIMULCAST = re.compile(r"(send|recv) ([A-Za-z0-9_;,~-]{1,255})(?: (?:send|recv) \S{1,255})?")
_SSRC = re.compile(r"([0-9]{1,10}) ([a-z-]{1,16})(?::([\x20-\x7e]{0,255}))?")
_SSRC_GROUP = re.compile(r"([A-Z-]{1,8})((?: [0-9]{1,10}){1,8})")
_NUMBER = re.compile(r"[0-9]{1,10}")


class BadSdp(ValueError):
    """Text that is no SDP any SFU should see; the message says why."""


@dataclass(frozen=True, slots=True)
class Codec:
    payload_type: int
    name: str  # as written: "opus", "H264", "rtx"
    clock_rate: int
    channels: int | None = None
    parameters: tuple[str, ...] = ()  # of fmtp, "key=value" each
    feedback: tuple[str, ...] = ()  # of rtcp-fb, "nack pli"

    @property
    def key(self) -> str:
        return self.name.upper()

    @property
    def repairs(self) -> int | None:
        """The payload type that this RTX codec repairs."""
        for parameter in self.parameters:
            name, _, value = parameter.partition("=")
            if self.key == "RTX" and name == "apt" and _NUMBER.fullmatch(value):
                return int(value)
        return None


@dataclass(frozen=True, slots=True)
class Section:
    kind: str  # "audio" | "video" | "application"
    port: int  # 0: rejected
    mid: str
    direction: str = "sendrecv"  # what SDP means when nothing is written
    ice_ufrag: str = ""
    ice_pwd: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    setup: str = ""
    codecs: tuple[Codec, ...] = ()
    extmaps: tuple[tuple[int, str, str], ...] = ()  # id, direction or "", uri
    msid: tuple[str, str] | None = None  # stream id, track id
    rids: tuple[str, ...] = ()  # that are sent, as listed
    ssrcs: tuple[tuple[int, str, str], ...] = ()  # ssrc, attribute, value
    ssrc_groups: tuple[tuple[str, tuple[int, ...]], ...] = ()
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    candidates: tuple[str, ...] = ()
    sctp_port: int | None = None
    max_message_size: int | None = None

    @property
    def is_media(self) -> bool:
        return self.kind in ("audio", "video")

    @property
    def sends(self) -> bool:
        return self.is_media and self.port != 0 and self.direction in ("sendrecv", "sendonly")


@dataclass(frozen=True, slots=True)
class Description:
    origin: tuple[int, int]  # session id and version: the version climbs with each renegotiation
    bundle: tuple[str, ...]
    sections: tuple[Section, ...]
    extmap_allow_mixed: bool = False


@dataclass(slots=True)
class _Attributes:
    """The a= lines of the session or of one section, by name."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, line: str) -> None:
        name, _, value = line.partition(":")
        self.values.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def one(self, name: str) -> str | None:
        found = self.values.get(name)
        if found is None:
            return None
        if len(set(found)) > 1:
            raise BadSdp(f"The SDP has two different a={name} lines in one section.")
        return found[0]

    def has(self, name: str) -> bool:
        return name in self.values


def parse_sdp(text: str, max_sections: int = MAX_SECTIONS) -> Description:
    """Parse an SDP from the network. Raises BadSdp, and nothing else, whatever the text."""
    lines = _lines(text)
    head, blocks = _split(lines)
    session = _Attributes()
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
) -> tuple[list[tuple[str, str]], list[tuple[str, _Attributes]]]:
    head: list[tuple[str, str]] = []
    blocks: list[tuple[str, _Attributes]] = []
    for kind, value in lines:
        if kind == "m":
            blocks.append((value, _Attributes()))
        elif not blocks:
            head.append((kind, value))
        elif kind == "a":
            blocks[-1][1].add(value)
    return head, blocks


def _section(mline: str, own: _Attributes, session: _Attributes) -> Section:
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
        direction=_direction(own, session) if kind != "application" else "sendrecv",
        ice_ufrag=_matching(own, session, "ice-ufrag", _UFRAG),
        ice_pwd=_matching(own, session, "ice-pwd", _PWD),
        fingerprints=_fingerprints(own.all("fingerprint") or session.all("fingerprint")),
        setup=_setup(own, session),
        candidates=_candidates(own.all("candidate")),
        rtcp_mux=own.has("rtcp-mux"),
        rtcp_rsize=own.has("rtcp-rsize"),
        codecs=() if kind == "application" else _codecs(formats, own),
        extmaps=_extmaps(own.all("extmap") or session.all("extmap")),
        msid=_msid(own.all("msid")),
        rids=_rids(own),
        ssrcs=_ssrcs(own.all("ssrc")),
        ssrc_groups=_ssrc_groups(own.all("ssrc-group")),
        sctp_port=_number(own, "sctp-port", 65535) if kind == "application" else None,
        max_message_size=_number(own, "max-message-size", 2**32 - 1),
    )
    if section.is_media and not section.rtcp_mux:
        raise BadSdp("A section does not multiplex RTCP (a=rtcp-mux).")
    if kind == "application" and section.sctp_port is None:
        raise BadSdp("A data channel section has no sctp-port.")
    return section


def _direction(own: _Attributes, session: _Attributes) -> str:
    for attributes in (own, session):
        found = [direction for direction in DIRECTIONS if attributes.has(direction)]
        if len(found) > 1 or any(any(attributes.all(name)) for name in found):
            raise BadSdp("A section has two directions.")
        if found:
            return found[0]
    return "sendrecv"


def _matching(own: _Attributes, session: _Attributes, name: str, pattern: re.Pattern[str]) -> str:
    value = own.one(name) or session.one(name)
    if value is None or not pattern.fullmatch(value):
        raise BadSdp(f"A section has no valid {name}.")
    return value


def _setup(own: _Attributes, session: _Attributes) -> str:
    value = own.one("setup") or session.one("setup")
    if value not in ("actpass", "active", "passive"):
        raise BadSdp("A section has no valid a=setup.")
    return value


def _fingerprints(values: list[str]) -> tuple[tuple[str, str], ...]:
    if not 1 <= len(values) <= 4:
        raise BadSdp("A section has no DTLS fingerprint (or too many).")
    found = []
    for value in values:
        algorithm, _, digest = value.partition(" ")
        algorithm, digest = algorithm.lower(), digest.upper()
        if algorithm not in _DIGEST or not _DIGEST[algorithm].fullmatch(digest):
            raise BadSdp("A DTLS fingerprint is malformed or weak.")
        found.append((algorithm, digest))
    return tuple(dict.fromkeys(found))


def _payload_type(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > 127:
        raise BadSdp("A payload type is not 0 to 127.")
    return int(text)


def _codecs(formats: str, own: _Attributes) -> tuple[Codec, ...]:
    listed = [_payload_type(word) for word in formats.split(" ")]
    if len(listed) > MAX_PAYLOAD_TYPES or len(set(listed)) != len(listed):
        raise BadSdp("An m= line lists a payload type twice, or too many.")
    maps: dict[int, re.Match[str]] = {}
    for value in own.all("rtpmap"):
        matched = _RTPMAP.fullmatch(value)
        if not matched or _payload_type(matched[1]) in maps or int(matched[3]) == 0:
            raise BadSdp("An a=rtpmap line is malformed or doubled.")
        maps[int(matched[1])] = matched
    parameters = _parameters(own.all("fmtp"))
    feedback = _feedback(own.all("rtcp-fb"))
    codecs = []
    for payload_type in listed:
        found = maps.get(payload_type)
        if found is None:
            if payload_type >= 96:
                raise BadSdp("A payload type has no a=rtpmap.")
            continue  # static types are old telephony, which nobody here forwards
        every = dict.fromkeys(feedback.get("*", ()) + feedback.get(str(payload_type), ()))
        codecs.append(
            Codec(
                payload_type=payload_type,
                name=found[2],
                clock_rate=int(found[3]),
                channels=int(found[4]) if found[4] else None,
                parameters=parameters.get(payload_type, ()),
                feedback=tuple(every),
            )
        )
    return tuple(codecs)


def _parameters(values: list[str]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for value in values:
        matched = _FMTP.fullmatch(value)
        if not matched:
            raise BadSdp("An a=fmtp line is malformed.")
        words = [word.strip() for word in matched[2].split(";")]
        kept = tuple(word for word in words if _FMTP_PARAM.fullmatch(word))
        found[_payload_type(matched[1])] = kept  # "0-15", "111/111": of codecs that never pass
    return found


def _feedback(values: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if len(values) > MAX_PAYLOAD_TYPES * 8:
        raise BadSdp("A section has too many a=rtcp-fb lines.")
    for value in values:
        matched = _RTCP_FB.fullmatch(value)
        if not matched:
            raise BadSdp("An a=rtcp-fb line is malformed.")
        key = matched[1] if matched[1] == "*" else str(_payload_type(matched[1]))
        found[key] = (*found.get(key, ()), matched[2])
    return found


def _extmaps(values: list[str]) -> tuple[tuple[int, str, str], ...]:
    if len(values) > MAX_EXTMAPS:
        raise BadSdp("A section has too many header extensions.")
    found: dict[int, tuple[int, str, str]] = {}
    for value in values:
        matched = _EXTMAP.fullmatch(value)
        number = int(matched[1]) if matched else 0
        if not matched or not 1 <= number <= 255 or number == 15 or number in found:
            raise BadSdp("An a=extmap line is malformed or doubled.")
        found[number] = (number, matched[2] or "", matched[3])
    return tuple(found.values())


def _msid(values: list[str]) -> tuple[str, str] | None:
    if not values:
        return None
    matched = _MSID.fullmatch(values[0])
    if not matched:
        raise BadSdp("An a=msid line is malformed.")
    return matched[1], matched[2] or ""


def _rids(own: _Attributes) -> tuple[str, ...]:
    sent: list[str] = []
    for value in own.all("rid"):
        matched = _RID.fullmatch(value)
        if not matched or matched[1] in sent:
            raise BadSdp("An a=rid line is malformed or doubled.")
        if matched[2] == "send":
            sent.append(matched[1])
    simulcast = own.one("simulcast")
    if simulcast is None:
        if len(sent) > 1:
            raise BadSdp("Layers (a=rid) without a=simulcast.")
        return tuple(sent)
    matched = _SIMULCAST.fullmatch(simulcast)
    if not matched:
        raise BadSdp("An a=simulcast line is malformed.")
    if matched[1] == "send":
        listed = [rid.removeprefix("~") for rid in re.split("[;,]", matched[2])]
        if sorted(listed) != sorted(sent):
            raise BadSdp("a=simulcast and a=rid name different layers.")
        return tuple(listed)
    return tuple(sent)


def _ssrc_number(text: str) -> int:
    if not 0 < int(text) < 2**32:
        raise BadSdp("An SSRC is not a 32-bit number.")
    return int(text)


def _ssrcs(values: list[str]) -> tuple[tuple[int, str, str], ...]:
    found = []
    for value in values:
        matched = _SSRC.fullmatch(value)
        if not matched:
            raise BadSdp("An a=ssrc line is malformed.")
        number = _ssrc_number(matched[1])
        if matched[2] in ("cname", "msid"):  # mslabel and label are of the last decade
            found.append((number, matched[2], matched[3] or ""))
    if len({number for number, _, _ in found}) > MAX_SSRCS:
        raise BadSdp("A section has too many SSRCs.")
    return tuple(dict.fromkeys(found))


def _ssrc_groups(values: list[str]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    if len(values) > MAX_SSRCS:
        raise BadSdp("A section has too many SSRC groups.")
    found = []
    for value in values:
        matched = _SSRC_GROUP.fullmatch(value)
        if not matched:
            raise BadSdp("An a=ssrc-group line is malformed.")
        if matched[1] in ("FID", "SIM"):
            found.append((matched[1], tuple(_ssrc_number(word) for word in matched[2].split())))
    return tuple(found)


def _candidates(values: list[str]) -> tuple[str, ...]:
    if len(values) > MAX_CANDIDATES:
        raise BadSdp("A section has too many candidates.")
    found = []
    for value in values:
        try:
            line = guard_candidate_line(value)
        except BadCandidate as error:
            raise BadSdp(str(error)) from None
        if line is not None:
            found.append(line)
    return tuple(found)


def _number(own: _Attributes, name: str, highest: int) -> int | None:
    value = own.one(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > highest:
        raise BadSdp(f"a={name} is no valid number.")
    return int(value)


def _bundle(session: _Attributes, mids: list[str]) -> tuple[str, ...]:
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
