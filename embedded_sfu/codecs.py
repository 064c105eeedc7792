"""The house's payload types and header extensions: the same for every viewer. No I/O here.

One form for all viewers is what lets a packet be prepared once and copied to each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .sdp import Codec


@dataclass(frozen=True, slots=True)
class HouseCodec:
    name: str  # "H264" | "VP8" | "VP9" | "AV1" | "OPUS"
    kind: str
    clock_rate: int
    payload_type: int
    rtx_payload_type: int | None = None
    channels: int = 1
    fmtp: str = ""


OPUS = HouseCodec("OPUS", "audio", 48000, 111, None, 2, "minptime=10;useinbandfec=1")
VP8 = HouseCodec("VP8", "video", 90000, 96, 97)
VP9_0 = HouseCodec("VP9", "video", 90000, 98, 99, fmtp="profile-id=0")
VP9_2 = HouseCodec("VP9", "video", 90000, 100, 101, fmtp="profile-id=2")
AV1 = HouseCodec("AV1", "video", 90000, 45, 46, fmtp="level-idx=5;profile=0;tier=0")


def _h264(payload_type: int, profile: str, mode: int) -> HouseCodec:
    fmtp = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return HouseCodec("H264", "video", 90000, payload_type, payload_type + 1, fmtp=fmtp)


# By (profile, packetization-mode). A level says what a decoder can do, not what is sent.
_H264: Mapping[tuple[str, int], HouseCodec] = {
    ("42e01f", 1): _h264(106, "42e01f", 1),
    ("42001f", 1): _h264(102, "42001f", 1),
    ("4d001f", 1): _h264(112, "4d001f", 1),
    ("64001f", 1): _h264(114, "64001f", 1),
    ("640c1f", 1): _h264(116, "640c1f", 1),
    ("42e01f", 0): _h264(108, "42e01f", 0),
    ("42001f", 0): _h264(104, "42001f", 0),
    ("4d001f", 0): _h264(118, "4d001f", 0),
    ("64001f", 0): _h264(120, "64001f", 0),
    ("640c1f", 0): _h264(122, "640c1f", 0),
}

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
CONTENT_TYPE = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type"
COLOR_SPACE = "http://www.webrtc.org/experiments/rtp-hdrext/color-space"
DEPENDENCY = (
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)

# Ours towards viewers; 1-14 fit the one-byte form. Without urn:3gpp:video-orientation: publishers
# turn the pixels themselves, as bridges, HLS and recordings need them.
AUDIO_LEVEL_ID = 1
ABS_SEND_TIME_ID = 2
HOUSE_EXTENSIONS: Mapping[str, int] = {
    AUDIO_LEVEL: AUDIO_LEVEL_ID,
    ABS_SEND_TIME: ABS_SEND_TIME_ID,
    CONTENT_TYPE: 4,
    COLOR_SPACE: 5,
    DEPENDENCY: 6,
}
_BINDING = (MID, RID, REPAIRED_RID)


def extensions_of(codec: HouseCodec) -> tuple[str, ...]:
    """The header extensions that are passed on with this codec, as URIs."""
    if codec.kind == "audio":
        return (AUDIO_LEVEL, ABS_SEND_TIME)
    always = (ABS_SEND_TIME, CONTENT_TYPE, COLOR_SPACE)
    # Only these two can carry spatial layers, which a receiver orders by the descriptor.
    return (*always, DEPENDENCY) if codec.name in ("AV1", "VP9") else always


def wanted_from_publisher(codec: HouseCodec) -> frozenset[str]:
    return frozenset((*extensions_of(codec), *_BINDING, TRANSPORT_CC))


def house_codec(codec: Codec) -> HouseCodec | None:
    """The house's form of a codec that was offered, or None if it can't be passed on."""
    match codec.name, codec.clock_rate:
        case "OPUS", 48000:
            return OPUS
        case "VP8", 90000:
            return VP8
        case "VP9", 90000:
            return {"0": VP9_0, "": VP9_0, "2": VP9_2}.get(codec.parameters.get("profile-id", ""))
        case "AV1", 90000:
            return AV1 if codec.parameters.get("profile", "0") == "0" else None
        case "H264", 90000:
            return _house_h264(codec.parameters)
        case _:
            return None


def _house_h264(parameters: Mapping[str, str]) -> HouseCodec | None:
    level_id = parameters.get("profile-level-id", "42e01f").lower()
    try:
        profile, constraints = int(level_id[0:2], 16), int(level_id[2:4], 16)
    except ValueError:
        return None
    match profile:
        case 0x42:
            name = "42e01f" if constraints & 0x40 else "42001f"
        case 0x4D:
            name = "42e01f" if constraints & 0x80 else "4d001f"
        case 0x64:
            name = "640c1f" if constraints & 0x0C == 0x0C else "64001f"
        case _:
            return None
    mode = parameters.get("packetization-mode", "0")
    return _H264.get((name, int(mode))) if mode in ("0", "1") else None


def choose(codecs: Sequence[Codec]) -> tuple[Codec, HouseCodec] | None:
    """The one codec to receive of those offered: the first that can be passed on.

    Within H.264 the constrained baseline profile goes first: every browser can play that one.
    """
    usable = [(codec, house) for codec in codecs if (house := house_codec(codec)) is not None]
    if not usable:
        return None
    if usable[0][1].name == "H264":
        for pair in usable:
            if pair[1].payload_type == 106:
                return pair
    return usable[0]


def stand_ins(house: HouseCodec) -> tuple[HouseCodec, ...]:
    """As what `house` may be sent to a viewer who did not offer it, the likeliest to play first.

    H.264 decoders hardly look at the profile they agreed to; the packetization mode they do mind.
    """
    mode = next((mode for (_, mode), codec in _H264.items() if codec is house), None)
    same_mode = (codec for (_, each), codec in _H264.items() if each == mode)
    return tuple(codec for codec in same_mode if codec is not house)


def rtx_for(codecs: Sequence[Codec], payload_type: int) -> Codec | None:
    """The RTX payload type that repairs `payload_type`."""
    for codec in codecs:
        if codec.name == "RTX" and codec.parameters.get("apt") == str(payload_type):
            return codec
    return None
