"""RTP packets of one video stream to whole pictures; damaged ones are left out. Pure.

After a loss nothing is passed on until a keyframe: pictures that lean on a lost one are garbage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from bridge.webrtc.rtp_buffer import Ordered
from bridge.webrtc.rtp_packet import RtpPacket

MAX_FRAME_BYTES: Final = 4_000_000  # nginx takes messages of 4 MB


class BadPayload(ValueError):
    """Not a payload of its codec."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`data`: as a decoder takes it; `nals` for H.264 (then `data` is empty)."""

    timestamp: int  # RTP, 32 bits
    arrived: float
    keyframe: bool
    data: bytes = b""
    nals: tuple[bytes, ...] = ()


class Assembly(Protocol):
    """The parts of one picture. `add` raises BadPayload."""

    keyframe: bool

    def add(self, packet: RtpPacket) -> None: ...

    def finish(self) -> tuple[bytes, tuple[bytes, ...]]:
        """Data and NAL units. BadPayload: it is not whole."""


@dataclass(slots=True)
class _Open:
    timestamp: int
    assembly: Assembly
    size: int = 0
    whole: bool = True


@dataclass(slots=True)
class FrameBuilder:
    """`make`: an empty assembly of the stream's codec."""

    make: type[Assembly]
    needs_keyframe: bool = True
    damaged: int = 0
    _open: _Open | None = field(default=None)
    _ended: bool = True

    def put(self, item: Ordered) -> list[Frame]:
        """Pictures that are whole now; `needs_keyframe` says whether to ask for one."""
        packet = item.packet
        frames: list[Frame] = []
        if item.after_gap:
            self._lose()
        if self._open is not None and self._open.timestamp != packet.timestamp:
            self._finish(item.arrived, frames)  # its marker never came: some senders set none
        if not packet.payload:
            return frames  # padding, as probes for bandwidth send it
        if self._open is None:
            self._open = _Open(packet.timestamp, self.make())
            # Behind a gap this may be the middle of a picture; its assembly finds out.
        opened = self._open
        opened.size += len(packet.payload)
        if opened.size > MAX_FRAME_BYTES:
            opened.whole = False
        if opened.whole:
            try:
                opened.assembly.add(packet)
            except (BadPayload, IndexError):
                opened.whole = False
        if packet.marker:
            self._finish(item.arrived, frames)
        return frames

    def _lose(self) -> None:
        self.needs_keyframe = True
        if self._open is not None:
            self._open = None
            self.damaged += 1

    def _finish(self, arrived: float, frames: list[Frame]) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        try:
            if not opened.whole:
                raise BadPayload("a part is missing or odd")
            data, nals = opened.assembly.finish()
        except BadPayload:
            self.needs_keyframe = True
            self.damaged += 1
            return
        keyframe = opened.assembly.keyframe
        if self.needs_keyframe and not keyframe:
            return
        if not data and not nals:
            return
        self.needs_keyframe = False
        frames.append(Frame(opened.timestamp, arrived, keyframe, data, nals))
