"""An SFU's offer to a viewer, and our answer to it: any codec is taken, nothing is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sfu_relay.guard import Rejected, read_offer
from sfu_relay.sdp import Codec, Description, Section
from sfu_relay.sdp_text import build_sdp

FEEDBACK: Final = ("nack", "nack pli")
KNOWN: Final = ("H264", "VP8", "VP9", "AV1", "OPUS")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A track as it is offered; `codecs` by payload type: "H264", "OPUS" …"""

    mid: str
    kind: str  # "audio" | "video"
    stream_id: str
    track_id: str
    ssrc: int  # 0: not said, it is the one that comes with our payload types
    codecs: Mapping[int, str]

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.mid, self.stream_id, self.track_id, self.ssrc


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of the transport."""

    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]  # "candidate:…"


@dataclass(frozen=True, slots=True)
class Offer:
    description: Description
    tracks: tuple[Incoming, ...]
    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]  # "candidate:…"
    lite: bool


def parse_offer(sdp: str) -> Offer:
    """ValueError: not an offer that can be answered."""
    try:
        description = read_offer(sdp)
    except Rejected as error:
        raise ValueError(error.detail) from None
    used = [section for section in description.sections if section.port]
    if not used:
        raise ValueError("an offer of nothing")
    lines = [line.strip() for line in sdp.splitlines()]
    candidates = [line[2:] for line in lines if line.startswith("a=candidate:")]
    return Offer(
        description,
        tuple(track for section in used if (track := _incoming(section)) is not None),
        used[0].ice_ufrag,
        used[0].ice_pwd,
        used[0].fingerprints,
        tuple(dict.fromkeys(candidates)),
        any(line.partition(":")[0] == "a=ice-lite" for line in lines),  # Ion: "ice-lite:ice-lite"
    )


def build_answer(offer: Offer, local: Local) -> str:
    sections = tuple(_answered(section, local) for section in offer.description.sections)
    mids = tuple(section.mid for section in sections if section.port)
    bundle = tuple(mid for mid in offer.description.bundle if mid in mids)
    return build_sdp(Description(offer.description.origin, bundle, sections))


def _incoming(section: Section) -> Incoming | None:
    codecs = {codec.payload_type: codec.key for codec in section.codecs if codec.key in KNOWN}
    if not section.sends or section.msid is None or not codecs:
        return None
    repairing = {group[1] for name, group in section.ssrc_groups if name == "FID" and group[1:]}
    own = [ssrc for ssrc, _, _ in section.ssrcs if ssrc not in repairing]
    return Incoming(section.mid, section.kind, *section.msid, own[0] if own else 0, codecs)


def _answered(section: Section, local: Local) -> Section:
    known = tuple(codec for codec in section.codecs if codec.key in KNOWN)
    if not section.port or not section.is_media or not known:
        return Section(section.kind, 0, section.mid, "inactive")
    return Section(
        kind=section.kind,
        port=9,
        mid=section.mid,
        direction="recvonly" if section.sends else "inactive",
        ice_ufrag=local.ufrag,
        ice_pwd=local.pwd,
        fingerprints=local.fingerprints,
        setup="active",
        # No RTX and no bandwidth estimates: what is lost is repeated on the stream itself, and
        # who does not estimate is given the best layer.
        codecs=tuple(
            Codec(
                codec.payload_type,
                codec.name,
                codec.clock_rate,
                codec.channels,
                codec.parameters,
                FEEDBACK if section.kind == "video" else (),
            )
            for codec in known
        ),
        rtcp_mux=True,
        rtcp_rsize=True,
        candidates=local.candidates,
    )
