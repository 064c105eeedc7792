"""One track's way out: our RTP packets over aiortc's transport, in the place of aiortc's sender.

aiortc's own loop is not used, for three reasons: its sender reports map RTP time to the moment of
sending, so every stall moves the lips; it keeps 128 packets for repair, less than one keyframe;
and it sends a keyframe's 170 packets at once. All that is known of aiortc's inner parts is here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from bridge.webrtc.packets import absolute_send_time, build_extensions, build_rtp, ntp_time

KEPT_PACKETS: Final = 1024  # 1.5 s of 6 Mbit/s; a power of two
BURST_PACKETS: Final = 8
# 75 Mbit/s at most: a keyframe of 200 KB takes 22 ms, and no socket overflows.
BURST_SECS: Final = 0.001
REPORT_SECS: Final = 1.0
_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


class Outlet:
    """Made before the offer; `is_open` once aiortc has connected and knows what was negotiated."""

    def __init__(self, sender: Any, stream_id: str, clock_rate: int) -> None:
        self.kind: str = sender.kind
        self.is_open = False
        self.on_open: Callable[[], None] = lambda: None
        self.on_keyframe_wanted: Callable[[], None] = lambda: None
        self.sent_bytes = 0
        self.sent_packets = 0
        self.repaired_packets = 0
        self.heard_packets = 0  # RTCP about what we send
        self.asked_keyframes = 0
        self.loss: float = 0.0  # of the last receiver report, 0 to 1
        self.estimate_bps = 0  # of the receiver, 0: not told
        self._clock_rate = clock_rate
        self._ssrc: int = sender._ssrc
        self._repair_ssrc: int = sender._rtx_ssrc
        self._transport: Any = None
        self._payload_type = self._repair_type = 0
        self._extension_ids: dict[str, int] = {}
        self._mid = b""
        self._cname = ""
        # In the lower half: a sequence number that wraps early breaks SRTP's guess.
        self._sequence = random.randrange(1, 1 << 15)
        self._repair_sequence = random.randrange(1, 1 << 15)
        self._kept: list[tuple[int, bytes] | None] = [None] * KEPT_PACKETS
        self._latest: tuple[int, float] | None = None  # RTP time, its moment in secs since 1970
        self._reporting: asyncio.Task[None] | None = None
        self._sender = sender
        sender._stream_id = stream_id  # camera and microphone belong together
        sender.send = self._start  # aiortc calls it when it has connected

    # --- What aiortc calls ------------------------------------------------------------------------

    async def _start(self, parameters: Any) -> None:
        if self._transport is not None:
            return
        self._transport = self._sender.transport
        codec = parameters.codecs[0]
        self._payload_type = codec.payloadType
        for other in parameters.codecs:
            if other.name.lower() == "rtx" and other.parameters.get("apt") == codec.payloadType:
                self._repair_type = other.payloadType
        self._extension_ids = {each.uri: each.id for each in parameters.headerExtensions}
        self._mid = parameters.muxId.encode()
        self._cname = parameters.rtcp.cname
        self._transport._register_rtp_sender(self, parameters)
        self.is_open = True
        self.on_open()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        self.heard_packets += 1
        match packet:
            case RtcpRrPacket() | RtcpSrPacket():
                for report in packet.reports:
                    if report.ssrc == self._ssrc:
                        self.loss = report.fraction_lost / 256
            case RtcpRtpfbPacket(fmt=fmt) if fmt == RTCP_RTPFB_NACK:
                for sequence in packet.lost[:KEPT_PACKETS]:
                    await self._repair(sequence)
            case RtcpPsfbPacket(fmt=fmt) if fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
                self.asked_keyframes += 1
                self.on_keyframe_wanted()
            case RtcpPsfbPacket(fmt=fmt) if fmt == RTCP_PSFB_APP:
                with contextlib.suppress(ValueError):
                    self.estimate_bps = unpack_remb_fci(packet.fci)[0]

    # --- Sending ----------------------------------------------------------------------------------

    async def send(
        self, payloads: Sequence[bytes], rtp_time: int, moment: float, *, level: int | None = None
    ) -> None:
        """The packets of one picture or of one frame of sound; ConnectionError: nobody is there.

        `moment`: when it was recorded, in seconds since 1970 as the encoder's clock counts them;
        receivers align sound and picture by it. `level`: of sound, 0 (loudest) to 127.
        """
        if not self.is_open:
            return
        last = len(payloads) - 1
        is_video = self.kind == "video"
        for index, payload in enumerate(payloads):
            if index and index % BURST_PACKETS == 0:
                await asyncio.sleep(BURST_SECS)
            # Of sound the marker says "speech begins": it goes on all the time.
            body = build_rtp(
                self._payload_type,
                is_video and index == last,
                self._sequence,
                rtp_time,
                self._ssrc,
                self._extensions(level),
                payload,
            )
            if is_video:
                self._kept[self._sequence % KEPT_PACKETS] = (self._sequence, body)
            self._sequence = (self._sequence + 1) & 0xFFFF
            await self._transport._send_rtp(body)
            self.sent_packets += 1
            self.sent_bytes += len(payload)
        first = self._latest is None
        self._latest = (rtp_time & 0xFFFFFFFF, moment)
        if first:
            self._reporting = asyncio.create_task(self._report(), name=f"reports of {self.kind}")

    def _extensions(self, level: int | None) -> bytes:
        values = {}
        for uri, value in (
            (_MID, self._mid),
            (_SEND_TIME, absolute_send_time(time.time()) if self.kind == "video" else b""),
            (_LEVEL, b"" if level is None else bytes((level & 0x7F,))),
        ):
            number = self._extension_ids.get(uri)
            if number and value:
                values[number] = value
        return build_extensions(values)

    async def _repair(self, sequence: int) -> None:
        """RFC 4588 where it was negotiated, else the very packet again."""
        kept = self._kept[sequence % KEPT_PACKETS]
        if kept is None or kept[0] != sequence:
            return
        body = kept[1]
        if self._repair_type:
            length = 12 + (4 + 4 * int.from_bytes(body[14:16]) if body[0] & 0x10 else 0)
            head = struct.pack(
                ">BBHII",
                body[0],
                body[1] & 0x80 | self._repair_type,
                self._repair_sequence,
                int.from_bytes(body[4:8]),
                self._repair_ssrc,
            )
            self._repair_sequence = (self._repair_sequence + 1) & 0xFFFF
            body = head + body[12:length] + sequence.to_bytes(2) + body[length:]
        self.repaired_packets += 1
        await self._transport._send_rtp(body)

    # --- Reports ----------------------------------------------------------------------------------

    async def _report(self) -> None:
        """At once with the first packets, so that lips are in step from the first picture on."""
        while self._latest is not None:
            rtp_time, moment = self._latest
            report = RtcpSrPacket(
                ssrc=self._ssrc,
                sender_info=RtcpSenderInfo(
                    ntp_timestamp=ntp_time(moment) & 0xFFFFFFFFFFFFFFFF,
                    rtp_timestamp=rtp_time,
                    packet_count=self.sent_packets & 0xFFFFFFFF,
                    octet_count=self.sent_bytes & 0xFFFFFFFF,
                ),
            )
            names = RtcpSdesPacket(
                chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])]
            )
            with contextlib.suppress(ConnectionError):
                await self._transport._send_rtp(bytes(report) + bytes(names))
            await asyncio.sleep(REPORT_SECS)

    def close(self) -> None:
        self.is_open = False
        if self._reporting is not None:
            self._reporting.cancel()
            self._reporting = None
