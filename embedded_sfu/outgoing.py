"""A viewer's transport: its rows, what its feedback asks for, and the layer of each track.

It does not know gRPC or SDP text: `peer.py` brings verdicts on its offers and is told of layers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import layers
from .clock import now_ms
from .downlink import Downlink
from .forward import Layer
from .incoming import PublishedTrack
from .row import Row, Send
from .subscriber_offer import OutgoingTrack
from .transport.association import Association
from .wire import rtcp, rtcp_parse

# A viewer that loses more than that needs a keyframe or a lower layer, not repeats.
RESENDS_PER_SECOND = 800
Translate = Callable[[Send], Send]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer asked for one track."""

    most: str = ""  # highest layer, "" for automatic
    off: bool = False


@dataclass(slots=True)
class Delivery:
    """One track on its way to one viewer."""

    track: PublishedTrack
    outgoing: OutgoingTrack
    row: Row
    wish: Wish = Wish()
    accepted: bool = False
    memory: layers.Memory = field(default_factory=layers.Memory)

    @property
    def flows(self) -> bool:
        return self.accepted and not self.wish.off


class SubscriberTransport:
    """Handler of a viewer's association."""

    def __init__(
        self,
        *,
        got_lost: Callable[[str], None],
        got_layer: Callable[[Delivery, Layer | None], None],
    ) -> None:
        self.association: Association | None = None
        self.connected = False
        self.deliveries: dict[int, Delivery] = {}  # by track key
        self.downlink = Downlink()
        self._by_ssrc: dict[int, Delivery] = {}
        self._got_lost = got_lost
        self._got_layer = got_layer
        self._resends = RESENDS_PER_SECOND

    def add(
        self,
        track: PublishedTrack,
        outgoing: OutgoingTrack,
        wish: Wish,
        translate: Translate | None = None,
    ) -> None:
        """`translate`: of a viewer with payload types and extension ids of its own."""
        association = self.association
        if association is None:
            return

        def announce(layer: Layer | None) -> None:
            self._got_layer(delivery, layer)

        row = Row(
            outgoing.ssrc,
            outgoing.rtx_ssrc,
            translate(association.send_rtp) if translate else association.send_rtp,
            association.send_rtcp,
            announce,
        )
        delivery = Delivery(track, outgoing, row, wish)
        self.deliveries[track.key] = delivery
        self._by_ssrc[outgoing.ssrc] = delivery

    def remove(self, key: int) -> None:
        delivery = self.deliveries.pop(key, None)
        if delivery is not None:
            self._by_ssrc.pop(delivery.outgoing.ssrc, None)
            delivery.row.aim(None)

    def pause(self, key: int) -> None:
        """Its track is gone; the row waits for another one."""
        delivery = self.deliveries.get(key)
        if delivery is not None:
            delivery.accepted = False
            delivery.row.aim(None)

    def go_on(self, key: int, track: PublishedTrack, outgoing: OutgoingTrack, *, rtx: bool) -> None:
        """`track` comes in place of `key`: the same SSRC, and numbers and time go on."""
        delivery = self.deliveries.pop(key, None)
        if delivery is None:
            return
        delivery.row.aim(None)
        delivery.track, delivery.outgoing = track, outgoing
        delivery.memory = layers.Memory()
        self.deliveries[track.key] = delivery
        self.accept(track.key, accepted=True, rtx=rtx)

    def accept(self, key: int, *, accepted: bool, rtx: bool) -> None:
        """The viewer's answer about one track; media flows from here on."""
        delivery = self.deliveries.get(key)
        if delivery is None:
            return
        delivery.accepted = accepted
        codec = delivery.outgoing.codec
        delivery.row.rtx_payload_type = codec.rtx_payload_type if rtx else None
        if not accepted:
            delivery.row.aim(None)
            return
        self._choose(delivery, None, now_ms())
        if not self.connected and delivery.flows:
            # It will have come when the handshake is done, and the row starts from the ring.
            for layer in _best(delivery):
                layer.request_keyframe(now_ms())

    def wish(self, key: int, wish: Wish) -> None:
        delivery = self.deliveries.get(key)
        if delivery is None or delivery.wish == wish:
            return
        raised = layers.rank(wish.most or "f") >= layers.rank(delivery.wish.most or "f")
        delivery.wish = wish
        delivery.memory = layers.Memory()
        if wish.off:
            delivery.row.aim(None)
            self._got_layer(delivery, None)
            return
        # A viewer that asks for more is given it at once, whatever the estimate says; if its path
        # can't carry it, the next estimate takes it back.
        self._choose(delivery, None, now_ms(), restart=raised)
        if delivery.row.target is None and delivery.row.layer is not None:
            self._got_layer(delivery, delivery.row.layer)

    # -- what the association tells ----------------------------------------------------------------

    def got_connected(self) -> None:
        self.connected = True
        at_ms = now_ms()
        for delivery in tuple(self.deliveries.values()):
            self._choose(delivery, None, at_ms)

    def got_closed(self, reason: str) -> None:
        self.connected = False
        self._got_lost(reason)

    def got_rtp(self, packet: bytearray | memoryview, arrival_ms: int) -> None:
        """A viewer sends no media; what it sends all the same goes nowhere."""

    def got_rtcp(self, packet: bytes) -> None:
        at_ms = now_ms()
        for item in rtcp_parse.parse_compound(packet):
            match item:
                case rtcp.Nack():
                    self._got_nack(item)
                case rtcp.Pli():
                    self._got_keyframe_request(item.media_ssrc, at_ms)
                case rtcp.Fir():
                    for ssrc, _ in item.entries:
                        self._got_keyframe_request(ssrc, at_ms)
                case rtcp.Remb():
                    self.downlink.got_estimate(item.bitrate, at_ms)
                case rtcp.ReceiverReport() | rtcp.SenderReport():
                    for block in item.blocks:
                        self._got_block(block, at_ms)
                case _:
                    pass

    def _got_nack(self, item: rtcp.Nack) -> None:
        delivery = self._by_ssrc.get(item.media_ssrc)
        if delivery is None or delivery.track.info.kind != "video":
            return
        for number in item.sequence_numbers:
            if self._resends <= 0:
                return
            self._resends -= 1
            if delivery.row.resend(number):
                delivery.row.resent += 1

    def _got_keyframe_request(self, ssrc: int, at_ms: int) -> None:
        delivery = self._by_ssrc.get(ssrc)
        if delivery is None:
            return
        for layer in (delivery.row.target, delivery.row.layer):
            if layer is not None:
                layer.request_keyframe(at_ms)
                return

    def _got_block(self, block: rtcp.ReportBlock, at_ms: int) -> None:
        delivery = self._by_ssrc.get(block.ssrc)
        if delivery is None:
            return
        row = delivery.row
        row.loss = block.fraction_lost / 256
        if delivery.track.info.kind == "video":
            self.downlink.got_loss(row.loss)
        if block.lsr and block.lsr == row.report_short_ntp:
            row.rtt_ms = max(0.0, at_ms - row.report_sent_ms - block.dlsr * 1000 / 65536)

    # -- layers ------------------------------------------------------------------------------------

    def got_layer(self, track: PublishedTrack) -> None:
        """A layer of a track has begun: whoever waits for it need not wait for the next look."""
        delivery = self.deliveries.get(track.key)
        if delivery is not None and (delivery.row.layer or delivery.row.target) is None:
            self._choose(delivery, None, now_ms())

    def second(self) -> None:
        self._resends = RESENDS_PER_SECOND

    def choose_layers(self, at_ms: int) -> None:
        """Every 250 ms."""
        if not self.connected:
            return
        flowing = [item for item in self.deliveries.values() if item.flows]
        choosy = [item for item in flowing if item.track.simulcast]
        if choosy:
            rates = [item.row.layer.bitrate if item.row.layer else 0 for item in choosy]
            fixed = sum(
                item.row.layer.bitrate
                for item in flowing
                if item.row.layer is not None and not item.track.simulcast
            )
            verdict = self.downlink.judge(fixed + sum(rates), at_ms)
            budgets = layers.share(verdict.budget, fixed, rates)
            for delivery, budget in zip(choosy, budgets, strict=True):
                self._choose(delivery, budget, at_ms, headroom=verdict.headroom)
        for delivery in flowing:
            if not delivery.track.simulcast and delivery.row.layer is delivery.row.target is None:
                self._choose(delivery, None, at_ms)

    def _choose(
        self,
        delivery: Delivery,
        budget: int | None,
        at_ms: int,
        *,
        headroom: bool = True,
        restart: bool = False,
    ) -> None:
        if not self.connected or not delivery.flows:
            return
        row, received = delivery.row, delivery.track.layers
        current = row.target or row.layer
        choice = layers.choose(
            [
                layers.LayerState(layer.rid, layer.last_packet_ms, layer.bitrate)
                for layer in received.values()
                if layer.started
            ],
            current=None if restart or current is None else current.rid,
            most=delivery.wish.most,
            budget=budget,
            headroom=headroom,
            memory=delivery.memory,
            now_ms=at_ms,
        )
        delivery.memory = choice.memory
        if choice.rid is not None and choice.rid in received:
            if current is None or choice.rid != current.rid:
                self.downlink.restart(at_ms)
            row.aim(received[choice.rid])

    def close(self) -> None:
        for key in tuple(self.deliveries):
            self.remove(key)
        self.connected = False
        if self.association is not None:
            self.association.close()


def _best(delivery: Delivery) -> list[Layer]:
    started = [layer for layer in delivery.track.layers.values() if layer.started]
    return sorted(started, key=lambda layer: layers.rank(layer.rid))[-1:]
