"""What an SDP says, as values: theirs (made by `sdp_parse`) and ours (written by `sdp_build`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    feedback: frozenset[tuple[str, str]] = frozenset()  # (payload type or "*", "nack pli")

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
