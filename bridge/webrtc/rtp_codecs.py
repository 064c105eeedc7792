"""How pictures of H.264, VP8, VP9 and AV1 lie in RTP payloads (RFC 6184, 7741, 9628; AOM). Pure."""

from __future__ import annotations

from typing import Final

from bridge.webrtc.rtp_frames import Assembly, BadPayload
from bridge.webrtc.rtp_packet import RtpPacket

_IDR: Final = 5
_STAP_A: Final = 24
_FU_A: Final = 28
MAX_NALS: Final = 1_000
_OBU_HAS_SIZE: Final = 0x02
_TEMPORAL_DELIMITER: Final = 2
_TILE_LIST: Final = 8


class H264:
    """NAL units: alone, several in a STAP-A, one over several FU-A."""

    def __init__(self) -> None:
        self.keyframe = False
        self._nals: list[bytes] = []
        self._fragment: bytearray | None = None

    def add(self, packet: RtpPacket) -> None:
        payload = packet.payload
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._fragment_of(payload)
            return
        if self._fragment is not None:
            raise BadPayload("a fragment without its end")
        if 0 < kind < _STAP_A:
            self._take(payload)
        elif kind == _STAP_A:
            at = 1
            while at + 2 < len(payload):
                end = at + 2 + int.from_bytes(payload[at : at + 2])
                if end > len(payload) or end == at + 2:
                    raise BadPayload("an aggregate that is cut off")
                self._take(payload[at + 2 : end])
                at = end
        else:
            raise BadPayload("an interleaved mode, which was not agreed to")

    def _fragment_of(self, payload: bytes) -> None:
        if len(payload) < 3:
            raise BadPayload("a fragment of nothing")
        head = payload[1]
        if head & 0x80:
            if self._fragment is not None:
                raise BadPayload("a fragment without its end")
            self._fragment = bytearray(((payload[0] & 0xE0) | (head & 0x1F),))
        if self._fragment is None:
            raise BadPayload("a fragment without its beginning")
        self._fragment += payload[2:]
        if head & 0x40:
            nal, self._fragment = bytes(self._fragment), None
            self._take(nal)

    def _take(self, nal: bytes) -> None:
        if len(self._nals) >= MAX_NALS:
            raise BadPayload("too many NAL units")
        self._nals.append(nal)
        self.keyframe |= nal[0] & 0x1F == _IDR

    def finish(self) -> tuple[bytes, tuple[bytes, ...]]:
        if self._fragment is not None:
            raise BadPayload("a fragment without its end")
        return b"", tuple(self._nals)


class Vp8:
    def __init__(self) -> None:
        self.keyframe = False
        self._parts: list[bytes] = []

    def add(self, packet: RtpPacket) -> None:
        payload = packet.payload
        start = _vp8_descriptor_bytes(payload)
        begins = payload[0] & 0x10 != 0 and payload[0] & 0x07 == 0
        if begins != (not self._parts):
            raise BadPayload("not the first part, or a first part again")
        if begins:
            self.keyframe = payload[start] & 0x01 == 0
        self._parts.append(payload[start:])

    def finish(self) -> tuple[bytes, tuple[bytes, ...]]:
        return b"".join(self._parts), ()


def _vp8_descriptor_bytes(payload: bytes) -> int:
    at = 1
    if payload[0] & 0x80:
        flags = payload[1]
        at = 2
        if flags & 0x80:  # picture id of 7 or 15 bits
            at += 2 if payload[at] & 0x80 else 1
        at += (flags & 0x40 != 0) + (flags & 0x30 != 0)
    if at >= len(payload):
        raise BadPayload("a descriptor and nothing else")
    return at


class Vp9:
    """Spatial layers of one picture are put one after the other, as decoders take them."""

    def __init__(self) -> None:
        self.keyframe = False
        self._parts: list[bytes] = []

    def add(self, packet: RtpPacket) -> None:
        payload = packet.payload
        flags = payload[0]
        at = 1
        if flags & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        layer = 0
        if flags & 0x20:
            layer = payload[at] >> 1 & 0x07
            at += 1 if flags & 0x10 else 2
        if flags & 0x50 == 0x50:  # flexible mode: up to three references
            for _ in range(3):
                at += 1
                if not payload[at - 1] & 0x01:
                    break
        if flags & 0x02:
            at = _after_scalability(payload, at)
        if at >= len(payload):
            raise BadPayload("a descriptor and nothing else")
        begins = flags & 0x08 != 0
        if not self._parts:
            if not begins:
                raise BadPayload("the beginning is missing")
            self.keyframe = not flags & 0x40 and layer == 0
        self._parts.append(payload[at:])

    def finish(self) -> tuple[bytes, tuple[bytes, ...]]:
        return b"".join(self._parts), ()


def _after_scalability(payload: bytes, at: int) -> int:
    head = payload[at]
    at += 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        count = payload[at]
        at += 1
        for _ in range(count):
            at += 1 + (payload[at] >> 2 & 0x03)
    return at


class Av1:
    """OBU elements, put together again and each given its size (AV1 RTP payload, section 4)."""

    def __init__(self) -> None:
        self.keyframe = False
        self._obus: list[bytes] = []
        self._open: bytes | None = None
        self._first = True

    def add(self, packet: RtpPacket) -> None:
        payload = packet.payload
        head = payload[0]
        goes_on, will_go_on, count = head & 0x80 != 0, head & 0x40 != 0, head >> 4 & 0x03
        if goes_on != (self._open is not None):
            raise BadPayload("an OBU lacks a part")
        if self._first:
            self.keyframe = head & 0x08 != 0
            self._first = False
        elements = _av1_elements(payload, count)
        for index, element in enumerate(elements):
            if index == 0 and self._open is not None:
                element, self._open = self._open + element, None
            if index == len(elements) - 1 and will_go_on:
                self._open = element
            else:
                self._take(element)

    def _take(self, obu: bytes) -> None:
        if not obu or len(self._obus) >= MAX_NALS:
            raise BadPayload("an OBU of nothing, or too many")
        kind = obu[0] >> 3 & 0x0F
        if kind in (_TEMPORAL_DELIMITER, _TILE_LIST):
            return
        if not obu[0] & _OBU_HAS_SIZE:
            start = 2 if obu[0] & 0x04 else 1
            body = obu[start:]
            obu = bytes((obu[0] | _OBU_HAS_SIZE,)) + obu[1:start] + _leb128(len(body)) + body
        self._obus.append(obu)

    def finish(self) -> tuple[bytes, tuple[bytes, ...]]:
        if self._open is not None:
            raise BadPayload("an OBU lacks its end")
        # A temporal delimiter first, as each temporal unit has it outside of RTP.
        return (b"\x12\0" + b"".join(self._obus) if self._obus else b""), ()


def _av1_elements(payload: bytes, count: int) -> list[bytes]:
    """`count`: as the header says it; 0: each has its length."""
    elements: list[bytes] = []
    at = 1
    while at < len(payload):
        if count and len(elements) == count - 1:
            elements.append(payload[at:])
            break
        size = 0
        for shift in range(0, 29, 7):
            size |= (payload[at] & 0x7F) << shift
            at += 1
            if not payload[at - 1] & 0x80:
                break
        if at + size > len(payload):
            raise BadPayload("an OBU is longer than its packet")
        elements.append(payload[at : at + size])
        at += size
    return elements


def _leb128(value: int) -> bytes:
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)


ASSEMBLIES: Final[dict[str, type[Assembly]]] = {"H264": H264, "VP8": Vp8, "VP9": Vp9, "AV1": Av1}
