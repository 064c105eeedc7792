"""SDP as checked values, pure. What has no field here does not get through."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
