"""One picture of many: each decoded and scaled in its thread, laid out, encoded once, by the clock.

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

from bridge.canvas import BACKGROUND, Box, Canvas, Fit, box_of, fit
from bridge.h264 import has_idr, split_annex_b
from bridge.video import KEYFRAME_SECS, DecoderThread, Job, force_keyframe, kbps_for, x264_encoder
from live.layouts import rectangles

logger = logging.getLogger(__name__)
Key = tuple[str, str, str]  # session, stream, track

DELAY_SECS: Final = 0.12
MOST_PICTURES: Final = 12  # of one source, scaled: 0.4 s at 30
MOST_LATE_SECS: Final = 1.0
STALE_SECS: Final = 3.0  # a camera that shows nothing new for so long has a face instead


@dataclass(frozen=True, slots=True)
class Slot:
    """One rectangle, in order. No key: somebody without a picture."""

    key: Key | None
    is_screen: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    slots: tuple[Slot, ...] = ()
    layout: str = "speaker"
    large: int = 0


@dataclass(frozen=True, slots=True)
class Encoded:
    nals: tuple[bytes, ...]
    keyframe: bool
    at: float


@dataclass(frozen=True, slots=True)
class _Place:
    box: Box
    whole: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    """Scaled for its place."""

    at: float
    frame: VideoFrame
    fitted: Fit
    place: _Place


@dataclass(slots=True)
class _Source:
    decoder: DecoderThread
    pictures: deque[_Picture] = field(default_factory=lambda: deque(maxlen=MOST_PICTURES))
    place: _Place | None = None
    size: tuple[int, int] = (0, 0)
    shown: _Picture | None = None


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
        self._size = width, height
        self._fps = fps
        self._emit = emit
        self._failed = failed
        self._preset = preset
        self._clock = clock
        self._lock = threading.Lock()
        self._scene = Scene()
        self._painted: tuple[Scene, tuple[int, int]] | None = None
        self._sources: dict[Key, _Source] = {}
        self._canvas = Canvas(width, height)
        self._encoder: VideoCodecContext | None = None
        self._wants_keyframe = True
        self._keyframe_at = 0.0
        self._ended = threading.Event()
        self._epoch = clock()
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
            self._lay_out()

    def put(self, key: Key, job: Job) -> None:
        source = self._sources.get(key)
        if source is not None:
            source.decoder.put(job)

    def force_keyframe(self) -> None:
        self._wants_keyframe = True

    @property
    def has_pictures(self) -> bool:
        return any(source.shown or source.pictures for source in self._sources.values())

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
        source = self._sources.get(key)
        if source is None:
            return
        if (frame.width, frame.height) != source.size:
            source.size = frame.width, frame.height
            with self._lock:
                self._lay_out()
        if source.place is not None:
            source.pictures.append(_scaled(at, frame, source.place))

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
                behind = int((now - due) / step)
                if behind >= 2:  # the machine is busy: fewer pictures, but none of them late
                    self.skipped += behind
                    due += behind * step
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
            for source in self._sources.values():
                while source.pictures and source.pictures[0].at <= at:
                    source.shown = source.pictures.popleft()
                    self._late = at - source.shown.at
                shown, place = source.shown, source.place
                if shown is not None and place is not None and shown.place != place:
                    # Of the layout before: there is to be no hole until the next one comes.
                    source.shown = _scaled(shown.at, shown.frame, place)
            if not any(source.shown for source in self._sources.values()):
                return
            frame = self._compose(at)
            if len(self._sources) > 1:
                self._late = 0.0
        # One alone has its own time: a busy machine decodes late, and its sound is not.
        self._stamp = max(self._stamp + 0.001, at - min(self._late, MOST_LATE_SECS))
        self._encode(frame, self._stamp)

    def _compose(self, at: float) -> VideoFrame:
        scene, canvas = self._scene, self._canvas
        boxes = self._boxes()
        if self._painted != (scene, (canvas.width, canvas.height)):
            canvas.clear()
            self._painted = scene, (canvas.width, canvas.height)
        if len(scene.slots) == 1 and (key := scene.slots[0].key) is not None:
            shown = self._sources[key].shown
            if shown is not None:
                fitted = shown.fitted
                if (fitted.width, fitted.height) == (canvas.width, canvas.height):
                    return shown.frame  # nothing to lay out
        order = [index for index in range(len(scene.slots)) if index != scene.large]
        if scene.slots:
            order.insert(0, min(scene.large, len(scene.slots) - 1))  # others lie on it
        for index in dict.fromkeys(order):
            slot = scene.slots[index]
            shown = self._sources[slot.key].shown if slot.key is not None else None
            alone = len(scene.slots) == 1 or slot.is_screen
            if shown is None or (not alone and at - shown.at > STALE_SECS):
                canvas.face(boxes[index])
                continue
            if shown.fitted.box != boxes[index]:
                canvas.fill(boxes[index], BACKGROUND)
            canvas.paint(shown.frame, shown.fitted)
        return canvas.frame()

    def _boxes(self) -> list[Box]:
        scene, canvas = self._scene, self._canvas
        portrait = canvas.height > canvas.width
        rects = rectangles(scene.layout, len(scene.slots), scene.large, portrait)
        return [box_of(rect, canvas.width, canvas.height) for rect in rects]

    def _lay_out(self) -> None:
        """Under the lock: how large each source's pictures are to be from now on."""
        scene = self._scene
        width, height = self._size
        if len(scene.slots) == 1 and (key := scene.slots[0].key) is not None:
            own = self._sources[key].size
            if own[1] > own[0] > 0:
                width, height = min(self._size), max(self._size)
        if (self._canvas.width, self._canvas.height) != (width, height):
            self._canvas = Canvas(width, height)
        for slot, box in zip(scene.slots, self._boxes(), strict=True):
            if slot.key is not None:
                source = self._sources[slot.key]
                source.place = _Place(box, slot.is_screen or len(scene.slots) == 1)

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


def _scaled(at: float, frame: VideoFrame, place: _Place) -> _Picture:
    fitted = fit(frame.width, frame.height, place.box, whole=place.whole)
    scaled = frame.reformat(fitted.width, fitted.height, "yuv420p", interpolation="BILINEAR")
    return _Picture(at, scaled, fitted, place)
