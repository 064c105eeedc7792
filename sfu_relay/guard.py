"""Which SDP may pass to an SFU, pure: a browser's text in, the same rebuilt and trimmed out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sfu_relay.candidates import BadCandidate, guard_candidate
from sfu_relay.config import ALL_VIDEO_CODECS
from sfu_relay.sdp import BadSdp, Codec, Description, Section
from sfu_relay.sdp_parse import MAX_SECTIONS, parse_sdp
from sfu_relay.sdp_text import build_sdp

__all__ = [
    "BadCandidate",
    "GuardedOffer",
    "OfferedTrack",
    "Rejected",
    "guard_answer",
    "guard_candidate",
    "guard_offer",
    "guard_viewer_offer",
    "read_offer",
]

MAX_SFU_SECTIONS = 128  # Ion never reuses a section: 20 rejoins of a publisher make 41
LAYERS = ("q", "h", "f")  # lowest first: the only rids Ion forwards
_AUDIO_FEEDBACK = frozenset({"transport-cc"})  # no nack: one audio NACK kills an Ion node
_VIDEO_FEEDBACK = frozenset({"nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"})
_AUDIO_CODECS = frozenset({"OPUS"})
_VIDEO_CODECS = frozenset(name.upper() for name in ALL_VIDEO_CODECS)
# A sender that may tell how the phone was held sends the picture lying on its side; without this
# it turns the pixels. FLV, HLS, recordings and WHEP players of others can't turn them afterwards.
_ORIENTATION = "urn:3gpp:video-orientation"
_NOTHING_SENT: Mapping[str, Any] = {"msid": None, "rids": (), "ssrcs": (), "ssrc_groups": ()}


class Rejected(Exception):
    """What does not pass, an SDP first of all: `code` is one of docs/signalling-protocol.md."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class OfferedTrack:
    """A track as its publisher's offer describes it."""

    track_id: str
    stream_id: str
    kind: str
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardedOffer:
    sdp: str
    tracks: tuple[OfferedTrack, ...]


def guard_offer(sdp: object, video_codecs: Collection[str] = ALL_VIDEO_CODECS) -> GuardedOffer:
    """Check a publisher's offer and rebuild it with the permitted codecs only. Raises Rejected."""
    description = _parse(sdp)
    media = [section for section in description.sections if section.is_media]
    if not media:
        raise Rejected("bad_sdp", "The SDP has no audio or video section.")
    if all(section.port == 0 for section in media):
        raise Rejected("bad_sdp", "The SDP has no audio or video section in use.")
    _check_bundle(description)
    wanted = {"audio": _AUDIO_CODECS, "video": frozenset(name.upper() for name in video_codecs)}
    sections = []
    for section in description.sections:
        if section.is_media and section.port != 0:
            section = _publisher_section(section, wanted[section.kind], description.origin[0])
        sections.append(section)
    built = replace(description, sections=tuple(sections))
    return GuardedOffer(sdp=build_sdp(built), tracks=_tracks(built))


def guard_viewer_offer(sdp: object) -> str:
    """Check a viewer's own offer (it must not send) and rebuild it. Raises Rejected."""
    description = _parse(sdp)
    sections = []
    for section in description.sections:
        if section.sends:
            raise Rejected("sends_media", "A subscriber's offer may not send audio or video.")
        if section.is_media and section.port != 0:
            wanted = _AUDIO_CODECS if section.kind == "audio" else _VIDEO_CODECS
            kept = {codec.payload_type for codec in section.codecs if codec.key in wanted}
            section = replace(
                section,
                codecs=_trim(section, kept),
                direction=section.direction if kept else "inactive",
                **_NOTHING_SENT,
            )
        sections.append(section)
    asked = [section for section in sections if section.is_media and section.port != 0]
    if not asked:
        raise Rejected("bad_sdp", "The SDP has no audio or video section in use.")
    if not any(section.codecs for section in asked):
        raise Rejected("no_common_codec", "No codec of the offer can be forwarded.")
    if not any(section.direction == "recvonly" for section in asked):
        raise Rejected("bad_sdp", "The offer asks to receive nothing (a=recvonly).")
    _check_bundle(description)
    return build_sdp(replace(description, sections=tuple(sections)))


def read_offer(sdp: str) -> Description:
    """Parse the SFU's own offer, to hold the browser's answer against it. Raises Rejected."""
    lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate:")]
    return _parse("\n".join(lines), MAX_SFU_SECTIONS)


