"""A viewer of a room without a browser: joins by the relay, receives, joins again when lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridge.webrtc.answer import Incoming, build_answer, parse_offer
from bridge.webrtc.receiver import OUR_SSRC, Media, Receiver
from bridge.webrtc.rtp_clock import Delay
from bridge.webrtc.rtp_packet import (
    SenderReport,
    build_receiver_report,
    parse_rtcp,
    parse_rtp,
)
from bridge.webrtc.viewer_transport import ViewerTransport
from sfu_relay.config import RelayConfig
from sfu_relay.elsewhere import Publisher
from sfu_relay.events import (
    CandidateFound,
    Lost,
    Offered,
    PeerEvent,
    Role,
    RoomId,
    SessionId,
    Target,
    Track,
    TracksChanged,
)
from sfu_relay.peer import Peer
from sfu_relay.relay import Relay

logger = logging.getLogger(__name__)
TICK_SECS: Final = 0.02
REPORT_SECS: Final = 0.5
RETRY_SECS: Final = 0.5
SILENT_SECS: Final = 20.0  # tracks were agreed to, and no packet of any came: join anew


@dataclass(frozen=True, slots=True)
class Stream:
    """Whose track it is, as far as it is known. `source`: "camera" | "screen"."""

    session_id: str
    stream_id: str
    track_id: str
    kind: str
    source: str = ""


class Viewer:
    """`got_media(stream, media)` from the loop; `wanted(stream)`: whether it is to be sent."""

    def __init__(
        self,
        config: RelayConfig,
        room_id: str,
        *,
        got_media: Callable[[Stream, Media], None],
        wanted: Callable[[Stream], bool],
        got_tracks: Callable[[tuple[Track, ...]], None] | None = None,
    ) -> None:
        self._config = config
        self._room_id = RoomId(room_id)
        self._got_media = got_media
        self._wanted = wanted
        self._got_tracks = got_tracks
        self._relay: Relay | None = None
        self._peer: Peer | None = None
        self._transport: ViewerTransport | None = None
        self._events: asyncio.Queue[PeerEvent | str] = asyncio.Queue()
        self._receivers: dict[tuple[str, str, str, int], Receiver] = {}
        self._by_ssrc: dict[int, Receiver] = {}
        self._sessions: dict[str, Delay] = {}
        self._layers: dict[str, str] = {}
        self.tracks: tuple[Track, ...] = ()
        self.joins = 0
        self.lost_packets_before = 0
        self.plis_before = 0

    # --- what others ask ------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        return self._transport is not None and self._transport.is_connected

    @property
    def plis(self) -> int:
        return self.plis_before + sum(one.plis for one in self._receivers.values())

    @property
    def lost_packets(self) -> int:
        return self.lost_packets_before + sum(one.lost_packets for one in self._receivers.values())

    def receivers(self) -> list[tuple[Stream, Receiver]]:
        return [(self._stream_of(one.track), one) for one in self._receivers.values()]

    def ask_for_keyframes(self, older_than_secs: float = 0.0) -> None:
        """Of each picture that is wanted and was not asked for as lately."""
        now = time.monotonic()
        for stream, receiver in self.receivers():
            if self._wanted(stream) and receiver.asked_ago(now) >= older_than_secs:
                receiver.ask_for_keyframe(now)

    def look_again(self) -> None:
        """What is wanted changed."""
        self._choose_layers()

    # --- life -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled: joins, and joins again."""
        self._relay = Relay(self._config)
        self._relay.find_publishers_elsewhere(self._find)
        try:
            while True:
                wait_secs = await self._join_once()
                await self._leave()
                await asyncio.sleep(wait_secs)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.shield(self._end())

    async def _end(self) -> None:
        await self._leave()
        if self._relay is not None:
            await self._relay.aclose()

    async def _find(self, session_id: SessionId) -> Publisher | None:
        # A viewer's channel tells of its own room only; what each stream shows is in the spec.
        return Publisher(self._room_id, {})

    async def _join_once(self) -> float:
        """How long to wait before the next join."""
        assert self._relay is not None
        self.joins += 1
        self._events = asyncio.Queue()
        self._transport = ViewerTransport(self._got_rtp, self._got_rtcp, self._events.put_nowait)
        self._peer = self._relay.open_peer(
            session_id=SessionId(f"sess_v{secrets.token_hex(10)}"),
            room_id=self._room_id,
            role=Role.SUBSCRIBER,
            on_event=self._events.put_nowait,
        )
        ticking = asyncio.create_task(self._tick(self._events), name="viewer-tick")
        try:
            while True:
                match await self._events.get():
                    case Offered(offer_id, sdp):
                        await self._answer(offer_id, sdp)
                    case CandidateFound(Target.SUBSCRIBER, candidate) if candidate:
                        await self._transport.add_candidate(str(candidate.get("candidate", "")))
                    case TracksChanged(tracks):
                        self._take_tracks(tracks)
                    case Lost(code, _, retry_in_ms):
                        logger.info("viewer lost: %s", code)
                        return (retry_in_ms or 2_000) / 1000
                    case str():
                        return RETRY_SECS
                    case _:
                        pass
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)

    async def _leave(self) -> None:
        for receiver in list(self._receivers.values()):
            self._forget(receiver)
        self.tracks = ()
        self._layers.clear()
        transport, self._transport = self._transport, None
        peer, self._peer = self._peer, None
        if transport is not None:
            await transport.close()
        if peer is not None and peer.alive:
            await peer.close("leaving")

    # --- signalling -----------------------------------------------------------------------------

    async def _answer(self, offer_id: int, sdp: str) -> None:
        assert self._transport is not None
        assert self._peer is not None
        try:
            offer = parse_offer(sdp)
        except ValueError as error:
            logger.warning("an offer that can't be answered: %s", error)
            return
        local = await self._transport.local()
        first = not self._receivers and not self._transport.started
        self._take_offer(offer.tracks)
        self._peer.answer(build_answer(offer, local), offer_id)
        if first:
            self._transport.start(offer)
        self._choose_layers()

    def _take_offer(self, tracks: tuple[Incoming, ...]) -> None:
        keys = {track.key for track in tracks}
        for key, receiver in list(self._receivers.items()):
            if key not in keys:
                self._forget(receiver)
        for track in tracks:
            if track.key not in self._receivers:
                self._receivers[track.key] = self._make(track)
        self._by_ssrc = {one.ssrc: one for one in self._receivers.values() if one.ssrc}

    def _make(self, track: Incoming) -> Receiver:
        def got(media: Media) -> None:
            self._got_media(self._stream_of(track), media)

        receiver = Receiver(track, self._session(track), got, self._send)
        return receiver

    def _forget(self, receiver: Receiver) -> None:
        self.lost_packets_before += receiver.lost_packets
        self.plis_before += receiver.plis
        self._receivers.pop(receiver.track.key, None)
        self._by_ssrc.pop(receiver.ssrc, None)

    def _take_tracks(self, tracks: tuple[Track, ...]) -> None:
        self.tracks = tracks
        here = {track.session_id for track in tracks}
        self._sessions = {key: one for key, one in self._sessions.items() if key in here}
        for receiver in self._receivers.values():
            receiver.use_session(self._session(receiver.track))
        self._choose_layers()
        if self._got_tracks is not None:
            self._got_tracks(tracks)

    def _choose_layers(self) -> None:
        """The best of what is wanted; nothing of the rest."""
        if self._peer is None or not self._receivers:
            return
        wishes: dict[str, bool] = {}
        for stream, receiver in self.receivers():
            if receiver.track.kind == "video" and stream.session_id:
                wanted = wishes.get(stream.stream_id, False)
                wishes[stream.stream_id] = wanted or self._wanted(stream)
        for stream_id, wanted in wishes.items():
            layer = "f" if wanted else "off"
            if self._layers.get(stream_id, "f" if not self._has_layers(stream_id) else "") != layer:
                self._peer.layer(stream_id, layer)
            self._layers[stream_id] = layer

    def _has_layers(self, stream_id: str) -> bool:
        return any(track.layers for track in self.tracks if track.stream_id == stream_id)

    def _stream_of(self, track: Incoming) -> Stream:
        named = (track.stream_id, track.track_id)
        for known in self.tracks:
            if (known.stream_id, known.track_id) == named:
                session_id = str(known.session_id)
                return Stream(session_id, *named, track.kind, known.source)
        return Stream("", *named, track.kind)

    def _session(self, track: Incoming) -> Delay:
        session_id = self._stream_of(track).session_id or f"stream {track.stream_id}"
        return self._sessions.setdefault(session_id, Delay())

    # --- media ----------------------------------------------------------------------------------

    def _got_rtp(self, data: bytes) -> None:
        packet = parse_rtp(data)
        if packet is None:
            return
        receiver = self._by_ssrc.get(packet.ssrc) or self._nameless(packet.payload_type)
        if receiver is not None:
            self._by_ssrc[packet.ssrc] = receiver
            receiver.got_packet(packet, time.monotonic())

    def _nameless(self, payload_type: int) -> Receiver | None:
        """The one track without an SSRC in its offer that has this payload type."""
        fitting = [
            one
            for one in self._receivers.values()
            if not one.ssrc and payload_type in one.track.codecs
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _got_rtcp(self, data: bytes) -> None:
        now = time.monotonic()
        for packet in parse_rtcp(data):
            if isinstance(packet, SenderReport) and packet.ssrc in self._by_ssrc:
                self._by_ssrc[packet.ssrc].got_report(packet, now)

    def _send(self, rtcp: bytes) -> None:
        if self._transport is not None:
            self._transport.send(rtcp)

    async def _tick(self, events: asyncio.Queue[PeerEvent | str]) -> None:
        """Packets that waited long enough, reports, and whether anything comes at all."""
        reported = heard = time.monotonic()
        count = 0
        while True:
            await asyncio.sleep(TICK_SECS)
            now = time.monotonic()
            receivers = list(self._receivers.values())
            for receiver in receivers:
                receiver.tick(now)
            if now - reported < REPORT_SECS:
                continue
            reported = now
            blocks = [block for one in receivers if (block := one.reception(now)) is not None]
            if blocks:
                self._send(build_receiver_report(OUR_SSRC, blocks))
            bytes_ = sum(one.received_bytes for one in receivers)
            if bytes_ != count or not any(self._wanted(each) for each, _ in self.receivers()):
                count, heard = bytes_, now
            elif now - heard > SILENT_SECS:
                events.put_nowait("silent")
                heard = now
