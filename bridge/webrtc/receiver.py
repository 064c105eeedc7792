"""One track of a viewer: packets in; pictures or sound packets out, with their place in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridge.webrtc.answer import Incoming
from bridge.webrtc.rtp_buffer import Ordered, ReorderBuffer
from bridge.webrtc.rtp_clock import Delay, StreamClock
from bridge.webrtc.rtp_codecs import ASSEMBLIES
from bridge.webrtc.rtp_frames import Frame, FrameBuilder
from bridge.webrtc.rtp_packet import (
    Reception,
    RtpPacket,
    SenderReport,
    build_nack,
    build_pli,
)

VIDEO_WAIT_SECS: Final = 0.2
AUDIO_WAIT_SECS: Final = (
    0.06  # three packets of sound; it is not repeated (a NACK of sound harms Ion)
)
PLI_EVERY_SECS: Final = 0.3  # at most; a browser needs one to two frames for an answer
RATES: Final = {"audio": 48_000, "video": 90_000}
OUR_SSRC: Final = 1


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a packet of sound, and when it was taken (monotonic seconds)."""

    codec: str
    at: float
    frame: Frame
    after_gap: bool = False


class Receiver:
    def __init__(
        self,
        track: Incoming,
        session: Delay,
        got_media: Callable[[Media], None],
        send: Callable[[bytes], None],
    ) -> None:
        self.track = track
        self.ssrc = track.ssrc
        self.clock = StreamClock(RATES[track.kind], session)
        self.plis = 0
        self.received_bytes = 0
        self.last_media = 0.0
        self._video = track.kind == "video"
        self._got_media = got_media
        self._send = send
        self._buffer = ReorderBuffer(VIDEO_WAIT_SECS if self._video else AUDIO_WAIT_SECS)
        self._builder: FrameBuilder | None = None
        self._codec = ""
        self._asked_at = 0.0
        self._transit: float | None = None
        self._jitter = 0.0
        self._last_report = (0, 0.0)  # middle bits of NTP, arrival
        self._before = (0, 0)  # expected, received at the last report

    @property
    def lost_packets(self) -> int:
        return self._buffer.lost

    @property
    def needs_keyframe(self) -> bool:
        return self._video and (self._builder is None or self._builder.needs_keyframe)

    def use_session(self, session: Delay) -> None:
        """Streams of one sender share one."""
        self.clock.session = session

    def got_packet(self, packet: RtpPacket, now: float) -> None:
        self.ssrc = packet.ssrc
        self.received_bytes += len(packet.payload)
        if not self._buffer.put(packet, now):
            return
        transit = now * self.clock.rate - packet.timestamp
        if self._transit is not None:
            change = min(abs(transit - self._transit), 10.0 * self.clock.rate)
            self._jitter += (change - self._jitter) / 16
        self._transit = transit
        self.tick(now)

    def got_report(self, report: SenderReport, now: float) -> None:
        self._last_report = (report.ntp >> 16) & 0xFFFFFFFF, now
        self.clock.got_report(report.ntp, report.timestamp)

    def tick(self, now: float) -> float | None:
        """Pass on what is due; when to come again."""
        for item in self._buffer.take(now):
            self._ordered(item)
        if self._video:
            missing = self._buffer.missing(now)
            if missing:
                self._send(build_nack(OUR_SSRC, self.ssrc, missing))
            if self._builder is not None and self._builder.needs_keyframe:
                self.ask_for_keyframe(now)
        return self._buffer.due_secs()

    def ask_for_keyframe(self, now: float | None = None) -> None:
        now = time.monotonic() if now is None else now
        if self._video and self.ssrc and now - self._asked_at >= PLI_EVERY_SECS:
            self._asked_at = now
            self.plis += 1
            self._send(build_pli(OUR_SSRC, self.ssrc))

    def asked_ago(self, now: float) -> float:
        return now - self._asked_at

    def reception(self, now: float) -> Reception | None:
        buffer = self._buffer
        if buffer.highest < 0:
            return None
        expected = buffer.highest - buffer.base + 1
        new, got = expected - self._before[0], buffer.received - self._before[1]
        self._before = expected, buffer.received
        fraction = max(0, min(255, 256 * (new - got) // new)) if new > 0 else 0
        middle, at = self._last_report
        delay = int((now - at) * 65536) if middle else 0
        lost = expected - buffer.received
        jitter = int(self._jitter)
        return Reception(self.ssrc, fraction, lost, buffer.highest, jitter, middle, delay)

    def _ordered(self, item: Ordered) -> None:
        codec = self.track.codecs.get(item.packet.payload_type)
        if codec is None:
            return
        if not self._video:
            packet = item.packet
            if packet.payload:
                frame = Frame(packet.timestamp, item.arrived, True, packet.payload)
                self._pass_on(codec, frame, item.after_gap)
            return
        if codec not in ASSEMBLIES:
            return
        if self._builder is None or codec != self._codec:
            self._builder, self._codec = FrameBuilder(ASSEMBLIES[codec]), codec
        for frame in self._builder.put(item):
            self._pass_on(codec, frame, False)

    def _pass_on(self, codec: str, frame: Frame, after_gap: bool) -> None:
        self.last_media = frame.arrived
        at = self.clock.place(frame.timestamp, frame.arrived)
        self._got_media(Media(codec, at, frame, after_gap))
