"""What a viewer's own offer (WHEP) can be sent: its sections, payload types, extension ids. Pure.

One section of each kind is used, the first that wants to receive; the others stay silent. All
codecs that can be passed on are agreed to at once, so that another track needs no new offer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from . import codecs
from .codecs import HouseCodec
from .negotiation import feedback_of, silent_section
from .sdp import Codec, Description, Feedback, LocalSection, SdpError, Section, Transport

STREAM_ID = "programme"  # one for both kinds: players keep the sound of a stream with its picture


@dataclass(frozen=True, slots=True)
class Place:
    """One section that will be sent on."""

    section: Section
    codecs: Mapping[HouseCodec, Codec]  # as what each codec of the house is sent to this viewer
    repairs: Mapping[HouseCodec, int]  # its RTX payload types, where it has some
    extensions: Mapping[int, int] = field(default_factory=dict)  # the house's id → the viewer's

    @property
    def kind(self) -> str:
        return self.section.kind

    @property
    def payload_types(self) -> dict[int, int]:
        """The house's → the viewer's."""
        types = {house.payload_type: codec.payload_type for house, codec in self.codecs.items()}
        for house, repair in self.repairs.items():
            if house.rtx_payload_type is not None:
                types[house.rtx_payload_type] = repair
        return types


@dataclass(frozen=True, slots=True)
class ViewerPlan:
    sections: tuple[Section, ...]
    places: Mapping[str, Place]  # by kind
    remote: Transport


def plan_viewer(offer: Description) -> ViewerPlan:
    """Raises SdpError when the offer can't be answered."""
    places: dict[str, Place] = {}
    for section in offer.sections:
        if section.sends and section.kind != "application":
            raise SdpError("A subscriber must not send media.")
        if section.rejected or section.direction != "recvonly" or section.kind in places:
            continue
        place = _place(section)
        if place.codecs:
            places[section.kind] = place
    if places and not offer.transport.complete:
        raise SdpError("The offer has no ICE credentials or no fingerprint.")
    return ViewerPlan(offer.sections, places, offer.transport)


def _place(section: Section) -> Place:
    exact: dict[HouseCodec, Codec] = {}
    for codec in section.codecs:
        house = codecs.house_codec(codec)
        if house is not None and house.kind == section.kind:
            exact.setdefault(house, codec)
    known = dict(exact)
    for house in exact:
        for other in codecs.stand_ins(house):
            offered = [exact[one] for one in codecs.stand_ins(other) if one in exact]
            if other not in known and offered:
                known[other] = offered[0]
    repairs = {}
    for house, codec in known.items():
        rtx = codecs.rtx_for(section.codecs, codec.payload_type)
        if rtx is not None and house.rtx_payload_type is not None:
            repairs[house] = rtx.payload_type
    passed = {uri for house in known for uri in codecs.extensions_of(house)}
    extensions = {
        codecs.HOUSE_EXTENSIONS[uri]: number
        for number, uri in section.extensions.items()
        if uri in passed
    }
    return Place(section, known, repairs, extensions)


def answer_viewer(
    plan: ViewerPlan, first: Mapping[str, HouseCodec], ssrcs: Mapping[str, tuple[int, int]]
) -> tuple[LocalSection, ...]:
    """`first`: what is sent now, by kind; a kind without anything is answered inactive."""
    used = {place.section.mid: place for place in plan.places.values() if place.kind in first}
    return tuple(
        _sending(used[section.mid], first[section.kind], ssrcs[section.kind])
        if section.mid in used
        else silent_section(section)
        for section in plan.sections
    )


def _sending(place: Place, first: HouseCodec, ssrcs: tuple[int, int]) -> LocalSection:
    section = place.section
    houses = sorted(place.codecs, key=lambda house: house is not first)
    offered = list(dict.fromkeys(place.codecs[house] for house in houses))
    repairing = {place.codecs[house].payload_type: rtx for house, rtx in place.repairs.items()}
    chosen: list[Codec] = []
    feedback: list[Feedback] = []
    for codec in offered:
        chosen.append(codec)
        house = next(one for one in houses if place.codecs[one] is codec)
        feedback += _common(feedback_of(house, codec.payload_type, upward=False), section.feedback)
        if codec.payload_type in repairing:
            apt = f"apt={codec.payload_type}"
            chosen.append(Codec(repairing[codec.payload_type], "RTX", codec.clock_rate, fmtp=apt))
    uris = dict(section.extensions)
    return LocalSection(
        kind=section.kind,
        mid=section.mid,
        direction="sendonly",
        protocol=section.protocol,
        codecs=tuple(chosen),
        feedback=tuple(feedback),
        extensions={number: uris[number] for number in sorted(place.extensions.values())},
        lines=tuple(_source_lines(section.kind, ssrcs, repairs=bool(repairing))),
    )


def _common(ours: Iterable[Feedback], theirs: Collection[tuple[str, str]]) -> Iterable[Feedback]:
    for item in ours:
        if {("*", item.value), (str(item.payload_type), item.value)} & set(theirs):
            yield item


def _source_lines(kind: str, ssrcs: tuple[int, int], *, repairs: bool) -> Iterable[str]:
    msid = f"{STREAM_ID} {STREAM_ID}-{kind}"
    media, repair = ssrcs
    yield f"msid:{msid}"
    if repairs:
        yield f"ssrc-group:FID {media} {repair}"
    for ssrc in (media, repair) if repairs else (media,):
        yield f"ssrc:{ssrc} cname:{STREAM_ID}"
        yield f"ssrc:{ssrc} msid:{msid}"
