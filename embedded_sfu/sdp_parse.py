"""SDP as browsers write it: text to values, bounded. No I/O and no decisions here.

Anything that is not understood is left out; what is dangerous or useless raises SdpError.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .sdp import Codec, Description, SdpError, Section, Transport

MAX_SDP_BYTES = 128 * 1024
MAX_SECTIONS = 64
# Chromium offers about 25 payload types and 12 extensions a section.
MAX_FORMATS = 64
MAX_EXTENSIONS = 32
MAX_SSRCS = 32
MAX_RIDS = 8
MAX_FEEDBACK = 256  # Chromium: five lines for each of 20 payload types
MAX_TOKEN = 256


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
    feedback: set[tuple[str, str]] = field(default_factory=set)


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
        case "rtcp-fb":
            number, _, wanted = value.partition(" ")
            fits = len(draft.feedback) < MAX_FEEDBACK and len(wanted) <= MAX_TOKEN
            if fits and (number == "*" or _is_number(number, 127)):
                draft.feedback.add((number, wanted.strip()))
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
        feedback=frozenset(draft.feedback),
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
