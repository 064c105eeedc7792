"""The hot path: one received layer, its ring of packets, and the rows (viewers) it is copied to.

A packet comes here once in canonical form (the house's payload type and extension ids).
"""

from __future__ import annotations

from collections.abc import Callable

from .clock import now_ms
from .codecs import HouseCodec
from .row import Row
from .row import patch as _patch
from .row import scratch as _scratch
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

_Stored = tuple[int, bytearray, int, int]  # extended sequence, packet, timestamp, abs-send-time at


class Totals:
    """What the whole process has carried."""

    __slots__ = ("bytes_in", "bytes_out", "packets_in", "packets_out")

    def __init__(self) -> None:
        self.packets_in = self.packets_out = self.bytes_in = self.bytes_out = 0


totals = Totals()


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
        """Let a row begin at the last keyframe."""
        first = self.stored(self.key_ext)
        if first is None:
            return
        row.begin(self, first[2])
        for ext in range(self.key_ext, self.highest_ext + 1):
            entry = self.stored(ext)
            if entry is not None:
                self._send_one(row, ext, entry[1], entry[2])
                # They came before the row did, so the layer's own counts are no help here.
                row.banked_packets += 1
                row.banked_bytes += len(entry[1])
                totals.packets_out += 1
                totals.bytes_out += len(entry[1])
        row.send_report()
        row.announce(self)

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
