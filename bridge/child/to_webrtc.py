"""The child that shows an encoder's stream (RTMP) to WebRTC viewers: pulls it, joins as publisher.

Pulled is nginx's application `raw`: what the encoder sends, whoever feeds `out` at the moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from contextlib import aclosing
from typing import Final

from bridge.child.spec import Spec
from bridge.child.work import Report
from bridge.flv_clock import MediaClock, SampleClock
from bridge.flv_video import Coded, FlvVideo
from bridge.gop import Gop
from bridge.opus import DECODERS as SOUND_DECODERS
from bridge.opus import RATE, OpusPacket, ToOpus
from bridge.recode import DECODERS as VIDEO_DECODERS
from bridge.recode import Picture, Recoder
from bridge.usage import Usage
from bridge.webrtc.packets import packetize_h264
from bridge.webrtc.publisher import Kind, Publisher
from playback import flv
from playback.flv import Part
from playback.rtmp.errors import RtmpError
from playback.rtmp.player import Event, Media, Metadata, Playing, PublisherGone, Refused
from playback.rtmp.pull import pull
from sfu_relay.relay import Relay

logger = logging.getLogger("bridge")
HOST: Final = "127.0.0.1"
APP: Final = "raw"
RETRY_SECS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)  # the last again and again
STEADY_SECS: Final = 5.0
LEAVE_AFTER_SECS: Final = 4.0  # the encoder is gone: OBS comes back after 2 s, without a new join
UNUSABLE_SECS: Final = 1.0  # pictures come that can't be sent: a mode "transcode" may come as soon
BOTH_WITHIN_SECS: Final = 0.5  # without metadata: sound's header comes just after the picture's
KEYFRAME_WITHIN_SECS: Final = 12.0  # of OBS as nobody set it: 8.3 s
MOST_WAITING: Final = 90  # pictures; three seconds
MOST_SOUNDS: Final = 50  # frames; one second
SILENCE_SECS: Final = 5.0  # of the encoder: then it is not "running" any more
FIGURES_SECS: Final = 1.0


def make(spec: Spec, report: Report) -> ToWebrtc:
    return ToWebrtc(spec, report)


class ToWebrtc:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._relay = Relay(spec.sfu)
        self._publisher = Publisher(self._relay, spec.room_id, self._publisher_changed)
        self._publisher.on_keyframe_wanted = self._keyframe_wanted
        self._publishing: asyncio.Task[None] | None = None
        self._offered: frozenset[Kind] = frozenset()
        self._session_id = ""
        self._usage = Usage()
        self._clock = MediaClock()
        self._epoch = 0.0  # when the clock was 0, in seconds since 1970
        self._samples = SampleClock(RATE)
        self._video = FlvVideo()
        self._sound: ToOpus | None = None
        self._sound_header = b""
        self._recoder: Recoder | None = None
        self._gop = Gop()
        self._pictures: asyncio.Queue[Picture] = asyncio.Queue(MOST_WAITING)
        self._sounds: asyncio.Queue[OpusPacket] = asyncio.Queue(MOST_SOUNDS)
        self._starts_at_key = True  # what is sent next must be a keyframe
        self._promised: frozenset[Kind] = frozenset()  # by the metadata
        self._heard: dict[Kind, float] = {}  # first seen in this connection, loop time
        self._playing = False
        self._sent_frames = self._dropped_frames = self._broken_frames = 0
        self._asked_keyframes = 0
        self._sent_at: dict[Kind, float] = {}  # monotonic; since the join
        self._idle_since: float | None = None

    # --- Work -------------------------------------------------------------------------------------

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pull_for_ever(), name="pull")
            tasks.create_task(self._send_pictures(), name="pictures")
            tasks.create_task(self._send_sound(), name="sound")
            tasks.create_task(self._watch(), name="watch")

    def changed(self, spec: Spec) -> None:
        was = self._spec
        self._spec = spec
        if spec.mode != was.mode:
            self._starts_at_key = True
            self._close_recoder()
        if spec.audio_only != was.audio_only:
            self._begin_anew()
        self._tell()

    async def close(self) -> None:
        self._close_recoder()
        await self._leave()
        await self._relay.aclose()

    # --- In: RTMP ---------------------------------------------------------------------------------

    async def _pull_for_ever(self) -> None:
        failures = 0
        while True:
            began_at = time.monotonic()
            try:
                await self._pull()
            except (OSError, TimeoutError, RtmpError) as error:
                logger.debug("the pull ended: %r", error)
            self._begin_anew()
            failures = 0 if time.monotonic() - began_at > STEADY_SECS else failures + 1
            await asyncio.sleep(RETRY_SECS[min(failures, len(RETRY_SECS) - 1)])

    async def _pull(self) -> None:
        reads = pull(HOST, self._spec.rtmp_out_port, APP, self._spec.play_id)
        async with aclosing(reads):
            async for events in reads:
                for event in events:
                    if not self._got(event):
                        return

    def _begin_anew(self) -> None:
        """Another connection: other headers, another clock, and nothing to go on from."""
        self._clock.restart()
        self._broken_frames += self._video.broken_frames
        self._video = FlvVideo()
        self._sound, self._sound_header = None, b""
        self._close_recoder()
        self._gop.clear()
        self._starts_at_key = True
        self._playing = False
        self._heard.clear()
        self._promised = frozenset()
        self._tell()

    def _got(self, event: Event) -> bool:
        """False: this connection is of no more use."""
        match event:
            case Media(flv.VIDEO, timestamp_ms, body) if not self._spec.audio_only:
                self._got_video(timestamp_ms, body)
            case Media(flv.AUDIO, timestamp_ms, body):
                self._got_audio(timestamp_ms, body)
            case PublisherGone() | Refused():
                return False
            case Playing():
                self._playing = True
            case Metadata(values):
                self._promised = self._promises_of(values)
            case Media():
                pass
        return True

    def _promises_of(self, values: dict[str, object]) -> frozenset[Kind]:
        """nginx keeps pictures back up to a keyframe; sound alone would mean a second join."""
        found: set[Kind] = set()
        if values.get("videocodecid") and not self._spec.audio_only:
            found.add("video")
        if values.get("audiocodecid"):
            found.add("audio")
        return frozenset(found)

    def _at(self, timestamp_ms: int) -> int:
        if not self._epoch:
            self._epoch = time.time()
        return self._clock.at(timestamp_ms, time.monotonic() * 1_000)

    # --- Picture ----------------------------------------------------------------------------------

    def _got_video(self, timestamp_ms: int, body: bytes) -> None:
        problem = self._video.problem
        at_ms = self._at(timestamp_ms)
        coded = self._video.got(body, at_ms)
        if coded is not None:
            self._heard.setdefault("video", time.monotonic())
            if self._spec.mode != "pass":
                self._recode(coded, at_ms)
            else:
                self._gop.push(coded, at_ms)
                nals = self._video.nals_of(coded)
                if nals and not self._video.problem:
                    self._put(Picture(nals, at_ms, nals[0][0] & 0x1F == 7))
        if problem != self._video.problem:
            logger.info("video can't pass as it is: %s", self._video.problem)
            self._starts_at_key = True
            self._tell()

    def _recode(self, coded: Coded, at_ms: int) -> None:
        if coded.codec not in VIDEO_DECODERS:
            return
        if self._recoder is None:
            self._recoder = Recoder(self._put)
            self._recoder.begin(self._gop.take())
        self._recoder.push(coded, at_ms)

    def _put(self, picture: Picture) -> None:
        """Bounded; what is left out is left out up to the next keyframe."""
        if self._publisher.outlet("video") is None:
            self._starts_at_key = True
            return
        if self._pictures.full():
            self._starts_at_key = True
        if self._starts_at_key and not picture.is_key:
            self._dropped_frames += 1
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._pictures.put_nowait(picture)
            self._starts_at_key = False

    async def _send_pictures(self) -> None:
        while True:
            picture = await self._pictures.get()
            outlet = self._publisher.outlet("video")
            if outlet is None:
                self._starts_at_key = True
                continue
            try:
                await outlet.send(
                    packetize_h264(picture.nals),
                    picture.at_ms * 90,
                    self._epoch + picture.at_ms / 1_000,
                )
            except ConnectionError:
                self._starts_at_key = True
                continue
            self._sent_frames += 1
            self._sent("video")

    def _keyframe_wanted(self) -> None:
        """Only a picture that is made here can be one; an encoder by RTMP can't be asked."""
        self._asked_keyframes += 1
        if self._recoder is not None:
            self._recoder.want_keyframe()

    def _close_recoder(self) -> None:
        if self._recoder is not None:
            self._dropped_frames += self._recoder.dropped_frames
            self._broken_frames += self._recoder.broken_frames
            self._recoder.close()
            self._recoder = None

    # --- Sound ------------------------------------------------------------------------------------

    def _got_audio(self, timestamp_ms: int, body: bytes) -> None:
        audio = flv.parse_audio(body)
        if audio.codec not in SOUND_DECODERS or audio.part is Part.OTHER:
            return
        payload = body[2:] if audio.codec == "AAC" else body[1:]
        if audio.part is Part.HEADER:
            if payload != self._sound_header:
                self._sound, self._sound_header = None, payload
            return
        if audio.codec == "AAC" and not self._sound_header:
            return
        at_ms = self._at(timestamp_ms)
        self._heard.setdefault("audio", time.monotonic())
        if self._sound is None:
            self._sound = ToOpus(audio.codec, self._sound_header, self._samples)
        if self._publisher.outlet("audio") is None:
            return
        for packet in self._sound.push(payload, at_ms):
            with contextlib.suppress(asyncio.QueueFull):  # a hole of 20 ms, after 1 s of standstill
                self._sounds.put_nowait(packet)

    async def _send_sound(self) -> None:
        while True:
            packet = await self._sounds.get()
            outlet = self._publisher.outlet("audio")
            if outlet is None:
                continue
            moment = self._epoch + packet.at_ms / 1_000
            with contextlib.suppress(ConnectionError):
                await outlet.send([packet.data], packet.position, moment, level=packet.level)
                self._sent("audio")

    def _sent(self, kind: Kind) -> None:
        first = not self._is_sending()
        self._sent_at[kind] = time.monotonic()
        if first:
            self._tell()

    # --- Out: the join ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Joins when there is something to send, leaves when there is nothing any more."""
        told_at = 0.0
        while True:
            now = time.monotonic()
            offered = self._to_offer(now)
            if offered:
                self._idle_since = None
                if offered != self._offered:
                    await self._leave()
                    self._offered = offered
                    self._publishing = asyncio.create_task(
                        self._publisher.run(sorted(offered)), name="publisher"
                    )
            elif self._publishing is not None:
                self._idle_since = self._idle_since or now
                patience_secs = UNUSABLE_SECS if self._heard else LEAVE_AFTER_SECS
                if now - self._idle_since > patience_secs:
                    await self._leave()
            if self._publishing is not None and self._publishing.done():
                self._publishing.result()  # it never ends but by an error: ours as well
            if now - told_at >= FIGURES_SECS:
                told_at = now
                self._tell()
            await asyncio.sleep(0.05)

    def _to_offer(self, now: float) -> frozenset[Kind]:
        """What comes in and can be sent. What was offered once stays: each join is a freeze."""
        if not self._heard or self._needs():
            return frozenset()  # with a picture that can't pass HTTP-FLV is better than sound alone
        if not self._promised and now - min(self._heard.values()) < BOTH_WITHIN_SECS:
            return self._offered
        promised = {kind for kind in self._promised if self._is_promised(kind)}
        return self._offered | frozenset(self._heard) | promised

    def _is_promised(self, kind: Kind) -> bool:
        """By metadata, and not in vain yet."""
        since = min(self._heard.values(), default=0.0)
        return kind in self._promised and time.monotonic() - since < KEYFRAME_WITHIN_SECS

    async def _leave(self) -> None:
        task, self._publishing, self._offered = self._publishing, None, frozenset()
        self._sent_at.clear()
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # --- What the manager hears -------------------------------------------------------------------

    def _needs(self) -> str:
        """Of this spec: "" where the picture can be sent."""
        return self._video.problem if self._spec.mode == "pass" else ""

    def _publisher_changed(self) -> None:
        if self._publisher.session_id != self._session_id:
            self._session_id = self._publisher.session_id
            self._sent_at.clear()
        self._tell()

    def _is_sending(self) -> bool:
        """Sound alone is not enough where a picture is to come: a keyframe may be 8 s away."""
        awaits = "video" in self._offered and "video" not in self._sent_at
        if awaits and ("video" in self._heard or self._is_promised("video")):
            return False
        return any(time.monotonic() - at < SILENCE_SECS for at in self._sent_at.values())

    def _tell(self) -> None:
        problem = self._video.problem
        can_be_made = self._video.codec in VIDEO_DECODERS
        needs = "transcode" if problem and can_be_made else ""
        self._report(
            *self._state(),
            needs=needs,
            session_id=self._publisher.session_id,
            figures=self._figures(),
        )

    def _state(self) -> tuple[str, str]:
        if not self._heard:
            return ("starting" if self._playing else "waiting"), (
                "" if self._playing else "rtmp_down"
            )
        if self._needs():
            return "waiting", self._needs()
        if self._publisher.problem:
            return "waiting", self._publisher.problem
        if self._is_sending():
            return "running", ""
        if self._sent_at:
            return "waiting", "rtmp_down"
        return "starting", ""  # joining, or up to the first keyframe

    def _figures(self) -> dict[str, float]:
        outlets = list(self._publisher.outlets.values())
        return self._usage.figures(
            sent_bytes=sum(each.sent_bytes for each in outlets), frames=self._sent_frames
        ) | {
            "dropped_frames": self._dropped_frames
            + (self._recoder.dropped_frames if self._recoder is not None else 0),
            "broken_frames": self._broken_frames + self._video.broken_frames,
            "plis": self._asked_keyframes,
            "joins": self._publisher.joins,
            "repaired_packets": sum(each.repaired_packets for each in outlets),
            "loss": max((each.loss for each in outlets), default=0.0),
        }
