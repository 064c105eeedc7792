"""One viewer: joins through gRPC, connects for real, counts what arrives and how late."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable

import grpc.aio
from OpenSSL import SSL

from bench.fanout import sdp
from bench.fanout.signalling import TIMEOUT_SECS, Stream
from bench.fanout.stream import MARK, MARK_AT
from bench.fanout.watcher import EpollWatcher
from embedded_sfu.transport.certificate import Identity
from embedded_sfu.wire import rtcp
from sfu_relay.fixed_offer import FIXED_OFFER
from tests.fakes.webrtc_peer import WebRtcPeer

# Each viewer decrypts one packet in 16, another one than its neighbours: that shows that keys,
# replay windows and payloads are right and how late packets are, and leaves the load generator
# time to receive the rest. Of those it reads the sequence number, which SRTP does not hide.
DECRYPT_EVERY = 16


class Viewer:
    def __init__(
        self, index: int, watcher: EpollWatcher, identity: Identity, context: SSL.Context
    ) -> None:
        self.index = index
        self.peer = WebRtcPeer(identity=identity, context=context, watcher=watcher)
        self.received = 0
        self.repeated = 0
        self.delays_us = array("L")
        self._watcher = watcher
        self._first = self._highest = -1
        self._seen: set[int] = set()
        self._stream: Stream | None = None
        self._ssrc = 0
        self._report: asyncio.TimerHandle | None = None

    async def join(self, channel: grpc.aio.Channel, sid: str) -> None:
        self._stream = stream = Stream(channel)
        await stream.do_join(sid, f"viewer-{self.index}", FIXED_OFFER)
        offer = await stream.get_offer()
        remote = sdp.read(offer)
        peer = self.peer
        stream.answer(sdp.viewer_answer(offer, peer.ufrag, peer.pwd, peer.identity.fingerprint))
        address = remote.address or stream.address
        for _ in range(200):
            if address is not None:
                break
            await asyncio.sleep(0.01)  # the candidate is trickled
            address = stream.address
        if address is None:
            raise RuntimeError("the SFU named no loopback candidate")
        peer.connect(address, ufrag=remote.ufrag, pwd=remote.pwd, fingerprints=remote.fingerprints)
        await asyncio.wait_for(peer.connected.wait(), TIMEOUT_SECS)
        self._watcher.replace(peer.udp_socket, self._make_reader())
        self._send_report()

    def start_counting(self) -> None:
        self.received = self.repeated = 0
        self._first = self._highest = -1
        self._seen = set()
        self.delays_us = array("L")

    @property
    def lost(self) -> int:
        """Of the sequence numbers between the first and the last received, those that were not."""
        return self._highest - self._first + 1 - len(self._seen) if self._seen else 0

    @property
    def problems(self) -> str:
        """What the SFU or DTLS complained about."""
        said = self._stream.problems if self._stream is not None else []
        return "; ".join([*said, self.peer.problem or self.peer.state.value])

    async def leave(self) -> None:
        if self._report is not None:
            self._report.cancel()
        self.peer.close()
        if self._stream is not None:
            await self._stream.close()

    def _send_report(self) -> None:
        """A receiver report and REMB a second, as a browser sends."""
        if self._ssrc:
            block = rtcp.ReportBlock(self._ssrc, 0, 0, max(0, self._highest), 40, 0, 0)
            self.peer.send_rtcp(
                rtcp.build_receiver_report(1, [block]) + rtcp.build_remb(1, 5_000_000, [self._ssrc])
            )
        self._report = asyncio.get_running_loop().call_later(1.0, self._send_report)

    def _make_reader(self) -> Callable[[], None]:
        """The load generator's own hot path: 66,000 calls a second with 300 viewers."""
        peer, buffer = self.peer, self.peer.buffer
        data, receive = buffer.data, self.peer.udp_socket.recv_into
        phase = self.index % DECRYPT_EVERY

        def read() -> None:
            try:
                length = receive(data)
            except OSError:
                return
            if data[0] & 0xC0 != 0x80 or 192 <= data[1] <= 223:
                peer.got_datagram(length)
                return
            number = data[2] << 8 | data[3]
            self._count(number)
            if number % DECRYPT_EVERY == phase:
                self._decrypt(length)

        return read

    def _count(self, number: int) -> None:
        self.received += 1
        if self._first < 0:
            self._first = self._highest = number
        else:
            ahead = (number - self._highest) & 0xFFFF
            number = self._highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
            if number > self._highest:
                self._highest = number
        if number in self._seen:
            self.repeated += 1
        self._seen.add(number)

    def _decrypt(self, length: int) -> None:
        peer = self.peer
        data = peer.buffer.data
        self._ssrc = int.from_bytes(data[8:12], "big")
        plain = peer.inbound.unprotect_rtp(peer.buffer, length) if peer.inbound else 0
        if not plain:
            peer.counters.srtp_rejected += 1
        elif plain > MARK_AT + MARK.size:
            sent_ns, check = MARK.unpack_from(data, MARK_AT)
            if check == sent_ns ^ 0x5555555555555555:
                self.delays_us.append(max(0, (time.monotonic_ns() - sent_ns) // 1000))
