"""The hot path: one received layer, its ring of packets, and the rows (viewers) it is copied to.

A packet comes here once in canonical form (the house's payload type and extension ids). Each row is
one viewer's copy of a track: it differs by sequence number, timestamp and SSRC only, ten bytes.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable

from .codecs import HouseCodec
from .wire import rtcp

RING_PACKETS = 1024  # 4 s of 2 Mbit/s
AUDIO_RING_PACKETS = 64
MAX_PACKET_BYTES = 1600
PLI_EVERY_MS = 500
NACK_GIVE_UP_MS = 1_000
# A gap that large is an outage: a keyframe mends it sooner than 300 resent packets.
MAX_MISSING = 300
# A row that starts may be given what was sent since the last keyframe, if that is this little.
REPLAY_MAX_AGE_MS = 500
REPLAY_MAX_PACKETS = 160

_MASK16 = 0xFFFF
_MASK32 = 0xFFFFFFFF
_patch = struct.Struct("!HII").pack_into
_pack_short = struct.Struct("!H").pack_into
# One buffer for all rows: it stays in the CPU's cache. Sending is synchronous, nobody else has it.
_scratch = bytearray(2048)

Send = Callable[[bytearray, int], bool]
_Stored = tuple[int, bytearray, int, int]  # extended sequence, packet, timestamp, abs-send-time at


def now_ms() -> int:
    return int(time.monotonic() * 1000)


def stamp_send_time(packet: bytearray, offset: int) -> None:
    """Our abs-send-time (24 bits, 6.18 s): the publisher's would show its own path's delays."""
    packet[offset : offset + 3] = (int(time.monotonic() * 262144) & 0xFFFFFF).to_bytes(3, "big")


class Totals:
    """What the whole process has carried."""

    __slots__ = ("bytes_in", "bytes_out", "packets_in", "packets_out")

    def __init__(self) -> None:
        self.packets_in = self.packets_out = self.bytes_in = self.bytes_out = 0


totals = Totals()


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
            _scratch[:length] = data
            _patch(_scratch, 2, out & _MASK16, timestamp, self.ssrc)
            return self.send(_scratch, length)
        start = 12 + 4 * (data[0] & 0x0F)
        if data[0] & 0x10:
            start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
        _scratch[:start] = data[:start]
        _pack_short(_scratch, start, out & _MASK16)
        _scratch[start + 2 : length + 2] = data[start:]
        _scratch[1] = (data[1] & 0x80) | self.rtx_payload_type
        self.rtx_sequence = (self.rtx_sequence + 1) & _MASK16
        _patch(_scratch, 2, self.rtx_sequence, timestamp, self.rtx_ssrc)
        return self.send(_scratch, length + 2)

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


class Layer:
    """One stream of packets from a publisher: a whole track, or one simulcast quality of it."""

    __slots__ = (
        "_ask_keyframe",
        "_asked_ms",
        "_mask",
        "_measured_octets",
        "_ring",
        "_wanted",
        "bitrate",
        "clock_rate",
        "codec",
        "first_ext",
        "highest_ext",
        "key_ext",
        "key_ms",
        "key_ts",
        "last_packet_ms",
        "last_ts",
        "missing",
        "octets",
        "packets",
        "report",
        "rid",
        "rows",
        "video",
        "waiting",
    )

    def __init__(self, rid: str, codec: HouseCodec, ask_keyframe: Callable[[Layer], None]) -> None:
        self.rid = rid
        self.codec = codec
        self.video = codec.kind == "video"
        self.clock_rate = codec.clock_rate
        size = RING_PACKETS if self.video else AUDIO_RING_PACKETS
        self._mask = size - 1
        self._ring: list[_Stored | None] = [None] * size
        self._ask_keyframe = ask_keyframe
        self._asked_ms = -PLI_EVERY_MS
        self._wanted = False
        self.rows: list[Row] = []
        self.waiting: set[Row] = set()
        self.missing: dict[int, int] = {}  # extended sequence -> noticed at (ms)
        self.packets = self.octets = 0
        self.bitrate = 0  # bit/s, see `measure`
        self._measured_octets = 0
        self.first_ext = self.highest_ext = -1
        self.last_ts = 0
        self.last_packet_ms = 0
        self.key_ext = self.key_ts = -1
        self.key_ms = 0
        self.report: rtcp.SenderReport | None = None

    @property
    def started(self) -> bool:
        return self.highest_ext >= 0

    def extend(self, sequence_number: int) -> int:
        """The sequence number with its roll-overs, near the highest one seen."""
        if self.highest_ext < 0:
            return sequence_number + 0x10000
        ahead = (sequence_number - self.highest_ext) & _MASK16
        return self.highest_ext + (ahead if ahead < 0x8000 else ahead - 0x10000)

    def stored(self, ext: int) -> _Stored | None:
        entry = self._ring[ext & self._mask]
        return entry if entry is not None and entry[0] == ext else None

    def got_packet(
        self,
        data: bytearray,
        sequence_number: int,
        timestamp: int,
        stamp_at: int,
        *,
        starts: bool,
        complete: bool,
        at_ms: int,
    ) -> bool:
        """Take one canonical packet, keep it and send it on. False: it was here before, or too old.

        `starts`: a decoder may begin here. `complete`: with all it needs (an IDR slice alone lacks
        its parameter sets, which may be a lost packet just before). `data` becomes ours.
        """
        ext = self.extend(sequence_number)
        highest = self.highest_ext
        if ext <= highest:
            if ext <= highest - self._mask or self.stored(ext) is not None:
                return False
            self.missing.pop(ext, None)
        elif highest < 0:
            self.first_ext = ext
        elif ext > highest + 1 and self.video:
            self._note_missing(highest + 1, ext, at_ms)
        self._ring[ext & self._mask] = (ext, data, timestamp, stamp_at)
        length = len(data)
        self.packets += 1
        self.octets += length
        copies = len(self.rows)
        totals.packets_in += 1
        totals.bytes_in += length
        totals.packets_out += copies
        totals.bytes_out += length * copies
        if ext > highest:
            self.highest_ext = ext
            self.last_ts = timestamp
            self.last_packet_ms = at_ms
            scratch = _scratch
            for row in self.rows:
                scratch[:length] = data
                _patch(
                    scratch,
                    2,
                    (ext + row.seq_offset) & _MASK16,
                    (timestamp + row.ts_offset) & _MASK32,
                    row.ssrc,
                )
                row.send(scratch, length)
        else:
            for row in self.rows:
                if row.start_ext <= ext:
                    self._send_one(row, ext, data, timestamp)
        if starts and (complete or self.stored(ext - 1) is not None):
            self._got_start(ext, timestamp, at_ms)
        return True

    def _send_one(self, row: Row, ext: int, data: bytearray, timestamp: int) -> None:
        length = len(data)
        _scratch[:length] = data
        _patch(
            _scratch,
            2,
            (ext + row.seq_offset) & _MASK16,
            (timestamp + row.ts_offset) & _MASK32,
            row.ssrc,
        )
        row.send(_scratch, length)

    def _got_start(self, ext: int, timestamp: int, at_ms: int) -> None:
        if timestamp != self.key_ts or ext < self.key_ext:
            self.key_ext, self.key_ts, self.key_ms = ext, timestamp, at_ms
        self._wanted = False
        if self.waiting:
            waiting, self.waiting = self.waiting, set()
            for row in waiting:
                self._start(row)

    def try_start(self, row: Row) -> bool:
        """Start a row from the ring when the last keyframe is fresh, sparing it the wait."""
        if not self.video:
            return False
        age = now_ms() - self.key_ms
        if self.key_ext < 0 or age > REPLAY_MAX_AGE_MS:
            return False
        if (
            self.highest_ext - self.key_ext >= REPLAY_MAX_PACKETS
            or self.stored(self.key_ext) is None
        ):
            return False
        self._start(row)
        return True

    def _start(self, row: Row) -> None:
        """Let a row begin at the last keyframe, its numbers going on from where they were."""
        first = self.stored(self.key_ext)
        if first is None:
            return
        old, old_offset = row.layer, row.ts_offset
        row.leave()
        row.target = None
        row.seq_offset = row.last_out + 1 - self.key_ext
        row.ts_offset = self._timestamp_offset(row, first[2], old, old_offset)
        row.start_ext = self.key_ext
        row.base_packets, row.base_bytes = self.packets, self.octets
        row.layer = self
        self.rows.append(row)
        for ext in range(self.key_ext, self.highest_ext + 1):
            entry = self.stored(ext)
            if entry is not None:
                self._send_one(row, ext, entry[1], entry[2])
        row.send_report()
        row.announce(self)

    def _timestamp_offset(self, row: Row, first: int, old: Layer | None, old_offset: int) -> int:
        """So that the time between two pictures stays what it was when they were taken."""
        if row.last_ts is None:
            return 0
        gap_ms = max(0, self.key_ms - row.last_wall_ms)
        gap = max(1, gap_ms * self.clock_rate // 1000)
        if old is not None and old is not self and old.report and self.report:
            # Both layers have said which timestamp belongs to which NTP time: exact.
            passed = (self.report.ntp - old.report.ntp) * self.clock_rate >> 32
            ours = first - self.report.rtp_timestamp
            theirs = old.last_ts - old.report.rtp_timestamp
            exact = passed + _signed(ours) - _signed(theirs)
            if -self.clock_rate < exact - gap < self.clock_rate:
                gap = max(1, exact)
        return row.last_ts + gap - first

    def _note_missing(self, first: int, end: int, at_ms: int) -> None:
        if end - first + len(self.missing) > MAX_MISSING:
            self.missing.clear()
            self.request_keyframe(at_ms)
            return
        for ext in range(first, end):
            self.missing[ext] = at_ms

    def due_nacks(self, at_ms: int) -> list[int]:
        """What to ask the publisher for once more, in order; called every 50 ms."""
        if not self.missing:
            return []
        given_up = [ext for ext, since in self.missing.items() if at_ms - since > NACK_GIVE_UP_MS]
        for ext in given_up:
            del self.missing[ext]
        if given_up and self.rows:
            self.request_keyframe(at_ms)
        return [ext & _MASK16 for ext in sorted(self.missing)]

    def request_keyframe(self, at_ms: int) -> None:
        """Ask the publisher, at most once per 500 ms whoever wants it."""
        if not self.video:
            return
        if at_ms - self._asked_ms >= PLI_EVERY_MS:
            self._asked_ms = at_ms
            self._wanted = False
            self._ask_keyframe(self)
        else:
            self._wanted = True

    def tick(self, at_ms: int) -> None:
        """Ask again for a keyframe that is still waited for."""
        if (self._wanted or self.waiting) and at_ms - self._asked_ms >= PLI_EVERY_MS:
            self.request_keyframe(at_ms)

    def measure(self) -> None:
        """Every second."""
        rate = (self.octets - self._measured_octets) * 8
        self._measured_octets = self.octets
        # A keyframe a second and none the next are the same stream.
        self.bitrate = (self.bitrate + rate) // 2 if self.bitrate else rate

    def got_report(self, report: rtcp.SenderReport) -> None:
        self.report = report
        for row in self.rows:
            row.send_report()

    def restart(self) -> None:
        """The publisher sends this layer under another SSRC: rows wait for its first keyframe."""
        for row in tuple(self.rows):
            row.leave()
            row.previous = None
            row.target = self
            self.waiting.add(row)
        self._ring = [None] * len(self._ring)
        self.missing.clear()
        self.first_ext = self.highest_ext = self.key_ext = self.key_ts = -1
        self.report = None

    def close(self) -> None:
        for row in tuple(self.rows):
            row.leave()
            row.previous = None
        for row in self.waiting:
            row.target = None
        self.waiting.clear()


def _signed(difference: int) -> int:
    difference &= _MASK32
    return difference - 0x100000000 if difference & 0x80000000 else difference
