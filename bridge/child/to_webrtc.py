"""The child that shows an encoder's stream (RTMP) to WebRTC viewers: pulls it, joins as publisher.

Pulled is nginx's application `raw`: what the encoder sends, whoever feeds `out` at the moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final

from bridge.child.lanes import EncoderTime, PictureLane, SoundLane
from bridge.child.spec import Spec
from bridge.child.usage import Usage
from bridge.child.work import Report
from bridge.rtmp.inlet import keep_pulling
from bridge.webrtc.publisher import Kind, Publisher
from playback import flv
from playback.rtmp.player import Event, Media, Metadata, Playing
from sfu_relay.relay import Relay

logger = logging.getLogger("bridge")
APP: Final = "raw"
LEAVE_AFTER_SECS: Final = 4.0  # the encoder is gone: OBS comes back after 2 s, without a new join
UNUSABLE_SECS: Final = 1.0  # pictures come that can't be sent: a mode "transcode" may come as soon
BOTH_WITHIN_SECS: Final = 0.5  # without metadata: sound's header comes just after the picture's
KEYFRAME_WITHIN_SECS: Final = 12.0  # of OBS as nobody set it: 8.3 s
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
        self._publishing: asyncio.Task[None] | None = None
        self._offered: frozenset[Kind] = frozenset()
        self._session_id = ""
        self._usage = Usage()
        self._time = EncoderTime()
        self._pictures = PictureLane(self._publisher, self._time, self._sent)
        self._pictures.mode = spec.mode
        self._sound = SoundLane(self._publisher, self._time, self._sent)
        self._promised: frozenset[Kind] = frozenset()  # by the metadata
        self._heard: dict[Kind, float] = {}  # first seen in this connection, loop time
        self._playing = False
        self._sent_at: dict[Kind, float] = {}  # monotonic; since the join
        self._idle_since: float | None = None

    # --- Work -------------------------------------------------------------------------------------

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pull(), name="pull")
            tasks.create_task(self._pictures.run(), name="pictures")
            tasks.create_task(self._sound.run(), name="sound")
            tasks.create_task(self._watch(), name="watch")

    def changed(self, spec: Spec) -> None:
        was = self._spec
        self._spec = spec
        self._pictures.change_mode(spec.mode)
        if spec.audio_only != was.audio_only:
            self._begin_anew()
        self._tell()

    async def close(self) -> None:
        self._pictures.close()
        await self._leave()
        await self._relay.aclose()

    # --- In: RTMP ---------------------------------------------------------------------------------

    async def _pull(self) -> None:
        await keep_pulling(
            *("127.0.0.1", self._spec.rtmp_out_port, APP, self._spec.play_id),
            got=self._got,
            ended=lambda problem: self._begin_anew(),
        )

    def _begin_anew(self) -> None:
        """Another connection: other headers, another clock, and nothing to go on from."""
        self._time.restart()
        self._pictures.begin_anew()
        self._sound.begin_anew()
        self._playing = False
        self._heard.clear()
        self._promised = frozenset()
        self._tell()

    def _got(self, event: Event) -> None:
        match event:
            case Media(flv.VIDEO, timestamp_ms, body) if not self._spec.audio_only:
                self._got_video(timestamp_ms, body)
            case Media(flv.AUDIO, timestamp_ms, body):
                self._got_audio(timestamp_ms, body)
            case Playing():
                self._playing = True
            case Metadata(values):
                self._promised = self._promises_of(values)
            case _:
                pass

    def _promises_of(self, values: dict[str, object]) -> frozenset[Kind]:
        """nginx keeps pictures back up to a keyframe; sound alone would mean a second join."""
        found: set[Kind] = set()
        if values.get("videocodecid") and not self._spec.audio_only:
            found.add("video")
        if values.get("audiocodecid"):
            found.add("audio")
        return frozenset(found)

    def _got_video(self, timestamp_ms: int, body: bytes) -> None:
        problem = self._pictures.problem
        if self._pictures.got(timestamp_ms, body):
            self._heard.setdefault("video", time.monotonic())
        if problem != self._pictures.problem:
            logger.info("video can't pass as it is: %s", self._pictures.problem)
            self._tell()

    def _got_audio(self, timestamp_ms: int, body: bytes) -> None:
        if self._sound.got(timestamp_ms, body):
            self._heard.setdefault("audio", time.monotonic())

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
        return self._pictures.problem if self._spec.mode == "pass" else ""

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
        problem = self._pictures.problem
        can_be_made = self._pictures.can_be_made
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
            sent_bytes=sum(each.sent_bytes for each in outlets), frames=self._pictures.sent_frames
        ) | {
            "dropped_frames": self._pictures.dropped_frames,
            "broken_frames": self._pictures.broken_frames,
            "plis": self._pictures.asked_keyframes,
            "joins": self._publisher.joins,
            "repaired_packets": sum(each.repaired_packets for each in outlets),
            "loss": max((each.loss for each in outlets), default=0.0),
        }
