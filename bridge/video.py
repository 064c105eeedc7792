"""Pictures decoded and encoded by PyAV: each decoder in its own thread, x264 as live wants it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter

logger = logging.getLogger(__name__)

DECODERS: Final[Mapping[str, tuple[str, ...]]] = {
    "H264": ("h264",),
    "VP8": ("vp8", "libvpx"),
    "VP9": ("vp9", "libvpx-vp9"),
    "AV1": ("libdav1d", "libaom-av1", "av1"),
}
KEYFRAME_SECS: Final = 2
MOST_WAITING: Final = 30  # pictures before a decoder: a second of them
MOST_PIXELS: Final = 3840 * 2160
TIME_BASE: Final = Fraction(1, 1000)


def x264_encoder(
    width: int,
    height: int,
    fps: int,
    kbps: int,
    *,
    preset: str = "veryfast",
    profile: str = "high",
    in_band: bool = False,
    threads: int = 2,
) -> VideoCodecContext:
    """Opened; no B-frames, no look-ahead, keyframes 2 s apart and when asked for (PictureType.I).

    `in_band`: parameter sets before each keyframe (for RTP), else in `extradata`. Times in ms.
    """
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base, codec.framerate = TIME_BASE, Fraction(fps, 1)
    codec.bit_rate = 0
    codec.gop_size = fps * KEYFRAME_SECS
    codec.thread_count = threads
    if not in_band:
        codec.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER
    codec.options = {
        "preset": preset,
        "tune": "zerolatency",
        "profile": profile,
        "crf": "23",
        "maxrate": f"{kbps}k",
        "bufsize": f"{kbps * 2}k",
        "forced-idr": "1",
        "x264-params": "scenecut=0:bframes=0",
    }
    codec.open()
    return codec


def kbps_for(width: int, height: int, fps: int) -> int:
    """0.09 bits a pixel: 2.5 Mbit/s for 720p30."""
    return max(200, width * height * fps * 9 // 100_000)


def force_keyframe(frame: VideoFrame) -> None:
    frame.pict_type = PictureType.I


class Scaler:
    """To I420 of another size; one for each stream.

    `VideoFrame.reformat` sets swscale up for each picture anew, its threads too: 720p to 640x360
    takes 1.6 ms of CPU then, 0.5 ms with what is kept here.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scaled(self, frame: VideoFrame, width: int, height: int) -> VideoFrame:
        """The frame itself where there is nothing to do."""
        return self._reformatter.reformat(
            frame, width, height, "yuv420p", interpolation="BILINEAR", threads=1
        )


@dataclass(frozen=True, slots=True)
class Job:
    codec: str
    data: bytes
    keyframe: bool
    at: float


class DecoderThread:
    """`got_frame(frame, at)` is called in the thread; `failed` too: a keyframe is needed.

    Too slow: what waits is dropped, and it goes on with the next keyframe.
    """

    def __init__(
        self, got_frame: Callable[[VideoFrame, float], None], failed: Callable[[], None]
    ) -> None:
        self._got_frame = got_frame
        self._failed = failed
        self._queue: queue.Queue[Job | None] = queue.Queue()
        self._needs_keyframe = True
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)
        self.dropped = 0
        self.errors = 0
        self._thread.start()

    def put(self, job: Job) -> None:
        if self._queue.qsize() >= MOST_WAITING:
            self._needs_keyframe = True
        if self._needs_keyframe:
            if not job.keyframe or self._queue.qsize() >= MOST_WAITING:
                self.dropped += 1
                self._failed()
                return
            self._needs_keyframe = False
        self._queue.put(job)

    def close(self) -> None:
        """Does not wait: a decoder that hangs is left behind."""
        self._queue.put(None)

    def _run(self) -> None:
        name, codec = "", None
        while (job := self._queue.get()) is not None:
            try:
                if codec is None or name != job.codec:
                    codec, name = _decoder(job.codec), job.codec
                for frame in codec.decode(av.Packet(job.data)):
                    if frame.width * frame.height <= MOST_PIXELS:
                        self._got_frame(frame, job.at)
            except (av.FFmpegError, ValueError, MemoryError) as error:
                self.errors += 1
                logger.debug("a picture could not be decoded: %s", type(error).__name__)
                codec = None
                self._needs_keyframe = True
                self._failed()


def _decoder(codec_name: str) -> VideoCodecContext:
    for name in DECODERS[codec_name]:
        if name in av.codecs_available:
            codec = av.CodecContext.create(name, "r")
            assert isinstance(codec, VideoCodecContext)
            codec.thread_count = 1  # a frame in each thread would be a frame of delay in each
            codec.flags |= 1 << 19  # AV_CODEC_FLAG_LOW_DELAY
            return codec
    raise ValueError(f"no decoder of {codec_name}")
