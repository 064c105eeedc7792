"""Video that WebRTC can't take (B-frames, HEVC, AV1 …) made anew, in a thread of its own.

Out comes H.264 of constrained baseline, a picture for a picture: nothing is held back but what the
encoder's own reordering needs. PyAV lets go of the interpreter's lock while it works.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.video.frame import PictureType, VideoFrame

from bridge.flv_video import Coded
from bridge.h264 import NOT_A_PICTURE, SEI, has_idr, split_annex_b, without
from bridge.video import MOST_PIXELS, Scaler, kbps_for, x264_encoder

DECODERS: Final = {"H264": "h264", "HEVC": "hevc", "AV1": "libdav1d", "VP9": "vp9"}
MOST_WAITING: Final = 60  # two seconds: then it is faster to begin again at a keyframe
MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
LONG_SIDE, SHORT_SIDE = 1280, 720
MOST_FPS: Final = 30
# Decoding costs a third of encoding: a machine that is too slow shows fewer pictures, not old ones.
HURRY_WAITING: Final = 8
HURRY_FPS: Final = 6
KEYFRAME_MS: Final = 2_000
ASKED_KEYFRAME_MS: Final = 500  # at most so often, whoever asks
_MS: Final = Fraction(1, 1_000)


@dataclass(frozen=True, slots=True)
class Picture:
    """Ready for RTP."""

    nals: list[bytes]
    at_ms: int
    is_key: bool


class Recoder:
    """Made and used in the event loop. `on_picture` is called there too."""

    def __init__(self, on_picture: Callable[[Picture], None]) -> None:
        self.dropped_frames = 0
        self.broken_frames = 0
        self._on_picture = on_picture
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[tuple[Coded, int] | None] = queue.SimpleQueue()
        self._pushed_bytes = self._taken_bytes = 0  # each written by one thread
        self._catches_up = False  # with what `begin` gave it
        self._shown_from_ms = 0
        self._skips = True  # until the next keyframe
        self._wants_key = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recode", daemon=True)
        self._thread.start()

    def begin(self, past: list[tuple[Coded, int]]) -> None:
        """First: what came since a keyframe. It is decoded, and of it the last picture shown."""
        if past:
            self._skips, self._catches_up = False, True
            self._shown_from_ms = past[-1][1]
            for item in past:
                self._put(item)

    def push(self, coded: Coded, at_ms: int) -> None:
        """Bounded: who is too slow goes on at the next keyframe."""
        waiting_bytes = self._pushed_bytes - self._taken_bytes
        if self._waiting.qsize() < MOST_WAITING:
            self._catches_up = False
        elif not self._catches_up:
            self._skips = True
        if waiting_bytes > MOST_WAITING_BYTES:
            self._skips = True
        if self._skips and not coded.is_key:
            self.dropped_frames += 1
            return
        self._skips = False
        self._put((coded, at_ms))

    def _put(self, item: tuple[Coded, int]) -> None:
        self._pushed_bytes += len(item[0].data)
        self._waiting.put(item)

    def want_keyframe(self) -> None:
        self._wants_key.set()

    def close(self) -> None:
        """It ends by itself, after the picture that it is at."""
        self._closed.set()
        self._waiting.put(None)

    # --- In the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        decoding = _Decoding()
        encoding = _Encoding(self._wants_key)
        while (item := self._waiting.get()) is not None and not self._closed.is_set():
            self._taken_bytes += len(item[0].data)
            try:
                for frame in decoding.push(*item):
                    if (frame.pts or 0) < self._shown_from_ms:
                        continue
                    hurries = self._waiting.qsize() > HURRY_WAITING
                    for picture in encoding.push(frame, HURRY_FPS if hurries else MOST_FPS):
                        self._hand_out(picture)
            except (av.FFmpegError, ValueError, KeyError, MemoryError):
                self.broken_frames += 1

    def _hand_out(self, picture: Picture) -> None:
        if not self._closed.is_set():
            self._loop.call_soon_threadsafe(self._on_picture, picture)


class _Decoding:
    def __init__(self) -> None:
        self._made_for: tuple[str, bytes] | None = None
        self._decoder: av.VideoCodecContext | None = None

    def push(self, coded: Coded, at_ms: int) -> list[VideoFrame]:
        """KeyError: no decoder is known."""
        if self._decoder is None or self._made_for != (coded.codec, coded.header):
            decoder = av.CodecContext.create(DECODERS[coded.codec], "r")
            assert isinstance(decoder, av.VideoCodecContext)
            if coded.header:
                decoder.extradata = coded.header
            decoder.thread_count = 1  # more of them hold back a picture each
            self._decoder, self._made_for = decoder, (coded.codec, coded.header)
        packet = av.Packet(coded.data)
        packet.dts, packet.pts = at_ms, at_ms + coded.composition_ms
        packet.time_base = _MS
        return list(self._decoder.decode(packet))


class _Encoding:
    def __init__(self, wants_key: threading.Event) -> None:
        self._wants_key = wants_key
        self._encoder: av.VideoCodecContext | None = None
        self._scaler = Scaler()
        self._size = (0, 0)
        self._key_ms: int | None = None
        self._last_ms: int | None = None
        self._due_ms = 0.0

    def push(self, frame: VideoFrame, fps: int = MOST_FPS) -> list[Picture]:
        if frame.pts is None or not self._is_due(frame.pts, 1_000 / fps):
            return []
        if frame.width * frame.height > MOST_PIXELS:
            raise ValueError("a picture too large to be scaled in time")
        size = fit(frame.width, frame.height)
        if self._encoder is None or size != self._size:
            self._encoder, self._size, self._key_ms = open_encoder(*size), size, None
        at_ms = frame.pts
        if (frame.width, frame.height, frame.format.name) != (*size, "yuv420p"):
            frame = self._scaler.scaled(frame, *size)
        frame.pts, frame.time_base = at_ms, _MS
        is_key = self._needs_key(at_ms)
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        pictures = []
        for packet in self._encoder.encode(frame):
            nals = without(split_annex_b(bytes(packet)), NOT_A_PICTURE | {SEI})
            if nals and packet.pts is not None:
                is_key = has_idr(nals)
                if is_key:
                    self._key_ms = packet.pts  # also one that the encoder found due by itself
                pictures.append(Picture(nals, packet.pts, is_key))
        return pictures

    def _is_due(self, at_ms: int, step_ms: float) -> bool:
        """No more often than that, and always forward; a fifth of a frame early will do."""
        if self._last_ms is not None and at_ms <= self._last_ms:
            return False
        if abs(at_ms - self._due_ms) > 10 * step_ms:
            self._due_ms = at_ms
        if at_ms < self._due_ms - step_ms / 5:
            return False
        self._due_ms += step_ms
        self._last_ms = at_ms
        return True

    def _needs_key(self, at_ms: int) -> bool:
        since_ms = KEYFRAME_MS if self._key_ms is None else at_ms - self._key_ms
        asked = self._wants_key.is_set() and since_ms >= ASKED_KEYFRAME_MS
        if since_ms < KEYFRAME_MS and not asked:
            return False
        self._wants_key.clear()
        self._key_ms = at_ms
        return True


def fit(width: int, height: int) -> tuple[int, int]:
    """The largest even size of that form, no larger than it is and than 1280×720 either way."""
    longer, shorter = max(width, height), min(width, height)
    scale = min(1.0, LONG_SIDE / longer, SHORT_SIDE / shorter)
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


def open_encoder(width: int, height: int) -> av.VideoCodecContext:
    """For RTP. One thread: a picture in slices costs more and is no sooner there at this size."""
    kbps = kbps_for(width, height, MOST_FPS)
    return x264_encoder(width, height, MOST_FPS, kbps, profile="baseline", in_band=True, threads=1)
