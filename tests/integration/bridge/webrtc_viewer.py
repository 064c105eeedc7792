"""A WebRTC viewer that reads the counter and hears the beeps; clocks by sender reports alone."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpSrPacket

from bridge.webrtc.consent import wait_longer
from bridge.webrtc.publisher import _add_candidate
from sfu_relay.events import (
    CandidateFound,
    Lost,
    Offered,
    PeerEvent,
    Refused,
    Role,
    RoomId,
    SessionId,
)
from sfu_relay.relay import Relay
from tests.e2e.harness.stream_reader import Heard, _listen, read_number
from tests.fakes.scripted_sfu import until

NTP_TO_UNIX = 2_208_988_800
RECEIVE_BYTES = 4_000_000
_names = itertools.count()


class ReportClock:
    """RTP time → seconds since 1970, by the last sender report of a track."""

    def __init__(self, receiver: Any, rate: int) -> None:
        self.rate = rate
        self._receiver = receiver
        self.reports: list[tuple[float, int]] = []
        before = receiver._handle_rtcp_packet

        async def look(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                self.reports.append((info.ntp_timestamp / 2**32 - NTP_TO_UNIX, info.rtp_timestamp))
            await before(packet)

        receiver._handle_rtcp_packet = look

    def at(self, pts: int) -> float:
        """aiortc counts its pictures' and sounds' time from the first one on."""
        ntp, rtp = self.reports[-1]
        origin = self._receiver._RTCRtpReceiver__timestamp_mapper._origin
        step = (pts + origin - rtp + 2**31) % 2**32 - 2**31
        return ntp + step / self.rate


def one_by_one(transport: Any) -> None:
    """aiortc drops a report for the sake of Ion's SDES behind it: chunks that end on a word."""
    before = transport._handle_rtcp_data

    async def handle(data: bytes) -> None:
        while len(data) >= 4:
            size = 4 + 4 * int.from_bytes(data[2:4])
            await before(data[:size])
            data = data[size:]

    if before.__name__ != handle.__name__:
        transport._handle_rtcp_data = handle


class WebrtcViewer:
    """`heard` has times in seconds since 1970 as the publisher's reports say them."""

    def __init__(self, relay: Relay, room_id: str) -> None:
        self.heard = Heard()
        self.sizes: set[tuple[int, int]] = set()
        self.first_frame_at = 0.0  # monotonic
        self.joined_at = time.monotonic()
        self.tracks: list[str] = []
        self.problem = ""  # why nothing more can come
        self._quiet_since: float | None = None
        self._clocks: dict[str, ReportClock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._offers: asyncio.Queue[Offered | CandidateFound] = asyncio.Queue()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("track", self._got_track)
        self.peer = relay.open_peer(
            session_id=SessionId(f"viewer-{next(_names)}"),
            room_id=RoomId(room_id),
            role=Role.SUBSCRIBER,
            on_event=self._got_event,
        )
        self._start(self._answer())

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

    def _got_event(self, event: PeerEvent) -> None:
        match event:
            case Offered() | CandidateFound():
                self._offers.put_nowait(event)
            case Lost() | Refused():
                self.problem = str(event)

    async def _answer(self) -> None:
        early: list[Any] = []  # of a node that trickles
        while True:
            offer = await self._offers.get()
            if isinstance(offer, CandidateFound):
                early.append(offer.candidate)
                while early and self._connection.remoteDescription is not None:
                    await _add_candidate(self._connection, early.pop(0))
                continue
            await self._connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            await self._connection.setLocalDescription(await self._connection.createAnswer())
            widen(self._connection)
            self.peer.answer(self._connection.localDescription.sdp, offer.offer_id)
            while early:
                await _add_candidate(self._connection, early.pop(0))

    def _got_track(self, track: MediaStreamTrack) -> None:
        self.tracks.append(track.kind)
        rate = 90_000 if track.kind == "video" else 48_000
        for transceiver in self._connection.getTransceivers():
            if transceiver.receiver.track is track:
                self._clocks[track.kind] = ReportClock(transceiver.receiver, rate)
                one_by_one(transceiver.receiver.transport)
        self._start(self._look(track) if track.kind == "video" else self._listen(track))

    async def _look(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            at = time.time() * 1000
            if not self.first_frame_at:
                self.first_frame_at = time.monotonic()
            assert isinstance(frame, av.VideoFrame)
            self.sizes.add((frame.width, frame.height))
            plane = frame.planes[0]
            grey = np.frombuffer(plane, np.uint8).reshape(frame.height, plane.line_size)
            number = read_number(grey[:, : frame.width])
            if number is None:
                self.heard.unreadable += 1
            elif self._clocks["video"].reports:
                self.heard.frames.append((self._clocks["video"].at(frame.pts), number, at))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        while True:
            frame = await track.recv()
            if not self._clocks["audio"].reports:
                continue
            start = self._clocks["audio"].at(frame.pts)
            for flat in resampler.resample(frame):
                self._quiet_since = _listen(flat, start, self._quiet_since, self.heard.beeps)

    async def sees(self, frames: int, secs: float = 60.0) -> None:
        wanted = len(self.heard.frames) + frames

        def look() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()  # why it ended
            assert not self.problem, self.told()
            assert not is_over(self._connection), self.told()
            return len(self.heard.frames) >= wanted

        try:
            await until(look, f"{frames} more pictures, {wanted} in all", secs)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told()}") from None

    def told(self) -> str:
        return (
            f"the viewer: {self.problem or 'no word of the SFU'}; {states(self._connection)}; "
            f"{len(self.heard.frames)} pictures, {self.heard.unreadable} unreadable, "
            f"{len(self.heard.beeps)} beeps, tracks {self.tracks}"
        )

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.peer.close()
        await self._connection.close()


def widen(connection: RTCPeerConnection) -> None:
    """As much patience as browsers have. The usual 208 KB are 92 packets: a keyframe that comes
    while this process awaits a busy CPU does not fit, and aiortc asks for 128 of them again."""
    for transceiver in connection.getTransceivers():
        ice = transceiver.receiver.transport.transport
        wait_longer(ice.iceGatherer._connection)
        for protocol in ice.iceGatherer._connection._protocols:
            one = protocol.transport.get_extra_info("socket")
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)


def is_over(connection: RTCPeerConnection) -> bool:
    return connection.connectionState in ("failed", "closed")


def states(connection: RTCPeerConnection) -> str:
    dtls = {each.receiver.transport.state for each in connection.getTransceivers()}
    return f"connection {connection.connectionState}, ICE {connection.iceConnectionState}, {dtls=}"
