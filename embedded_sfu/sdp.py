"""SDP as WebRTC uses it: text to values and back, bounded. No I/O and no decisions here.

Anything that is not understood is left out; what is dangerous or useless raises SdpError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MAX_SDP_BYTES = 128 * 1024
MAX_SECTIONS = 64
# Chromium offers about 25 payload types and 12 extensions a section.
MAX_FORMATS = 64
MAX_EXTENSIONS = 32
MAX_SSRCS = 32
MAX_RIDS = 8
MAX_TOKEN = 256

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class SdpError(ValueError):
    """The SDP can't be used; the text says why and is meant for the sender."""


@dataclass(frozen=True, slots=True)
class Codec:
    payload_type: int
    name: str  # upper case: "H264", "OPUS", "RTX"
    clock_rate: int
    channels: int = 1
    fmtp: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The fmtp line as a mapping: {"profile-level-id": "42e01f", …}."""
        pairs = (part.strip().partition("=") for part in self.fmtp.split(";"))
        return {key.lower(): value.strip() for key, _, value in pairs if key}


@dataclass(frozen=True, slots=True)
class Transport:
    """ICE and DTLS of a section (or of the session, which sections inherit)."""

    ufrag: str = ""
    pwd: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()  # ("sha-256", "AA:BB:…")
    setup: str = ""  # "actpass" | "active" | "passive"

    @property
    def complete(self) -> bool:
        return bool(self.ufrag and self.pwd and self.fingerprints)


@dataclass(frozen=True, slots=True)
class Section:
    kind: str  # "audio" | "video" | "application"
    port: int
    protocol: str
    formats: tuple[str, ...]
    mid: str
    direction: str
    transport: Transport
    codecs: tuple[Codec, ...] = ()  # in the order of the m-line
    extensions: Mapping[int, str] = field(default_factory=dict)
    msid: tuple[str, str] | None = None  # (stream id, track id)
    ssrcs: tuple[int, ...] = ()
    rtx_of: Mapping[int, int] = field(default_factory=dict)  # RTX SSRC -> media SSRC
    send_rids: tuple[str, ...] = ()

    @property
    def sends(self) -> bool:
        return self.port != 0 and self.direction in ("sendrecv", "sendonly")

    @property
    def rejected(self) -> bool:
        return self.port == 0


@dataclass(frozen=True, slots=True)
class Description:
    sections: tuple[Section, ...]

    @property
    def transport(self) -> Transport:
        """Of the first section that is not rejected: with BUNDLE it carries all the others."""
        for section in self.sections:
            if not section.rejected and section.transport.complete:
                return section.transport
        return Transport()


@dataclass(slots=True)
class _Draft:
    kind: str = ""
    port: int = 0
    protocol: str = ""
    formats: tuple[str, ...] = ()
    mid: str = ""
    direction: str = "sendrecv"
    ufrag: str = ""
    pwd: str = ""
    setup: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    rtpmaps: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    extensions: dict[int, str] = field(default_factory=dict)
    msid: tuple[str, str] | None = None
    ssrcs: list[int] = field(default_factory=list)
    rtx_of: dict[int, int] = field(default_factory=dict)
    rids: list[str] = field(default_factory=list)


def parse(text: str) -> Description:
    """The description in `text`. Raises SdpError when it is not one."""
    if len(text) > MAX_SDP_BYTES:
        raise SdpError("The SDP is too long.")
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines or lines[0].strip() != "v=0":
        raise SdpError("This is not SDP.")
    session = _Draft()
    drafts: list[_Draft] = []
    current = session
    for line in lines[1:]:
        if line.startswith("m="):
            if len(drafts) >= MAX_SECTIONS:
                raise SdpError("The SDP has too many media sections.")
            current = _parse_media_line(line[2:])
            drafts.append(current)
        elif line.startswith("a="):
            _parse_attribute(current, line[2:].strip())
    if not drafts:
        raise SdpError("The SDP has no media section.")
    mids: set[str] = set()
    for index, draft in enumerate(drafts):
        draft.mid = draft.mid or str(index)
        if draft.mid in mids:
            raise SdpError("Two media sections have the same mid.")
        mids.add(draft.mid)
    return Description(tuple(_finish(draft, session) for draft in drafts))


def _parse_media_line(value: str) -> _Draft:
    parts = value.split()
    if len(parts) < 4 or len(parts) > 3 + MAX_FORMATS or not _is_number(parts[1], 65535):
        raise SdpError("A media line is malformed.")
    if parts[0] not in ("audio", "video", "application"):
        raise SdpError("A media section is of an unknown kind.")
    if not all(_is_token(part) for part in parts):
        raise SdpError("A media line is malformed.")
    return _Draft(kind=parts[0], port=int(parts[1]), protocol=parts[2], formats=tuple(parts[3:]))


def _parse_attribute(draft: _Draft, line: str) -> None:
    name, _, value = line.partition(":")
    match name:
        case "mid":
            if not _is_token(value) or len(value) > 16:
                raise SdpError("A mid is malformed.")
            draft.mid = value
        case "sendrecv" | "sendonly" | "recvonly" | "inactive":
            draft.direction = name
        case "ice-ufrag":
            draft.ufrag = _token(value, "ice-ufrag")
        case "ice-pwd":
            draft.pwd = _token(value, "ice-pwd")
        case "setup":
            if value in ("actpass", "active", "passive"):
                draft.setup = value
        case "fingerprint":
            algorithm, _, digest = value.partition(" ")
            if len(draft.fingerprints) < 8 and _is_token(algorithm) and _is_token(digest):
                draft.fingerprints.append((algorithm.lower(), digest.upper()))
        case "rtpmap":
            _parse_rtpmap(draft, value)
        case "fmtp":
            number, _, parameters = value.partition(" ")
            if _is_number(number, 127) and _is_text(parameters):
                draft.fmtps.setdefault(int(number), parameters)
        case "extmap":
            number, _, rest = value.partition(" ")
            number = number.partition("/")[0]
            uri = rest.split(" ")[0]
            room = len(draft.extensions) < MAX_EXTENSIONS
            if room and _is_number(number, 255) and _is_token(uri):
                draft.extensions.setdefault(int(number), uri)
        case "msid":
            parts = value.split()
            if parts and all(_is_token(part) for part in parts[:2]):
                draft.msid = (parts[0], parts[1] if len(parts) > 1 else "")
        case "ssrc":
            number = value.partition(" ")[0]
            refused = len(draft.ssrcs) >= MAX_SSRCS or not _is_number(number, 0xFFFFFFFF)
            if not refused and int(number) not in draft.ssrcs:
                draft.ssrcs.append(int(number))
        case "ssrc-group":
            parts = value.split()
            pair = len(parts) == 3 and all(_is_number(part, 0xFFFFFFFF) for part in parts[1:])
            if pair and parts[0] == "FID" and len(draft.rtx_of) < MAX_SSRCS:
                draft.rtx_of[int(parts[2])] = int(parts[1])
        case "rid":
            parts = value.split()
            if len(parts) >= 2 and parts[1] == "send" and len(draft.rids) < MAX_RIDS:
                if not parts[0].isascii() or not parts[0].isalnum() or len(parts[0]) > 16:
                    raise SdpError("A rid is malformed.")
                if parts[0] not in draft.rids:
                    draft.rids.append(parts[0])
        case _:
            pass


def _parse_rtpmap(draft: _Draft, value: str) -> None:
    number, _, rest = value.partition(" ")
    parts = rest.split("/")
    if not _is_number(number, 127) or not 2 <= len(parts) <= 3 or not _is_token(parts[0]):
        raise SdpError("An rtpmap is malformed.")
    if not _is_number(parts[1], 1_000_000) or int(parts[1]) == 0:
        raise SdpError("An rtpmap is malformed.")
    channels = int(parts[2]) if len(parts) == 3 and _is_number(parts[2], 8) else 1
    draft.rtpmaps.setdefault(int(number), (parts[0].upper(), int(parts[1]), channels))


def _finish(draft: _Draft, session: _Draft) -> Section:
    codecs = []
    for payload_type in dict.fromkeys(draft.formats):
        if _is_number(payload_type, 127) and int(payload_type) in draft.rtpmaps:
            number = int(payload_type)
            codecs.append(Codec(number, *draft.rtpmaps[number], draft.fmtps.get(number, "")))
    return Section(
        kind=draft.kind,
        port=draft.port,
        protocol=draft.protocol,
        formats=draft.formats,
        mid=draft.mid,
        direction=draft.direction,
        transport=Transport(
            draft.ufrag or session.ufrag,
            draft.pwd or session.pwd,
            tuple(draft.fingerprints or session.fingerprints),
            draft.setup or session.setup,
        ),
        codecs=tuple(codecs),
        extensions=draft.extensions,
        msid=draft.msid,
        ssrcs=tuple(draft.ssrcs),
        rtx_of=draft.rtx_of,
        send_rids=tuple(draft.rids),
    )


def _is_number(text: str, most: int) -> bool:
    return len(text) <= 10 and text.isascii() and text.isdigit() and int(text) <= most


def _is_token(text: str) -> bool:
    """Printable ASCII without blanks: what may be put into our own SDP again."""
    return 0 < len(text) <= MAX_TOKEN and all("!" <= char <= "~" for char in text)


def _is_text(text: str) -> bool:
    return len(text) <= 512 and all(" " <= char <= "~" for char in text)


def _token(text: str, name: str) -> str:
    if not _is_token(text):
        raise SdpError(f"The {name} is malformed.")
    return text


# -- building --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feedback:
    payload_type: int
    value: str  # "nack pli"


@dataclass(frozen=True, slots=True)
class LocalSection:
    """One section as we write it. `lines` are further attributes without "a=" and line end."""

    kind: str
    mid: str
    direction: str = "inactive"
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ("0",)
    rejected: bool = False
    codecs: tuple[Codec, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    extensions: Mapping[int, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of a transport, as every section repeats it."""

    ufrag: str
    pwd: str
    fingerprint: str  # "sha-256 AA:BB:…"
    setup: str
    candidates: tuple[str, ...] = ()  # "candidate:…"


def build(
    sections: Sequence[LocalSection], transport: LocalTransport, *, session_id: int, version: int
) -> str:
    """The SDP text of an offer or answer of ours: ICE-lite, all in one BUNDLE."""
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