def guard_answer(sdp: object, offer: Description) -> str:
    """Check a viewer's answer to `offer` (it must not send) and rebuild it. Raises Rejected."""
    description = _parse(sdp, MAX_SFU_SECTIONS)
    if len(description.sections) != len(offer.sections):
        raise Rejected("bad_sdp", "The answer has another number of sections than the offer.")
    sections = []
    for section, offered in zip(description.sections, offer.sections, strict=True):
        if section.kind != offered.kind or section.mid != offered.mid:
            raise Rejected("bad_sdp", "The answer's sections are not the offer's.")
        if section.sends:
            raise Rejected("sends_media", "A subscriber's answer may not send audio or video.")
        sections.append(_answer_section(section, offered) if section.port != 0 else section)
    if all(section.port == 0 for section in sections):
        raise Rejected("bad_sdp", "The answer rejects every section.")
    _check_bundle(description)
    return build_sdp(replace(description, sections=tuple(sections)))


def _parse(sdp: object, max_sections: int = MAX_SECTIONS) -> Description:
    if not isinstance(sdp, str) or not sdp:
        raise Rejected("bad_sdp", "The SDP is empty.")
    try:
        return parse_sdp(sdp, max_sections)
    except BadSdp as error:
        raise Rejected("bad_sdp", str(error)) from None


def _check_bundle(description: Description) -> None:
    """One transport for all: neither SFU makes a second one for a section outside the bundle."""
    used = [section.mid for section in description.sections if section.port != 0]
    if len(used) > 1 and not set(used) <= set(description.bundle):
        raise Rejected("bad_sdp", "All sections must be in one BUNDLE group.")


def _publisher_section(section: Section, wanted: Collection[str], origin: int) -> Section:
    codecs = _trim(section, {codec.payload_type for codec in section.codecs if codec.key in wanted})
    if not codecs:
        raise Rejected("no_common_codec", f"No {section.kind} codec of the offer can be forwarded.")
    if not set(section.rids) <= set(LAYERS):
        raise Rejected("bad_sdp", "Simulcast layers must be named q, h and f.")
    if section.rids and section.kind == "audio":
        raise Rejected("bad_sdp", "Only video has layers.")
    if section.sends and section.msid is None:
        raise Rejected("bad_sdp", "A section that sends has no a=msid.")
    extmaps = tuple(extmap for extmap in section.extmaps if extmap[2] != _ORIENTATION)
    return replace(section, codecs=codecs, extmaps=extmaps, msid=_named(section, origin))


def _named(section: Section, origin: int) -> tuple[str, str] | None:
    """Names for tracks without stream or id: two publishers' "-" would be one to a viewer."""
    if section.msid is None:
        return None
    stream_id, track_id = section.msid
    return (
        f"stream-{origin}" if stream_id == "-" else stream_id,
        track_id or f"track-{origin}-{section.mid}",
    )


def _answer_section(section: Section, offered: Section) -> Section:
    if section.setup not in ("active", "passive"):
        raise Rejected("bad_sdp", "An answer's a=setup must be active or passive.")
    if not section.is_media:
        return section
    offered_types = {codec.payload_type: codec.key for codec in offered.codecs}
    kept = {
        codec.payload_type
        for codec in section.codecs
        if offered_types.get(codec.payload_type) == codec.key and codec.key != "RTX"
    }
    codecs = _trim(section, kept)
    if not codecs:
        raise Rejected("bad_sdp", "A section of the answer accepts no codec of the offer.")
    return replace(section, codecs=codecs, **_NOTHING_SENT)


def _trim(section: Section, kept: Collection[int]) -> tuple[Codec, ...]:
    """The kept codecs and the RTX of each, with the feedback that harms nobody."""
    feedback = _AUDIO_FEEDBACK if section.kind == "audio" else _VIDEO_FEEDBACK
    return tuple(
        replace(codec, feedback=tuple(item for item in codec.feedback if item in feedback))
        for codec in section.codecs
        if codec.payload_type in kept or codec.repairs in kept
    )


def _tracks(description: Description) -> tuple[OfferedTrack, ...]:
    found = []
    for section in description.sections:
        if section.sends and section.msid is not None:
            layers = tuple(layer for layer in LAYERS if layer in section.rids)
            stream_id, track_id = section.msid
            found.append(OfferedTrack(track_id, stream_id, section.kind, layers))
    return tuple(found)
