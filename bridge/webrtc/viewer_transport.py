"""ICE, DTLS and SRTP of a viewer: aiortc's own, but RTP and RTCP come out as they are, decrypted.

aiortc's receivers decode everything and keep 512 packets; ours pass pictures on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from aioice import Candidate
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters

from bridge.webrtc.answer import Local, Offer
from bridge.webrtc.consent import wait_longer

logger = logging.getLogger(__name__)
CONNECT_SECS = 10.0
RECEIVE_BYTES = 4_000_000


class _Dtls(RTCDtlsTransport):
    def __init__(
        self,
        ice: RTCIceTransport,
        got_rtp: Callable[[bytes], None],
        got_rtcp: Callable[[bytes], None],
    ) -> None:
        super().__init__(ice, [RTCCertificate.generateCertificate()])
        self._got_rtp = got_rtp
        self._got_rtcp = got_rtcp
        self._set_role("client")  # our answer says setup:active

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self._got_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self._got_rtcp(data)


class ViewerTransport:
    """`lost` is called once, from the loop: it failed, or the other side closed it."""

    def __init__(
        self,
        got_rtp: Callable[[bytes], None],
        got_rtcp: Callable[[bytes], None],
        lost: Callable[[str], None],
    ) -> None:
        self._gatherer = RTCIceGatherer(iceServers=[])
        wait_longer(self._gatherer._connection)
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = _Dtls(self._ice, got_rtp, got_rtcp)
        self._lost = lost
        self._starting: asyncio.Task[None] | None = None
        self._sends: set[asyncio.Task[None]] = set()
        self._closed = False
        self.started = False
        self._dtls.on("statechange", self._changed)

    @property
    def is_connected(self) -> bool:
        return bool(self._dtls.state == "connected")

    async def local(self) -> Local:
        await self._gatherer.gather()
        for protocol in self._gatherer._connection._protocols:
            # A keyframe of 500 KB comes at once; where the system allows less, that is taken.
            socket_ = protocol.transport.get_extra_info("socket")
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        parameters = self._gatherer.getLocalParameters()
        return Local(
            parameters.usernameFragment or "",
            parameters.password or "",
            tuple(
                (each.algorithm, each.value)
                for each in self._dtls.getLocalParameters().fingerprints
            ),
            tuple(
                f"candidate:{each.to_sdp()}" for each in self._gatherer._connection.local_candidates
            ),
        )

    def start(self, offer: Offer) -> None:
        self.started = True
        self._starting = asyncio.create_task(self._start(offer), name="viewer-connect")

    async def add_candidate(self, text: str) -> None:
        """ "candidate:…" as signalling brings it; what can't be used is left out."""
        with contextlib.suppress(ValueError, IndexError):
            candidate = Candidate.from_sdp(text.removeprefix("candidate:"))
            await self._gatherer._connection.add_remote_candidate(candidate)

    def send(self, rtcp: bytes) -> None:
        if self.is_connected:
            task = asyncio.create_task(self._send(rtcp))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    async def close(self) -> None:
        self._closed = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._dtls.stop()
        with contextlib.suppress(Exception):
            await self._ice.stop()

    async def _start(self, offer: Offer) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECS):
                for text in offer.candidates:
                    await self.add_candidate(text)
                self._gatherer._connection.ice_controlling = offer.lite
                await self._ice.start(RTCIceParameters(offer.ufrag, offer.pwd, offer.lite))
                if self._ice.state != "completed":
                    raise ConnectionError("ice")
                fingerprints = [RTCDtlsFingerprint(*each) for each in offer.fingerprints]
                await self._dtls.start(RTCDtlsParameters(fingerprints))
                if self._dtls.state != "connected":
                    raise ConnectionError("dtls")
        except (TimeoutError, ConnectionError) as error:
            self._end(f"no connection: {error}")

    async def _send(self, rtcp: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self._dtls._send_rtp(rtcp)

    def _changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._end(f"dtls {self._dtls.state}")

    def _end(self, why: str) -> None:
        if not self._closed:
            self._closed = True
            logger.info("viewer's transport ended: %s", why)
            self._lost(why)
