"""A publisher's transport: binds SSRCs to tracks and layers, repairs, reports and asks upward.

Packets are put into canonical form here, once, and handed to their layer (`forward`).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sfu_relay.proto import rtc_pb2

from . import codecs
from .clock import now_ms, stamp_send_time
from .forward import MAX_PACKET_BYTES, Layer
from .negotiation import IncomingTrack
from .reception import Reception
from .transport.association import Association
from .transport_cc import ArrivalLog
from .wire import rtcp, rtcp_parse, rtp
from .wire.keyframes import starts_keyframe

MAX_SSRCS = 64
# Chromium's estimator believes a REMB of its first 2 s at once: full quality from the start.
# Afterwards transport-cc rules, and this is only a ceiling.
FIRST_REMB = 3_000_000
FIRST_REMB_MS = 2_500
CEILING_REMB = 30_000_000
_keys = itertools.count(1)


@dataclass(slots=True)
class PublishedTrack:
    """One track in a room."""

    info: IncomingTrack
    uid: str
    media_type: rtc_pb2.MediaType
    key: int = field(default_factory=lambda: next(_keys))
    layers: dict[str, Layer] = field(default_factory=dict)  # by rid, "" without simulcast
    announced: bool = False

    @property
    def simulcast(self) -> bool:
        return bool(self.info.rids)


@dataclass(slots=True)
class _Source:
    """What one SSRC of the publisher is."""

    track: PublishedTrack
    layer: Layer
    reception: Reception
    rtx: bool


@dataclass(slots=True)
class _Binding:
    """How the packets of one track are read and rewritten."""

    track: PublishedTrack
    table: bytes
    stamp_id: int  # the publisher's id of abs-send-time, 0: none
    rid_id: int
    repaired_rid_id: int


class PublisherTransport:
    """Handler of a publisher's association."""

    def __init__(
        self,
        *,
        got_ready: Callable[[], None],
        got_layer: Callable[[PublishedTrack], None],
        got_lost: Callable[[str], None],
    ) -> None:
        self.association: Association | None = None
        self.tracks: dict[str, PublishedTrack] = {}  # by mid
        self.connected = False
        self.ssrc = random.randrange(1, 0xFFFFFFFF)
        self._got_ready = got_ready
        self._got_layer = got_layer
        self._got_lost = got_lost
        self._sources: dict[int, _Source] = {}
        self._bindings: dict[str, _Binding] = {}
        self._mid_id = 0
        self._cc_id = 0
        self._arrivals = ArrivalLog()
        self._connected_ms = 0

    # -- what was negotiated ----------------------------------------------------------------------

    def set_tracks(self, tracks: Sequence[PublishedTrack]) -> None:
        """All tracks of the publisher from now on; those already there keep their layers."""
        keys = {track.key for track in tracks}
        for ssrc, source in tuple(self._sources.items()):
            if source.track.key not in keys:
                del self._sources[ssrc]
        for track in self.tracks.values():
            if track.key not in keys:
                for layer in track.layers.values():
                    layer.close()
        self.tracks = {track.info.mid: track for track in tracks}
        self._bindings = {track.info.mid: _binding(track) for track in tracks}
        self._mid_id = self._cc_id = 0
        for track in tracks:
            for number, uri in track.info.extensions.items():
                if uri == codecs.MID:
                    self._mid_id = number
                elif uri == codecs.TRANSPORT_CC:
                    self._cc_id = number
            if track.simulcast:
                continue
            for ssrc in track.info.ssrcs[:1]:
                self._bind(ssrc, track, "", rtx=False)
            for rtx_ssrc, media in track.info.rtx_of.items():
                if media in track.info.ssrcs[:1]:
                    self._bind(rtx_ssrc, track, "", rtx=True)

    def _bind(self, ssrc: int, track: PublishedTrack, rid: str, *, rtx: bool) -> _Source | None:
        known = self._sources.get(ssrc)
        if known is not None:
            return known
        if len(self._sources) >= MAX_SSRCS:
            return None
        layer = track.layers.get(rid)
        if layer is None:
            if rtx:
                return None  # nothing to repair yet
            layer = track.layers[rid] = Layer(rid, track.info.codec, self._ask_keyframe)
        if not rtx:
            for old, source in tuple(self._sources.items()):
                if source.layer is layer and not source.rtx:
                    del self._sources[old]
                    layer.restart()
        source = _Source(track, layer, Reception(ssrc, layer.clock_rate), rtx)
        self._sources[ssrc] = source
        return source

    def _bind_by_header(
        self, packet: bytearray | memoryview, header: rtp.RtpHeader
    ) -> _Source | None:
        """Find the track and layer of an unknown SSRC by mid and rid (RFC 8843, 8852)."""
        if len(self._sources) >= MAX_SSRCS:
            return None
        values = {
            item.id: bytes(packet[item.start : item.end]) for item in rtp.extensions(packet, header)
        }
        mid = _text(values.get(self._mid_id)) if self._mid_id else ""
        binding = self._bindings.get(mid) or self._by_payload_type(header.payload_type)
        if binding is None:
            return None
        info = binding.track.info
        if header.payload_type == info.rtx_payload_type:
            rid = _text(values.get(binding.repaired_rid_id) if info.rids else None)
            return self._bind(header.ssrc, binding.track, rid, rtx=True)
        if header.payload_type != info.payload_type:
            return None
        rid = _text(values.get(binding.rid_id)) if info.rids else ""
        if info.rids and rid not in info.rids:
            return None
        return self._bind(header.ssrc, binding.track, rid, rtx=False)

    def _by_payload_type(self, payload_type: int) -> _Binding | None:
        """The only track it can be, if there is only one."""
        found = [
            binding
            for binding in self._bindings.values()
            if payload_type
            in (binding.track.info.payload_type, binding.track.info.rtx_payload_type)
        ]
        return found[0] if len(found) == 1 else None

    # -- what the association tells ----------------------------------------------------------------

    def got_connected(self) -> None:
        self.connected = True
        self._connected_ms = now_ms()
        self._send(rtcp.build_receiver_report(self.ssrc) + self._remb(FIRST_REMB))
        self._got_ready()

    def got_closed(self, reason: str) -> None:
        self.connected = False
        self._got_lost(reason)

    def got_rtp(self, packet: bytearray | memoryview, arrival_ms: int) -> None:
        header = rtp.parse_header(packet)
        if header is None or len(packet) > MAX_PACKET_BYTES:
            return
        if self._cc_id:
            number = rtp.extension_value(packet, header, self._cc_id)
            if number is not None and len(number) == 2:
                self._arrivals.note(number[0] << 8 | number[1], arrival_ms * 1000)
        source = self._sources.get(header.ssrc) or self._bind_by_header(packet, header)
        if source is None:
            return
        info = source.track.info
        if source.rtx:
            self._got_repair(source, packet, header)
        elif header.payload_type == info.payload_type:
            source.reception.got_packet(header.sequence_number, header.timestamp, arrival_ms)
            self._got_media(source, bytearray(packet), header, header.sequence_number)

    def _got_repair(
        self, source: _Source, packet: bytearray | memoryview, header: rtp.RtpHeader
    ) -> None:
        """RFC 4588: the original number stands before the payload. Without payload: a probe."""
        start = header.payload_start
        if header.payload_end - start < 2:
            return
        sequence_number = packet[start] << 8 | packet[start + 1]
        data = bytearray(packet)
        del data[start : start + 2]
        original = rtp.parse_header(data)
        if original is not None and source.layer.started:
            self._got_media(source, data, original, sequence_number)

    def _got_media(
        self, source: _Source, data: bytearray, header: rtp.RtpHeader, sequence_number: int
    ) -> None:
        layer = source.layer
        binding = self._bindings[source.track.info.mid]
        stamp_at = 0
        if binding.stamp_id:
            for item in rtp.extensions(data, header):
                if item.id == binding.stamp_id and item.end - item.start == 3:
                    stamp_at = item.start
        rtp.rewrite(data, header, layer.codec.payload_type, binding.table)
        if stamp_at:
            stamp_send_time(data, stamp_at)
        starts = complete = True
        if layer.video:
            name, start, end = layer.codec.name, header.payload_start, header.payload_end
            starts = starts_keyframe(name, data, start, end)
            complete = name != "H264" or not starts or _has_parameter_sets(data, start, end)
        first = not layer.started
        layer.got_packet(
            data,
            sequence_number,
            header.timestamp,
            stamp_at,
            starts=starts,
            complete=complete,
            at_ms=now_ms(),
        )
        if first:
            self._got_layer(source.track)

    def got_rtcp(self, packet: bytes) -> None:
        for item in rtcp_parse.parse_compound(packet):
            if isinstance(item, rtcp.SenderReport):
                source = self._sources.get(item.ssrc)
                if source is not None and not source.rtx:
                    source.reception.got_report(item.ntp, now_ms())
                    source.layer.got_report(item)

    # -- what goes up ------------------------------------------------------------------------------

    def _send(self, packet: bytes) -> None:
        if self.association is not None:
            self.association.send_rtcp(packet)

    def _remb(self, bitrate: int) -> bytes:
        ssrcs = [ssrc for ssrc, item in self._sources.items() if item.layer.video and not item.rtx]
        return rtcp.build_remb(self.ssrc, bitrate, ssrcs)

    def _ask_keyframe(self, layer: Layer) -> None:
        for ssrc, source in self._sources.items():
            if source.layer is layer and not source.rtx:
                self._send(rtcp.build_pli(self.ssrc, ssrc))

    def repair(self, at_ms: int) -> None:
        """Every 50 ms: ask for what is missing, tell arrivals."""
        if not self.connected:
            return
        out = b""
        for ssrc, source in self._sources.items():
            if source.rtx:
                continue
            source.layer.tick(at_ms)
            missing = source.layer.due_nacks(at_ms)
            if missing:
                out += rtcp.build_nack(self.ssrc, ssrc, missing)
        feedback = self._arrivals.take_feedback(self.ssrc, next(iter(self._sources), 0))
        out += feedback or b""
        if out:
            self._send(out)

    def report(self, at_ms: int) -> None:
        """Every second: receiver reports and REMB."""
        if not self.connected or not self._sources:
            return
        blocks = [
            source.reception.block(at_ms)
            for source in self._sources.values()
            if not source.rtx and source.layer.started
        ]
        early = at_ms - self._connected_ms < FIRST_REMB_MS
        self._send(
            rtcp.build_receiver_report(self.ssrc, blocks[:31])
            + rtcp.build_cname(self.ssrc, "sfu")
            + self._remb(FIRST_REMB if early else CEILING_REMB)
        )

    def receptions(self) -> list[tuple[Layer, Reception]]:
        return [(item.layer, item.reception) for item in self._sources.values() if not item.rtx]

    def close(self) -> None:
        self.set_tracks(())
        self.connected = False
        if self.association is not None:
            self.association.close()


def _binding(track: PublishedTrack) -> _Binding:
    ids = {uri: number for number, uri in track.info.extensions.items()}
    passed = {
        ids[uri]: codecs.HOUSE_EXTENSIONS[uri]
        for uri in codecs.extensions_of(track.info.codec)
        if uri in ids
    }
    return _Binding(
        track=track,
        table=rtp.make_extension_table(passed),
        stamp_id=ids.get(codecs.ABS_SEND_TIME, 0),
        rid_id=ids.get(codecs.RID, 0),
        repaired_rid_id=ids.get(codecs.REPAIRED_RID, 0),
    )


def _has_parameter_sets(packet: bytearray, start: int, end: int) -> bool:
    """Whether an H.264 payload that starts a keyframe begins with an SPS (alone or in a STAP-A)."""
    kind = packet[start] & 0x1F
    if kind == 24 and start + 3 < end:
        kind = packet[start + 3] & 0x1F
        # An access unit delimiter (9) may stand before the SPS.
        return kind in (7, 9)
    return kind == 7


def _text(value: bytes | None) -> str:
    return value.decode("ascii", "replace") if value else ""
