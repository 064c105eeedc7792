"""A JPEG of one keyframe: of a finished MP4, or of the newest HLS segment of what is on air.

`python -m recording.thumbnail <secs>` reads lines of JSON `["<segment>", "<jpg>"]` and writes each
picture (first beside it, under a name with a dot in front), in a process of its own: it decodes
what strangers sent.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.error import FFmpegError

from recording.limits import limit_myself

WIDEST_PX: Final = 640
PLACES: Final = (0.1, 0.3, 0.5, 0.7)  # parts of the length, tried until one is not black
DARK: Final = 24  # of 255, on average: a fade-in, a covered lens (black itself is 16)
QUALITY: Final = "4"  # of 2 (best) to 31; 640×360 is some 30 kB


class Pictureless(Exception):
    """No keyframe could be decoded."""


def save_thumbnail(video: Path, jpeg: Path, duration_secs: float = 0.0) -> None:
    """Raises Pictureless; FFmpegError, OSError, ValueError for what can't be read."""
    with av.open(str(video)) as file:
        if not file.streams.video:
            raise Pictureless
        best = max(_candidates(file, duration_secs), key=brightness, default=None)
        if best is None:
            raise Pictureless
        data = _encode(best, file.streams.video[0].codec_context.sample_aspect_ratio)
    hidden = jpeg.with_name(f".{jpeg.name.lstrip('.')}.{os.getpid()}")
    hidden.write_bytes(data)
    hidden.replace(jpeg)


def _candidates(file: Any, duration_secs: float) -> Iterator[Any]:
    """Until one is bright enough. Of something short only the first keyframe."""
    stream = file.streams.video[0]
    stream.codec_context.skip_frame = "NONKEY"
    stream.codec_context.thread_count = 1
    for place in PLACES if duration_secs else (0.0,):
        if place:
            file.seek(int(place * duration_secs * av.time_base))
        frame = next(iter(file.decode(stream)), None)
        if frame is None:
            continue
        yield frame
        if brightness(frame) >= DARK:
            return


def brightness(frame: Any) -> float:
    """0 to 255, of some hundred points of a small copy."""
    small = frame.reformat(width=32, height=18, format="gray")
    plane = small.planes[0]
    rows = bytes(plane)
    points = [rows[y * plane.line_size + x] for y in range(18) for x in range(32)]
    return float(sum(points)) / len(points)


def _encode(frame: Any, pixel_shape: Fraction | None) -> bytes:
    """At most 640 px wide, in the shape that players show (pixels need not be square)."""
    shown = frame.width * float(pixel_shape or 1)
    width = _even(min(shown, WIDEST_PX))
    height = _even(frame.height * width / shown)
    small = frame.reformat(width=width, height=height, format="yuvj420p", dst_color_range="JPEG")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1)
    encoder.options = {"qmin": QUALITY, "qmax": QUALITY}
    small.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)


def main(arguments: list[str]) -> None:
    limit_myself(int(arguments[0]))
    av.logging.set_level(None)
    for line in sys.stdin:
        segment, jpeg = json.loads(line)
        try:
            save_thumbnail(Path(segment), Path(jpeg))
        except (Pictureless, FFmpegError, OSError, ValueError, MemoryError):
            continue  # sound only, or not decodable: the drawn cover stays


if __name__ == "__main__":
    main(sys.argv[1:])
