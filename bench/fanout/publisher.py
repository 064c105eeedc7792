"""The publisher: joins through gRPC, connects, and sends the synthetic stream in its rhythm."""

from __future__ import annotations

import asyncio
import time

import grpc.aio

from bench.fanout import sdp
from bench.fanout.signalling import TIMEOUT_SECS, Stream
from bench.fanout.stream import MARK, MARK_AT, SSRC, packets
from bench.fanout.watcher import EpollWatcher
from embedded_sfu.wire import rtcp, rtcp_parse
from tests.fakes.webrtc_peer import WebRtcPeer

# Kept for NACKs, as a browser does (1 s).
_KEPT_PACKETS = 256


class Publisher:
    def __init__(self, watcher: EpollWatcher) -> None:
        self.peer = WebRtcPeer(watcher=watcher)
        self.peer.on_rtcp = self._got_rtcp
        self.sent = 0
        self.repaired = 0
        self.behind_ms = 0.0
        """How late the rhythm was at worst: a measure of how busy the load generator is."""
        self._stream: Stream | None = None
        self._task: asyncio.Task[None] | None = None
        self._kept: dict[int, bytes] = {}

    async def join(self, channel: grpc.aio.Channel, sid: str) -> None:
        self._stream = stream = Stream(channel)
        peer = self.peer
        offer = sdp.publisher_offer(peer.ufrag, peer.pwd, peer.identity.fingerprint)
        remote = sdp.read(await stream.do_join(sid, "publisher", offer))
        for _ in range(200):
            if remote.address or stream.address:
                break
            await asyncio.sleep(0.01)  # the candidate is trickled
        address = remote.address or stream.address
        if address is None:
            raise RuntimeError("the SFU named no loopback candidate")
        peer.connect(address, ufrag=remote.ufrag, pwd=remote.pwd, fingerprints=remote.fingerprints)
        await asyncio.wait_for(peer.connected.wait(), TIMEOUT_SECS)
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.peer.close()
        if self._stream is not None:
            await self._stream.close()

    async def _run(self) -> None:
        buffer = bytearray(2048)
        started = time.monotonic()
        for packet in packets():
            wait_secs = started + packet.due_secs - time.monotonic()
            if wait_secs > 0:
                await asyncio.sleep(wait_secs)
            else:
                self.behind_ms = max(self.behind_ms, -wait_secs * 1000)
                await asyncio.sleep(0)
            data = packet.data
            if packet.marked:
                now_ns = time.monotonic_ns()
                MARK.pack_into(data, MARK_AT, now_ns, now_ns ^ 0x5555555555555555)
            number = int.from_bytes(data[2:4], "big")
            self._kept[number] = bytes(data)
            self._kept.pop((number - _KEPT_PACKETS) & 0xFFFF, None)
            buffer[: len(data)] = data
            self.peer.outbound.send(buffer, len(data))
            self.sent += 1

    def _got_rtcp(self, compound: bytes) -> None:
        for item in rtcp_parse.parse_compound(compound):
            if isinstance(item, rtcp.Nack) and item.media_ssrc == SSRC:
                for number in item.sequence_numbers:
                    kept = self._kept.get(number)
                    if kept is not None:
                        self.peer.send_rtp(kept)
                        self.repaired += 1
