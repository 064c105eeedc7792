"""The two ways through the child `to_webrtc`: FLV bodies in, RTP of one kind out, bounded each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from bridge.flv_clock import MediaClock, SampleClock
from bridge.flv_video import Coded, FlvVideo
from bridge.gop import Gop
from bridge.h264 import has_idr
from bridge.opus import DECODERS as SOUND_DECODERS
from bridge.opus import RATE, OpusPacket, ToOpus
from bridge.recode import DECODERS as VIDEO_DECODERS
from bridge.recode import Picture, Recoder
from bridge.webrtc.packets import packetize_h264
from bridge.webrtc.publisher import Kind, Publisher
from playback import flv
from playback.flv import Part

MOST_PICTURES: Final = 90  # three seconds
MOST_SOUNDS: Final = 50  # frames; one second
# What waited is sent four times as fast as it was taken, not at once: 3 s of pictures are 700
# packets, a player's socket holds 90, and aiortc asks for no more than the last 128 again.
CATCH_UP: Final = 4
LONGEST_STEP_MS: Final = 100
OnSent = Callable[[Kind], None]


class EncoderTime:
    """One clock for both lanes, and which moment its zero was."""

    def __init__(self) -> None:
        self._clock = MediaClock()
        self._epoch = 0.0  # seconds since 1970

    def at_ms(self, timestamp_ms: int) -> int:
        if not self._epoch:
            self._epoch = time.time()
        return self._clock.at(timestamp_ms, time.monotonic() * 1_000)

    def moment(self, at_ms: float) -> float:
        return self._epoch + at_ms / 1_000

    def restart(self) -> None:
        self._clock.restart()


class PictureLane:
    """Passed on as they are or made anew (`mode`); from a keyframe on after one was left out."""

    def __init__(self, publisher: Publisher, clock: EncoderTime, on_sent: OnSent) -> None:
        self.mode = "pass"
        self.sent_frames = 0
        self.asked_keyframes = 0
        self._dropped_frames = self._broken_frames = 0
        self._publisher = publisher
        publisher.on_keyframe_wanted = self._keyframe_wanted
        self._time = clock
        self._on_sent = on_sent
        self._video = FlvVideo()
        self._gop = Gop()
        self._recoder: Recoder | None = None
        self._waiting: asyncio.Queue[Picture] = asyncio.Queue(MOST_PICTURES)
        self._starts_at_key = True

    @property
    def problem(self) -> str:
        """Why they can't pass as they are."""
        return self._video.problem

    @property
    def can_be_made(self) -> bool:
        return self._video.codec in VIDEO_DECODERS

    @property
    def dropped_frames(self) -> int:
        now = self._recoder.dropped_frames if self._recoder is not None else 0
        return self._dropped_frames + now

    @property
    def broken_frames(self) -> int:
        now = self._recoder.broken_frames if self._recoder is not None else 0
        return self._broken_frames + self._video.broken_frames + now

    def begin_anew(self) -> None:
        """Another connection: other headers, and nothing to go on from."""
        self._broken_frames += self._video.broken_frames
        self._video = FlvVideo()
        self._gop.clear()
        self._starts_at_key = True
        self.close()

    def change_mode(self, mode: str) -> None:
        if mode != self.mode:
            self.mode = mode
            self._starts_at_key = True
            self.close()

    def close(self) -> None:
        if self._recoder is not None:
            self._dropped_frames += self._recoder.dropped_frames
            self._broken_frames += self._recoder.broken_frames
            self._recoder.close()
            self._recoder = None

    def got(self, timestamp_ms: int, body: bytes) -> bool:
        """Whether it was a picture."""
        problem = self._video.problem
        at_ms = self._time.at_ms(timestamp_ms)
        coded = self._video.got(body, at_ms)
        if coded is None:
            return False
        # Looked at also where it is made anew: whether it could pass is told all the time.
        nals = self._video.nals_of(coded) if coded.codec == "H264" else []
        if self.mode != "pass":
            self._recode(coded, at_ms)
        else:
            self._gop.push(coded, at_ms)
            if nals and not self._video.problem:
                self._put(Picture(nals, at_ms, has_idr(nals)))
        if problem != self._video.problem:
            self._starts_at_key = True
        return True

    def _recode(self, coded: Coded, at_ms: int) -> None:
        if not self.can_be_made:
            return
        if self._recoder is None:
            self._recoder = Recoder(self._put)
            self._recoder.begin(self._gop.take())
        self._recoder.push(coded, at_ms)

    def _put(self, picture: Picture) -> None:
        if self._publisher.outlet("video") is None:
            self._starts_at_key = True
            return
        if self._waiting.full():
            self._starts_at_key = True
        if self._starts_at_key and not picture.is_key:
            self._dropped_frames += 1
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(picture)
            self._starts_at_key = False

    async def run(self) -> None:
        last_ms = 0
        while True:
            picture = await self._waiting.get()
            outlet = self._publisher.outlet("video")
            if outlet is None:
                self._starts_at_key = True
                continue
            payloads = packetize_h264(picture.nals)
            moment = self._time.moment(picture.at_ms)
            try:
                await outlet.send(payloads, picture.at_ms * 90, moment)
            except ConnectionError:
                self._starts_at_key = True
                continue
            self.sent_frames += 1
            self._on_sent("video")
            if not self._waiting.empty():
                step_ms = min(max(0, picture.at_ms - last_ms), LONGEST_STEP_MS)
                await asyncio.sleep(step_ms / 1_000 / CATCH_UP)
            last_ms = picture.at_ms

    def _keyframe_wanted(self) -> None:
        """Only a picture that is made here can be one; an encoder by RTMP can't be asked."""
        self.asked_keyframes += 1
        if self._recoder is not None:
            self._recoder.want_keyframe()


class SoundLane:
    """AAC or MP3 in, Opus out; its samples are counted over all connections."""

    def __init__(self, publisher: Publisher, clock: EncoderTime, on_sent: OnSent) -> None:
        self._publisher = publisher
        self._time = clock
        self._on_sent = on_sent
        self._samples = SampleClock(RATE)
        self._to_opus: ToOpus | None = None
        self._header = b""
        self._waiting: asyncio.Queue[OpusPacket] = asyncio.Queue(MOST_SOUNDS)

    def begin_anew(self) -> None:
        self._to_opus, self._header = None, b""

    def got(self, timestamp_ms: int, body: bytes) -> bool:
        """Whether it was sound that can be sent."""
        audio = flv.parse_audio(body)
        if audio.codec not in SOUND_DECODERS or audio.part is Part.OTHER:
            return False
        payload = body[2:] if audio.codec == "AAC" else body[1:]
        if audio.part is Part.HEADER:
            if payload != self._header:
                self._to_opus, self._header = None, payload
            return False
        if audio.codec == "AAC" and not self._header:
            return False
        at_ms = self._time.at_ms(timestamp_ms)
        if self._to_opus is None:
            self._to_opus = ToOpus(audio.codec, self._header, self._samples)
        if self._publisher.outlet("audio") is not None:
            for packet in self._to_opus.push(payload, at_ms):
                with contextlib.suppress(asyncio.QueueFull):  # a hole, after 1 s of standstill
                    self._waiting.put_nowait(packet)
        return True

    async def run(self) -> None:
        while True:
            packet = await self._waiting.get()
            outlet = self._publisher.outlet("audio")
            if outlet is None:
                continue
            moment = self._time.moment(packet.at_ms)
            with contextlib.suppress(ConnectionError):
                await outlet.send([packet.data], packet.position, moment, level=packet.level)
                self._on_sent("audio")
