"""The a= lines of an SDP, one function a kind, pure: text in, values out, BadSdp for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sfu_relay.candidates import BadCandidate, guard_candidate_line
from sfu_relay.sdp import BadSdp, Codec

MAX_PAYLOAD_TYPES = 64
MAX_EXTMAPS = 32
MAX_SSRCS = 32
MAX_CANDIDATES = 32
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]"
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9_.-]{1,32})/([0-9]{1,6})(?:/([1-8]))?")
_FMTP = re.compile(r"([0-9]{1,3}) ([\x21-\x7e](?:[\x20-\x7e]{0,510}))")
_FMTP_PARAM = re.compile(r"[A-Za-z0-9-]{1,48}=[A-Za-z0-9+/=,.:_-]{0,256}")
_RTCP_FB = re.compile(r"([0-9]{1,3}|\*) ([\x21-\x7e][\x20-\x7e]{0,63})")
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


@dataclass(slots=True)
class Attributes:
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


def parse_direction(own: Attributes, session: Attributes) -> str:
    for attributes in (own, session):
        found = [direction for direction in DIRECTIONS if attributes.has(direction)]
        if len(found) > 1 or any(any(attributes.all(name)) for name in found):
            raise BadSdp("A section has two directions.")
        if found:
            return found[0]
    return "sendrecv"


def parse_credential(
    own: Attributes, session: Attributes, name: str, pattern: re.Pattern[str]
) -> str:
    value = own.one(name) or session.one(name)
    if value is None or not pattern.fullmatch(value):
        raise BadSdp(f"A section has no valid {name}.")
    return value


def parse_setup(own: Attributes, session: Attributes) -> str:
    value = own.one("setup") or session.one("setup")
    if value not in ("actpass", "active", "passive"):
        raise BadSdp("A section has no valid a=setup.")
    return value


def parse_fingerprints(values: list[str]) -> tuple[tuple[str, str], ...]:
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


def parse_codecs(formats: str, own: Attributes) -> tuple[Codec, ...]:
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


def parse_extmaps(values: list[str]) -> tuple[tuple[int, str, str], ...]:
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


def parse_msid(values: list[str]) -> tuple[str, str] | None:
    if not values:
        return None
    matched = _MSID.fullmatch(values[0])
    if not matched:
        raise BadSdp("An a=msid line is malformed.")
    return matched[1], matched[2] or ""


def parse_rids(own: Attributes) -> tuple[str, ...]:
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


def parse_ssrcs(values: list[str]) -> tuple[tuple[int, str, str], ...]:
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


def parse_ssrc_groups(values: list[str]) -> tuple[tuple[str, tuple[int, ...]], ...]:
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


def parse_candidates(values: list[str]) -> tuple[str, ...]:
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


def parse_number(own: Attributes, name: str, highest: int) -> int | None:
    value = own.one(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or int(value) > highest:
        raise BadSdp(f"a={name} is no valid number.")
    return int(value)
