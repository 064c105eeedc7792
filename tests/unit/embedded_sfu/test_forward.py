"""Rows and layers: continuity of numbers, starts at keyframes, repeats."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field

import pytest

from embedded_sfu import codecs, forward, row
from embedded_sfu.forward import MAX_MISSING, PLI_EVERY_MS, RING_PACKETS, Layer
from embedded_sfu.row import Row
from embedded_sfu.wire import rtcp, rtcp_parse

HEADER = struct.Struct("!BBHII")
RATE = 90_000


@dataclass
class Viewer:
    """A row and what it was sent."""

    sent: list[tuple[int, int, int, int]] = field(default_factory=list)  # pt, seq, ts, ssrc
    bodies: list[bytes] = field(default_factory=list)
    reports: list[rtcp.SenderReport] = field(default_factory=list)
    layers: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row = Row(10, 11, self._send, self._report, self._announce)

    def _send(self, packet: bytearray, length: int) -> bool:
        _, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(packet)
        self.sent.append((second & 0x7F, sequence_number, timestamp, ssrc))
        self.bodies.append(bytes(packet[12:length]))
        return True

    def _report(self, packet: bytes) -> None:
        [report] = rtcp_parse.parse_compound(packet)
        assert isinstance(report, rtcp.SenderReport)
        self.reports.append(report)

    def _announce(self, layer: Layer | None) -> None:
        self.layers.append(layer.rid if layer else None)

    @property
    def numbers(self) -> list[int]:
        return [sequence_number for _, sequence_number, _, _ in self.sent]


class Source:
    """A layer and a publisher that feeds it 3,000 ticks (33 ms) a packet."""

    def __init__(self, rid: str = "", codec: codecs.HouseCodec = codecs.VP8) -> None:
        self.asked: list[int] = []
        self.layer = Layer(rid, codec, lambda layer: self.asked.append(1))

    def put(self, number: int, *, key: bool = False, complete: bool = True, at_ms: int = 0) -> bool:
        body = number.to_bytes(4, "big")
        payload_type = self.layer.codec.payload_type
        data = bytearray(HEADER.pack(0x80, payload_type, number & 0xFFFF, 0, 5) + body)
        return self.layer.got_packet(
            data,
            number & 0xFFFF,
            number * 3000 & 0xFFFFFFFF,
            0,
            starts=key,
            complete=complete,
            at_ms=at_ms or number * 33,
        )


def set_clock(monkeypatch: pytest.MonkeyPatch, at_ms: int) -> None:
    for module in (forward, row):
        monkeypatch.setattr(module, "now_ms", lambda: at_ms)


def consecutive(numbers: list[int]) -> bool:
    return all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))


def test_a_viewer_starts_at_a_keyframe_and_keeps_its_numbers_over_the_wrap() -> None:
    source, viewer = Source(), Viewer()
    for number in range(65_500, 65_510):
        source.put(number)
    viewer.row.aim(source.layer)
    assert source.asked == [1]
    source.put(65_510)
    assert viewer.sent == []
    for number in range(65_511, 65_600):
        source.put(number, key=number == 65_511)
    assert len(viewer.sent) == 89
    assert consecutive(viewer.numbers)
    assert viewer.numbers[0] <= 4096, "a low first number spares SRTP's roll-over guess"
    assert {ssrc for _, _, _, ssrc in viewer.sent} == {10}
    assert viewer.layers == [""]


def test_gaps_and_late_packets_keep_their_place() -> None:
    source, viewer = Source(), Viewer()
    viewer.row.aim(source.layer)
    for number in (100, 99, 101, 103, 102, 102):
        source.put(number, key=number == 100)
    first = viewer.numbers[0]
    assert [number - first for number in viewer.numbers] == [0, 1, 3, 2]
    assert not source.put(103), "a repeated packet goes nowhere"


def test_an_idr_without_its_parameter_sets_waits_for_the_packet_before() -> None:
    source, viewer = Source(codec=codecs._H264["42e01f", 1]), Viewer()
    viewer.row.aim(source.layer)
    source.put(10)
    source.put(12, key=True, complete=False)
    source.put(13)
    assert viewer.sent == []
    source.put(11, key=True)  # the parameter sets, repaired
    assert [int.from_bytes(body, "big") for body in viewer.bodies] == [11, 12, 13]


def test_a_late_viewer_is_given_a_fresh_keyframe_from_the_ring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, viewer, later = Source(), Viewer(), Viewer()
    for number in range(20):
        source.put(number, key=number == 10, at_ms=1_000)
    set_clock(monkeypatch, 1_400)
    viewer.row.aim(source.layer)
    assert [int.from_bytes(body, "big") for body in viewer.bodies] == list(range(10, 20))
    assert (viewer.row.packets, viewer.row.octets) == (10, 160)
    source.put(20, at_ms=1_000)
    assert (viewer.row.packets, viewer.row.octets) == (11, 176)
    set_clock(monkeypatch, 1_600)
    later.row.aim(source.layer)
    assert later.sent == [] and later.row.target is source.layer


def test_switching_keeps_ssrc_numbers_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 10**9)
    low, high, viewer = Source("q"), Source("f"), Viewer()
    viewer.row.aim(low.layer)
    for number in range(10):
        low.put(number, key=number == 0, at_ms=1 + number * 33)
    viewer.row.aim(high.layer)
    assert viewer.row.layer is low.layer, "the old layer flows until the new one's keyframe"
    low.put(10, at_ms=331)
    high.put(40_000, at_ms=340)
    high.put(40_001, key=True, at_ms=364)
    high.put(40_002, at_ms=397)
    low.put(11, at_ms=397)
    assert len(viewer.sent) == 13 and consecutive(viewer.numbers)
    times = [timestamp for _, _, timestamp, _ in viewer.sent]
    assert [b - a for a, b in itertools.pairwise(times[9:])] == [3000, 2970, 3000]
    assert viewer.layers == ["q", "f"]
    assert low.layer.rows == []


def test_sender_reports_make_the_switch_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, 10**9)
    low, high, viewer = Source("q"), Source("f"), Viewer()
    viewer.row.aim(low.layer)
    low.put(0, key=True, at_ms=1000)
    low.layer.got_report(rtcp.SenderReport(5, 100 << 32, 0, 0, 0))
    high.put(1000, at_ms=1000)
    # Its timestamp 3,000,000 was taken when the other's was 0; the packet came 60 ms late.
    high.layer.got_report(rtcp.SenderReport(6, 100 << 32, 1000 * 3000, 0, 0))
    viewer.row.aim(high.layer)
    high.put(1001, key=True, at_ms=1093)
    assert [timestamp for _, _, timestamp, _ in viewer.sent] == [0, 3000]
    assert viewer.reports[-1].rtp_timestamp == 0
    assert viewer.reports[-1].ntp == 100 << 32


def test_nacks_are_answered_from_the_ring_as_rtx() -> None:
    source, viewer = Source(), Viewer()
    viewer.row.aim(source.layer)
    for number in range(20):
        source.put(number, key=number == 0)
    lost = viewer.numbers[7]
    assert viewer.row.resend(lost)
    assert viewer.sent[-1] == viewer.sent[7], "without RTX the packet itself is sent again"
    viewer.row.rtx_payload_type = 97
    assert viewer.row.resend(lost)
    payload_type, _, timestamp, ssrc = viewer.sent[-1]
    assert (payload_type, timestamp, ssrc) == (97, viewer.sent[7][2], 11)
    assert viewer.bodies[-1] == lost.to_bytes(2, "big") + viewer.bodies[7]
    before = len(viewer.sent)
    assert not viewer.row.resend((viewer.numbers[0] - 1) & 0xFFFF), "from before it started"
    for number in range(20, 20 + RING_PACKETS):
        source.put(number)
    assert not viewer.row.resend(lost), "too old"
    assert len(viewer.sent) == before + RING_PACKETS


def test_nacks_from_before_a_switch_are_answered_from_the_old_layer() -> None:
    low, high, viewer = Source("q"), Source("f"), Viewer()
    viewer.row.aim(low.layer)
    for number in range(10):
        low.put(number, key=number == 0)
    viewer.row.aim(high.layer)
    high.put(500, key=True)
    low.put(10)
    assert viewer.row.resend(viewer.numbers[5])
    assert viewer.sent[-1] == viewer.sent[5]


def test_what_is_missing_is_asked_for_and_given_up() -> None:
    source = Source()
    for number in (1, 2, 5):
        source.put(number, at_ms=100)
    assert source.layer.due_nacks(150) == [3, 4]
    source.put(4, at_ms=160)
    assert source.layer.due_nacks(200) == [3]
    assert source.layer.due_nacks(1_101) == []
    source.put(5 + MAX_MISSING + 10, at_ms=1_200)
    assert source.layer.due_nacks(1_250) == []
    assert source.asked, "an outage is mended by a keyframe"


def test_keyframes_are_asked_for_once_per_interval_whoever_wants_them() -> None:
    source = Source()
    for _ in range(10):
        source.layer.request_keyframe(1_000)
    assert len(source.asked) == 1
    source.layer.tick(1_000 + PLI_EVERY_MS - 1)
    assert len(source.asked) == 1
    source.layer.tick(1_000 + PLI_EVERY_MS)
    assert len(source.asked) == 2
    source.layer.request_keyframe(1_600)
    source.put(1, key=True)
    source.layer.tick(9_000)
    assert len(source.asked) == 2, "the keyframe came"


def test_sound_starts_with_any_packet() -> None:
    source, viewer = Source(codec=codecs.OPUS), Viewer()
    source.put(1, key=True)
    viewer.row.aim(source.layer)
    source.put(2, key=True)
    assert len(viewer.sent) == 1 and source.asked == []


def test_a_muted_row_goes_on_where_it_was() -> None:
    source, viewer = Source(), Viewer()
    viewer.row.aim(source.layer)
    source.put(1, key=True)
    source.put(2)
    viewer.row.aim(None)
    for number in range(3, 30):
        source.put(number)
    assert len(viewer.sent) == 2
    viewer.row.aim(source.layer)
    source.put(30, key=True)
    assert consecutive(viewer.numbers) and len(viewer.sent) == 3
    assert viewer.sent[-1][2] - viewer.sent[-2][2] == 28 * 33 * 90


def test_a_publisher_that_changes_ssrc_is_followed() -> None:
    source, viewer = Source(), Viewer()
    viewer.row.aim(source.layer)
    source.put(1, key=True)
    source.layer.restart()
    source.put(30_000)
    assert len(viewer.sent) == 1
    source.put(30_001, key=True)
    assert consecutive(viewer.numbers) and len(viewer.sent) == 2


def test_closing_leaves_no_row() -> None:
    source, active, waiting = Source(), Viewer(), Viewer()
    active.row.aim(source.layer)
    source.put(1, key=True, at_ms=-10_000)
    waiting.row.aim(source.layer)
    source.layer.close()
    assert (source.layer.rows, source.layer.waiting) == ([], set())
    assert (active.row.layer, waiting.row.target) == (None, None)
