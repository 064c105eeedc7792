"""A publisher of packets made by hand: VP8 with any header extension, and what it is told."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from bridge.webrtc.outlet import Outlet
from bridge.webrtc.packets import build_extensions, build_rtp
from bridge.webrtc.publisher import _add_candidate
from sfu_relay.codec import parse_reply
from sfu_relay.messages import SfuCandidate
from tests.fakes.scripted_sfu import until
from tests.integration.ion.node import IonNode
from tests.integration.ion.people import LONG_SECS
from tests.integration.ion.raw import RawStream, raw_client

FEEDBACK = 0xCD  # RTPFB; with fmt 15 it is transport-wide feedback
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
CC_ID, RID_ID = 12, 13
KEYFRAME = b"\x10\x00\x9d\x01\x2a" + bytes(200)  # S, P: to a forwarder that is one


class HandMade:
    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.acknowledged: set[int] = set()
        self._sequence = 1000

    async def send(self, extensions: Mapping[int, bytes], *, only_padding: bool = False) -> None:
        self._sequence += 1
        outlet: Any = self.outlet
        mid = {outlet._extension_ids[_MID]: outlet._mid}
        body = build_rtp(
            outlet._payload_type,
            True,
            self._sequence,
            self._sequence * 3_000,
            outlet._ssrc,
            build_extensions({**mid, **extensions}),
            bytes(99) + b"\x64" if only_padding else KEYFRAME,
        )
        await outlet._transport._send_rtp(bytes((body[0] | 0x20 * only_padding,)) + body[1:])

    def look_at(self, data: bytes) -> None:
        while len(data) >= 4:
            size = 4 + 4 * int.from_bytes(data[2:4])
            if data[0] & 0x1F == 15 and data[1] == FEEDBACK:
                self.acknowledged |= read_feedback(data[:size])
            data = data[size:]


_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"


def read_feedback(packet: bytes) -> set[int]:
    """Which transport-wide numbers came, of one report (its draft, 3.1)."""
    first, count = struct.unpack_from(">HH", packet, 12)
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from(">H", packet, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return {first + index for index, symbol in enumerate(symbols[:count]) if symbol}


async def candidates_of(stream: RawStream, target: str, connection: RTCPeerConnection) -> None:
    """Those of one transport, once there are any: with one port there is one."""

    def there() -> list[SfuCandidate]:
        return [
            message
            for reply in stream.replies
            for message in parse_reply(reply, announces_publishers=False)
            if isinstance(message, SfuCandidate) and message.target == target
        ]

    await until(there, f"a candidate of the {target}", LONG_SECS)
    for message in there():
        await _add_candidate(connection, message.candidate)


@asynccontextmanager
async def hand_made(node: IonNode, room: str, *, layer: str = "") -> AsyncIterator[HandMade]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = connection.addTransceiver("video", direction="sendonly")
    known = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([one for one in known if one.mimeType == "video/VP8"])
    made = HandMade(Outlet(transceiver.sender, "stream", 90_000))
    await connection.setLocalDescription(await connection.createOffer())
    lines = connection.localDescription.sdp.splitlines()
    (number,) = [line[9:].split(" ")[0] for line in lines if line.startswith("a=rtpmap:")]
    lines += [f"a=extmap:{CC_ID} {TRANSPORT_CC}", f"a=rtcp-fb:{number} transport-cc"]
    if layer:
        lines = [line for line in lines if not line.startswith("a=ssrc")]
        lines += [f"a=extmap:{RID_ID} {RID}", f"a=rid:{layer} send", f"a=simulcast:send {layer}"]
    async with raw_client(node) as raw:
        stream = raw.stream()
        await stream.join("hand-made", room=room, sdp="\r\n".join(lines) + "\r\n")
        answer = (await stream.hears("join")).description.sdp
        for mine in (f"a=rid:{layer} recv", f"a=simulcast:recv {layer}"):
            answer = answer.replace(mine + "\r\n", "")
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await candidates_of(stream, "publisher", connection)
        await until(lambda: made.outlet.is_open, "the connection", LONG_SECS)
        transport: Any = transceiver.sender.transport
        before = transport._handle_rtcp_data

        async def handle(data: bytes) -> None:
            made.look_at(data)
            await before(data)

        transport._handle_rtcp_data = handle
        try:
            yield made
        finally:
            made.outlet.close()
            await asyncio.wait_for(connection.close(), 10)
