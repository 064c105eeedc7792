"""One viewer's copy of a track: it differs by sequence number, timestamp and SSRC, ten bytes.

A row begins at a keyframe, changes layers without a gap in its numbers, and answers NACKs.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from .clock import now_ms, stamp_send_time
from .wire import rtcp

if TYPE_CHECKING:
    from .forward import Layer

_MASK16 = 0xFFFF
_MASK32 = 0xFFFFFFFF
patch = struct.Struct("!HII").pack_into  # sequence number, timestamp, SSRC: at 2
_pack_short = struct.Struct("!H").pack_into
# One buffer for all rows: it stays in the CPU's cache. Sending is synchronous, nobody else has it.
scratch = bytearray(2048)

Send = Callable[[bytearray, int], bool]


class Row:
    """One viewer's copy of one track."""

    __slots__ = (
        "announce",
        "banked_bytes",
        "banked_packets",
        "base_bytes",
        "base_packets",
        "last_out",
        "last_ts",
        "last_wall_ms",
        "layer",
        "loss",
        "previous",
        "report_sent_ms",
        "report_short_ntp",
        "resent",
        "rtt_ms",
        "rtx_payload_type",
        "rtx_sequence",
        "rtx_ssrc",
        "send",
        "send_rtcp",
        "seq_offset",
        "ssrc",
        "start_ext",
        "target",
        "ts_offset",
    )

    def __init__(
        self,
        ssrc: int,
        rtx_ssrc: int | None,
        send: Send,
        send_rtcp: Callable[[bytes], None],
        announce: Callable[[Layer | None], None],
    ) -> None:
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.rtx_payload_type: int | None = None  # set once the viewer has agreed to RTX
        self.send = send
        self.send_rtcp = send_rtcp
        self.announce = announce
        self.layer: Layer | None = None  # forwarded now
        self.target: Layer | None = None  # forwarded from its next keyframe on
        self.seq_offset = 0
        self.ts_offset = 0
        self.start_ext = 0
        # An initial number near 65535 would break the guess of SRTP's roll-over counter.
        self.last_out = random.randrange(1, 4096)
        self.last_ts: int | None = None
        self.last_wall_ms = 0
        # The layer before: with its sequence offset, first number sent and timestamp offset.
        self.previous: tuple[Layer, int, int, int] | None = None
        self.rtx_sequence = random.randrange(1, 4096)
        self.base_packets = self.base_bytes = 0
        self.banked_packets = self.banked_bytes = 0
        self.resent = 0
        self.report_short_ntp = 0
        self.report_sent_ms = 0
        self.rtt_ms = 0.0
        self.loss = 0.0

    @property
    def packets(self) -> int:
        live = self.layer.packets - self.base_packets if self.layer else 0
        return self.banked_packets + live

    @property
    def octets(self) -> int:
        live = self.layer.octets - self.base_bytes if self.layer else 0
        return self.banked_bytes + live

    def aim(self, layer: Layer | None) -> None:
        """Forward `layer` from its next keyframe on; None: nothing, at once."""
        if layer is None:
            self.leave()
            if self.target is not None:
                self.target.waiting.discard(self)
                self.target = None
            return
        if layer is self.target or (layer is self.layer and self.target is None):
            return
        if self.target is not None:
            self.target.waiting.discard(self)
            self.target = None
        if layer is self.layer:
            return
        if layer.try_start(self):
            return
        self.target = layer
        layer.waiting.add(self)
        layer.request_keyframe(now_ms())

    def begin(self, layer: Layer, first_timestamp: int) -> None:
        """Be sent this layer from its last keyframe on, numbers going on from where they were."""
        old = self.layer
        self.leave()
        self.target = None
        self.seq_offset = self.last_out + 1 - layer.key_ext
        self.ts_offset = self._timestamp_offset(layer, first_timestamp, old)
        self.start_ext = layer.key_ext
        self.base_packets, self.base_bytes = layer.packets, layer.octets
        self.layer = layer
        layer.rows.append(self)

    def _timestamp_offset(self, layer: Layer, first: int, old: Layer | None) -> int:
        """So that the time between two pictures stays what it was when they were taken."""
        if self.last_ts is None:
            return 0
        gap_ms = max(0, layer.key_ms - self.last_wall_ms)
        gap = max(1, gap_ms * layer.clock_rate // 1000)
        if old is not None and old is not layer and old.report and layer.report:
            # Both layers have said which timestamp belongs to which NTP time: exact.
            passed = (layer.report.ntp - old.report.ntp) * layer.clock_rate >> 32
            ours = first - layer.report.rtp_timestamp
            theirs = old.last_ts - old.report.rtp_timestamp
            exact = passed + _signed(ours) - _signed(theirs)
            if -layer.clock_rate < exact - gap < layer.clock_rate:
                gap = max(1, exact)
        return self.last_ts + gap - first

    def leave(self) -> None:
        """Stop being sent what is forwarded now; numbers go on from here later."""
        layer = self.layer
        if layer is None:
            return
        self.banked_packets, self.banked_bytes = self.packets, self.octets
        self.last_out = layer.highest_ext + self.seq_offset
        self.last_ts = layer.last_ts + self.ts_offset
        self.last_wall_ms = layer.last_packet_ms
        self.previous = (
            layer,
            self.seq_offset,
            self.start_ext + self.seq_offset,
            self.ts_offset,
        )
        self.layer = None
        layer.rows.remove(self)

    def resend(self, sequence_number: int) -> bool:
        """Answer one number of a viewer's NACK; False when the packet is no longer there."""
        layer, offset, ts_offset = self.layer, self.seq_offset, self.ts_offset
        out = (layer.highest_ext + offset) if layer else self.last_out
        out -= (out - sequence_number) & _MASK16
        if layer is None or out < self.start_ext + offset:
            if self.previous is None:
                return False
            layer, offset, first, ts_offset = self.previous
            if out < first:
                return False
        stored = layer.stored(out - offset)
        if stored is None:
            return False
        _, data, timestamp, stamp_at = stored
        timestamp = (timestamp + ts_offset) & _MASK32
        length = len(data)
        if stamp_at:
            stamp_send_time(data, stamp_at)
        if self.rtx_payload_type is None or self.rtx_ssrc is None:
            scratch[:length] = data
            patch(scratch, 2, out & _MASK16, timestamp, self.ssrc)
            return self.send(scratch, length)
        start = 12 + 4 * (data[0] & 0x0F)
        if data[0] & 0x10:
            start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
        scratch[:start] = data[:start]
        _pack_short(scratch, start, out & _MASK16)
        scratch[start + 2 : length + 2] = data[start:]
        scratch[1] = (data[1] & 0x80) | self.rtx_payload_type
        self.rtx_sequence = (self.rtx_sequence + 1) & _MASK16
        patch(scratch, 2, self.rtx_sequence, timestamp, self.rtx_ssrc)
        return self.send(scratch, length + 2)

    def send_report(self) -> None:
        """The publisher's sender report, in this row's terms."""
        layer = self.layer
        if layer is None or layer.report is None:
            return
        report = layer.report
        self.report_short_ntp = (report.ntp >> 16) & _MASK32
        self.report_sent_ms = now_ms()
        self.send_rtcp(
            rtcp.build_sender_report(
                rtcp.SenderReport(
                    self.ssrc,
                    report.ntp,
                    (report.rtp_timestamp + self.ts_offset) & _MASK32,
                    self.packets,
                    self.octets,
                )
            )
        )


def _signed(difference: int) -> int:
    difference &= _MASK32
    return difference - 0x100000000 if difference & 0x80000000 else difference
