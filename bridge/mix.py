"""One picture of many: each decoded in its thread, laid out and encoded once, by the clock.

It runs a little behind, so that each picture shows what was taken at the same moment. With one
picture it is the transcoder.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from bridge.compose import Composer, Key, Scene, Taken
from bridge.h264 import has_idr, split_annex_b
from bridge.video import KEYFRAME_SECS, DecoderThread, Job, force_keyframe, kbps_for, x264_encoder

logger = logging.getLogger(__name__)

DELAY_SECS: Final = 0.12
MOST_PICTURES: Final = 12  # of one source: 0.4 s at 30
MOST_LATE_SECS: Final = 1.0
# The machine is busy: up to so many pictures are made up for. Then as many are left out as it
# can't make, between those it makes: a short stop costs none, and a slow machine shows them evenly.
MOST_BEHIND: Final = 2


@dataclass(frozen=True, slots=True)
class Encoded:
    nals: tuple[bytes, ...]
    keyframe: bool
    at: float


@dataclass(slots=True)
class _Source:
    decoder: DecoderThread
    pictures: deque[Taken] = field(default_factory=lambda: deque(maxlen=MOST_PICTURES))
    shown: Taken | None = None


class Mixer:
    """`emit` and `failed` are called in other threads than the caller's."""

    def __init__(
        self,
        width: int,
        height: int,
        fps: int,
        *,
        emit: Callable[[Encoded], None],
        failed: Callable[[Key], None],
        preset: str = "veryfast",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fps = fps
        self._emit = emit
        self._failed = failed
        self._preset = preset
        self._clock = clock
        self._lock = threading.Lock()
        self._scene = Scene()
        self._sources: dict[Key, _Source] = {}
        self._composer = Composer(width, height)
        self._encoder: VideoCodecContext | None = None
        self._wants_keyframe = True
        self._keyframe_at = 0.0
        self._ended = threading.Event()
        self._epoch = clock()
        self._has_begun = False
        self._late = 0.0  # how long before what is shown was taken
        self._stamp = 0.0  # of the last one
        self._thread = threading.Thread(target=self._run, name="mixer", daemon=True)
        self.frames = 0
        self.skipped = 0
        self._thread.start()

    # --- from the loop --------------------------------------------------------------------------

    def show(self, scene: Scene) -> None:
        if scene == self._scene:
            return
        with self._lock:
            self._scene = scene
            wanted = {slot.key for slot in scene.slots if slot.key is not None}
            for key in [key for key in self._sources if key not in wanted]:
                self._sources.pop(key).decoder.close()
            for key in wanted - self._sources.keys():
                self._sources[key] = self._make(key)

    def put(self, key: Key, job: Job) -> None:
        source = self._sources.get(key)
        if source is not None:
            source.decoder.put(job)

    def force_keyframe(self) -> None:
        self._wants_keyframe = True

    def close(self) -> None:
        self._ended.set()
        with self._lock:
            for source in self._sources.values():
                source.decoder.close()
            self._sources.clear()

    # --- in decoders' threads -------------------------------------------------------------------

    def _make(self, key: Key) -> _Source:
        def got(frame: VideoFrame, at: float) -> None:
            self._got_frame(key, frame, at)

        return _Source(DecoderThread(got, lambda: self._failed(key)))

    def _got_frame(self, key: Key, frame: VideoFrame, at: float) -> None:
        """It is scaled when it is shown: where pictures are left out, or come more often, never."""
        source = self._sources.get(key)
        if source is not None:
            source.pictures.append(Taken(at, frame))

    # --- the mixer's own thread -----------------------------------------------------------------

    def _run(self) -> None:
        step = 1 / self._fps
        due = self._clock()
        try:
            while not self._ended.is_set():
                now = self._clock()
                if now < due:
                    self._ended.wait(due - now)
                    continue
                left_out = left_out_of(now - due, step)
                self.skipped += left_out
                due += left_out * step
                self._one(due - DELAY_SECS)
                due += step
        except Exception:
            logger.exception("the mixer broke")
            self._ended.set()

    @property
    def is_broken(self) -> bool:
        return self._ended.is_set()

    def _one(self, at: float) -> None:
        with self._lock:
            scene, several = self._scene, len(self._sources) > 1
            for source in self._sources.values():
                while source.pictures and source.pictures[0].at <= at:
                    source.shown = source.pictures.popleft()
                    self._late = at - source.shown.at
            shown = {key: one.shown for key, one in self._sources.items() if one.shown}
        self._has_begun = self._has_begun or bool(shown)
        if not scene.slots or not self._has_begun:
            return  # later there may be faces only: a picture that stops would stop its players
        if not shown and scene.slots[0].key is not None and len(scene.slots) == 1:
            return
        frame = self._composer.frame(scene, shown, at)
        if several or not shown:
            self._late = 0.0
        # One alone has its own time: a busy machine decodes late, and its sound is not.
        self._stamp = max(self._stamp + 0.001, at - min(self._late, MOST_LATE_SECS))
        self._encode(frame, self._stamp)

    def _encode(self, frame: VideoFrame, at: float) -> None:
        size = frame.width, frame.height
        if self._encoder is None or (self._encoder.width, self._encoder.height) != size:
            self._encoder = x264_encoder(
                *size, self._fps, kbps_for(*size, self._fps), preset=self._preset
            )
            self._wants_keyframe = True
        frame.pts = round((at - self._epoch) * 1000)
        frame.time_base = self._encoder.time_base
        frame.pict_type = PictureType.NONE
        if self._wants_keyframe or at - self._keyframe_at >= KEYFRAME_SECS:
            # By time as well: on a busy machine 60 pictures may take longer than 2 s.
            self._wants_keyframe, self._keyframe_at = False, at
            force_keyframe(frame)
        try:
            packets = self._encoder.encode(frame)
        except av.FFmpegError as error:
            logger.warning("the encoder failed: %s", type(error).__name__)
            self._encoder = None
            return
        for packet in packets:
            nals = split_annex_b(bytes(packet))
            sets = split_annex_b(self._encoder.extradata or b"") if has_idr(nals) else []
            self.frames += 1
            self._emit(Encoded((*sets, *nals), bool(packet.is_keyframe), at))


def left_out_of(late_secs: float, step_secs: float) -> int:
    """How many pictures are left out where the next one is so late."""
    return max(0, int(late_secs / step_secs) - MOST_BEHIND)
