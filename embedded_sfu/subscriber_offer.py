"""The sections of one viewer's connection: which track sits where, over many offers. Pure.

Sections are never taken away, so a section that lost its track is used again: but only after the
viewer has answered an offer in which it was inactive, since a browser fires no new `track` event
for a section that just changes its msid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import codecs
from .codecs import HouseCodec
from .negotiation import feedback_of
from .sdp import Codec, Description, LocalSection, SdpError, Section

# 16 tracks at once and as many that just left, twice over.
MAX_SECTIONS = 60


@dataclass(frozen=True, slots=True)
class OutgoingTrack:
    """One track as one viewer gets it."""

    key: int
    kind: str
    stream_id: str
    track_id: str
    codec: HouseCodec
    ssrc: int
    rtx_ssrc: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a viewer's answer says about one track."""

    key: int
    accepted: bool
    rtx: bool = False


@dataclass(slots=True)
class _Slot:
    mid: str
    kind: str
    track: OutgoingTrack | None = None
    offered: OutgoingTrack | None = None  # in the offer that is outstanding
    reusable: bool = False
    dead: bool = False  # the viewer rejected it: its browser has stopped that transceiver


@dataclass(slots=True)
class SubscriberSections:
    slots: list[_Slot] = field(default_factory=list)
    refused: set[HouseCodec] = field(default_factory=set)
    dirty: bool = False
    outstanding: bool = False

    def add(self, track: OutgoingTrack) -> bool:
        """Give the track a section. False: this viewer can't have it."""
        if track.codec in self.refused:
            return False
        for slot in self.slots:
            if slot.reusable and slot.track is None and slot.kind == track.kind:
                slot.track = track
                slot.reusable = False
                self.dirty = True
                return True
        if len(self.slots) >= MAX_SECTIONS:
            return False
        self.slots.append(_Slot(str(len(self.slots)), track.kind, track))
        self.dirty = True
        return True

    def remove(self, key: int) -> None:
        for slot in self.slots:
            if slot.track is not None and slot.track.key == key:
                slot.track = None
                self.dirty = True

    def tracks(self) -> Iterable[OutgoingTrack]:
        return (slot.track for slot in self.slots if slot.track is not None)

    def make_offer(self) -> tuple[LocalSection, ...]:
        """The sections of the next offer; it is outstanding until `got_answer` or `give_up`."""
        self.dirty = False
        self.outstanding = True
        for slot in self.slots:
            slot.offered = slot.track
        return tuple(_sending(slot) for slot in self.slots)

    def got_answer(self, answer: Description) -> tuple[Verdict, ...]:
        """Verdicts on the offered tracks. SdpError: no answer to this offer, which stays open."""
        if not self.outstanding:
            raise SdpError("No offer is waiting for an answer.")
        offered = self.slots[: len(answer.sections)]
        if any(slot.offered for slot in self.slots[len(answer.sections) :]):
            raise SdpError("The answer has fewer sections than the offer.")
        if len(answer.sections) > len(self.slots):
            raise SdpError("The answer has more sections than the offer.")
        for slot, section in zip(offered, answer.sections, strict=True):
            if section.mid != slot.mid or section.kind != slot.kind:
                raise SdpError("The answer does not fit the offer.")
            if section.sends:
                raise SdpError("A subscriber must not send media.")
        if any(not section.rejected for section in answer.sections) and not (
            answer.transport.complete
        ):
            raise SdpError("The answer has no ICE credentials or no fingerprint.")
        self.outstanding = False
        verdicts = []
        for slot, section in zip(offered, answer.sections, strict=True):
            verdict = self._settle(slot, section)
            if verdict is not None:
                verdicts.append(verdict)
        return tuple(verdicts)

    def _settle(self, slot: _Slot, section: Section) -> Verdict | None:
        offered, slot.offered = slot.offered, None
        if section.rejected:
            slot.dead = True
        if offered is None:
            if slot.track is None and not slot.dead:
                slot.reusable = True
            return None
        payload_types = {codec.payload_type for codec in section.codecs}
        accepted = (
            not section.rejected
            and section.direction == "recvonly"
            and offered.codec.payload_type in payload_types
        )
        if section.rejected:
            self.refused.add(offered.codec)
            if slot.track is not None and slot.track.key == offered.key:
                slot.track = None
        return Verdict(offered.key, accepted, offered.codec.rtx_payload_type in payload_types)


def _sending(slot: _Slot) -> LocalSection:
    track = slot.offered
    if slot.dead:
        return LocalSection(slot.kind, slot.mid, rejected=True)
    if track is None:
        # A section must name some codec; any of the kind will do while nothing flows.
        idle = codecs.OPUS if slot.kind == "audio" else codecs.VP8
        return LocalSection(slot.kind, slot.mid, codecs=_codec_lines(idle))
    return LocalSection(
        kind=slot.kind,
        mid=slot.mid,
        direction="sendonly",
        codecs=_codec_lines(track.codec),
        feedback=feedback_of(track.codec, track.codec.payload_type, upward=False),
        extensions={codecs.HOUSE_EXTENSIONS[uri]: uri for uri in codecs.extensions_of(track.codec)},
        lines=tuple(_source_lines(track)),
    )


def _codec_lines(codec: HouseCodec) -> tuple[Codec, ...]:
    media = Codec(codec.payload_type, codec.name, codec.clock_rate, codec.channels, codec.fmtp)
    if codec.rtx_payload_type is None:
        return (media,)
    apt = f"apt={codec.payload_type}"
    return (media, Codec(codec.rtx_payload_type, "RTX", codec.clock_rate, fmtp=apt))


def _source_lines(track: OutgoingTrack) -> Iterable[str]:
    msid = f"{track.stream_id} {track.track_id}"
    yield f"msid:{msid}"
    if track.rtx_ssrc is not None:
        yield f"ssrc-group:FID {track.ssrc} {track.rtx_ssrc}"
    for ssrc in (track.ssrc, track.rtx_ssrc):
        if ssrc is not None:
            yield f"ssrc:{ssrc} cname:{track.stream_id}"
            yield f"ssrc:{ssrc} msid:{msid}"
