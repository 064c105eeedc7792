"""Three seconds of picture and sound, encoded once, sent again and again: nothing to compute live.

The counter in the picture is its number of 90; a beep begins at each full second.
"""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

import av
import numpy as np

from bridge.h264 import split_annex_b
from bridge.video import x264_encoder
from bridge.webrtc.packets import packetize_h264

FPS = 30
LOOP = 90
BITS = 10
BLOCK = 16  # pixels of each bit of the counter, at the top of the picture


def picture(number: int, width: int, height: int, colour: tuple[int, int, int]) -> Any:
    """I420: the counter in black and white at the top, colour, and noise in the lowest part."""
    data = np.empty((height * 3 // 2, width), np.uint8)
    luma = data[:height]
    luma[:] = colour[0]
    chroma = data[height:].reshape(2, height // 2, width // 2)
    chroma[0], chroma[1] = colour[1], colour[2]
    for bit in range(BITS):
        luma[0:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 235 if number >> bit & 1 else 16
    chroma[:, 0 : BLOCK // 2, : BITS * BLOCK // 2] = 128
    rows = height // 6
    noise = np.random.default_rng(number).integers(-25, 25, (rows, width))
    luma[-rows:] = np.clip(luma[-rows:].astype(np.int16) + noise, 16, 235)
    return data


def read_counter(luma: Any, scale: float = 1.0) -> int:
    number = 0
    for bit in range(BITS):
        x, y = int((bit + 0.5) * BLOCK * scale), int(BLOCK / 2 * scale)
        number |= (int(luma[y, x]) > 125) << bit
    return number


def unwrapped(numbers: list[int]) -> list[int]:
    """Of a loop of 90 the numbers as they would go on."""
    found: list[int] = []
    for number in numbers:
        before = found[-1] if found else number
        ahead = (number - before) % LOOP
        found.append(before + (ahead if ahead < LOOP // 2 else ahead - LOOP))
    return found


@functools.cache
def pictures(
    codec: str, width: int, height: int, colour: tuple[int, int, int]
) -> list[list[bytes]]:
    """RTP payloads of each; a keyframe each second."""
    return _h264(width, height, colour) if codec == "H264" else _vp8(width, height, colour)


def _h264(width: int, height: int, colour: tuple[int, int, int]) -> list[list[bytes]]:
    encoder = x264_encoder(
        width, height, FPS, 2_500, preset="ultrafast", profile="baseline", in_band=True
    )
    found = []
    for number in range(LOOP):
        frame = _frame(number, width, height, colour)
        if number % FPS == 0:
            frame.pict_type = av.video.frame.PictureType.I
        [packet] = encoder.encode(frame)
        found.append(packetize_h264(split_annex_b(bytes(packet))))
    return found


def _vp8(width: int, height: int, colour: tuple[int, int, int]) -> list[list[bytes]]:
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.bit_rate, encoder.gop_size = Fraction(1, 1000), 1_000_000, FPS
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    found = []
    for number in range(LOOP):
        frame = _frame(number, width, height, colour)
        if number % FPS == 0:
            frame.pict_type = av.video.frame.PictureType.I
        [packet] = encoder.encode(frame)
        data = bytes(packet)
        found.append(
            [
                (b"\x10" if at == 0 else b"\0") + data[at : at + 1100]
                for at in range(0, len(data), 1100)
            ]
        )
    return found


def _frame(number: int, width: int, height: int, colour: tuple[int, int, int]) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture(number, width, height, colour), format="yuv420p")
    frame.pts, frame.time_base = number * 1000 // FPS, Fraction(1, 1000)
    return frame


@functools.cache
def sounds(tone: float, steady: bool) -> list[bytes]:
    """150 Opus packets of 20 ms: a tone for 100 ms at each full second, or all the time."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoder.bit_rate = 64_000
    encoder.options = {"application": "lowdelay"}
    found = []
    for number in range(150):
        at = np.arange(960) + number * 960
        wave = np.sin(2 * np.pi * tone * at / 48_000) * 0.25
        if not steady:
            wave[at % 48_000 >= 4_800] = 0
        samples = np.repeat((wave * 32767).astype(np.int16), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, number * 960
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found
