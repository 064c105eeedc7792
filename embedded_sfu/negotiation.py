"""What a publisher's offer brings and what we answer to it. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import codecs
from .codecs import HouseCodec
from .sdp import Codec, Description, Feedback, LocalSection, SdpError, Section, Transport

MAX_TRACKS = 16
SIMULCAST_RIDS = ("q", "h", "f")  # lowest first


@dataclass(frozen=True, slots=True)
class IncomingTrack:
    """One section of a publisher that will send."""

    mid: str
    kind: str
    stream_id: str
    track_id: str
    codec: HouseCodec
    payload_type: int  # the publisher's
    rtx_payload_type: int | None
    extensions: Mapping[int, str]  # the publisher's ids of what we answered
    ssrcs: tuple[int, ...] = ()  # media only
    rtx_of: Mapping[int, int] = field(default_factory=dict)
    rids: tuple[str, ...] = ()  # as offered; empty without simulcast

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """A track that changes one of these is another track."""
        return (self.mid, self.stream_id, self.track_id, self.codec.payload_type)


@dataclass(frozen=True, slots=True)
class PublisherPlan:
    tracks: tuple[IncomingTrack, ...]
    sections: tuple[LocalSection, ...]
    remote: Transport

    @property
    def needs_transport(self) -> bool:
        return bool(self.tracks)


def plan_publisher(offer: Description, *, uid: str) -> PublisherPlan:
    """How to answer a publisher's offer. Raises SdpError when it can't be answered.

    A section whose codecs can't be passed on is rejected, the others live.
    """
    tracks: list[IncomingTrack] = []
    sections: list[LocalSection] = []
    taken: set[int] = set()
    for section in offer.sections:
        track = None
        if section.sends and section.kind in ("audio", "video"):
            track = _incoming(section, uid, taken)
            if track is not None and len(tracks) >= MAX_TRACKS:
                raise SdpError("The offer has too many tracks.")
        if track is None:
            sections.append(silent_section(section))
        else:
            taken.update(track.ssrcs)
            tracks.append(track)
            sections.append(_receiving(section, track))
    if tracks and not offer.transport.complete:
        raise SdpError("The offer has no ICE credentials or no fingerprint.")
    return PublisherPlan(tuple(tracks), tuple(sections), offer.transport)


def _incoming(section: Section, uid: str, taken: set[int]) -> IncomingTrack | None:
    chosen = codecs.choose(section.codecs)
    if chosen is None or chosen[1].kind != section.kind:
        return None
    codec, house = chosen
    rids = tuple(rid for rid in section.send_rids if rid in SIMULCAST_RIDS)
    if section.send_rids and not rids:
        raise SdpError("Simulcast layers must be called q, h and f.")
    rtx = codecs.rtx_for(section.codecs, codec.payload_type) if house.rtx_payload_type else None
    stream_id, track_id = section.msid or ("-", "")
    wanted = codecs.wanted_from_publisher(house)
    return IncomingTrack(
        mid=section.mid,
        kind=section.kind,
        stream_id=uid if stream_id == "-" else stream_id,
        track_id=track_id or f"{uid}-{section.mid}",
        codec=house,
        payload_type=codec.payload_type,
        rtx_payload_type=rtx.payload_type if rtx else None,
        extensions={number: uri for number, uri in section.extensions.items() if uri in wanted},
        ssrcs=tuple(
            ssrc for ssrc in section.ssrcs if ssrc not in section.rtx_of and ssrc not in taken
        ),
        rtx_of=section.rtx_of,
        rids=rids,
    )


def silent_section(section: Section) -> LocalSection:
    """A section on which nothing will flow: as cheap an answer as there is."""
    codec = section.codecs[0] if section.codecs else None
    rejected = section.rejected or section.sends or section.kind == "application" or codec is None
    return LocalSection(
        kind=section.kind,
        mid=section.mid,
        protocol=section.protocol,
        formats=section.formats,
        rejected=rejected,
        codecs=() if rejected or codec is None else (codec,),
    )


def _receiving(section: Section, track: IncomingTrack) -> LocalSection:
    chosen = [codec for codec in section.codecs if codec.payload_type == track.payload_type][:1]
    if track.rtx_payload_type is not None:
        apt = f"apt={track.payload_type}"
        rate = track.codec.clock_rate
        chosen.append(Codec(track.rtx_payload_type, "RTX", rate, fmtp=apt))
    lines: list[str] = []
    if track.rids:
        lines.extend(f"rid:{rid} recv" for rid in track.rids)
        lines.append(f"simulcast:recv {';'.join(track.rids)}")
    return LocalSection(
        kind=section.kind,
        mid=section.mid,
        direction="recvonly",
        protocol=section.protocol,
        codecs=tuple(chosen),
        feedback=feedback_of(track.codec, track.payload_type, upward=True),
        extensions=track.extensions,
        lines=tuple(lines),
    )


def feedback_of(codec: HouseCodec, payload_type: int, *, upward: bool) -> tuple[Feedback, ...]:
    """The RTCP feedback we speak: `upward` to a publisher, else what a viewer may send us."""
    values: tuple[str, ...] = ("transport-cc",) if upward else ("goog-remb",)
    if codec.kind == "video":
        values = ("goog-remb", *values) if upward else values
        values = (*values, "ccm fir", "nack", "nack pli")
    return tuple(Feedback(payload_type, value) for value in values)
