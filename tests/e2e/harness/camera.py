"""Makes the fake camera and microphone: a picture that says which frame it is, and a lively sound.

The top of the picture is a row of 20 cells, 16 bits of frame number (most significant first) and 4
bits of checksum; white is 1. The row below shows the same bits inverted, so that a reader compares
two cells instead of trusting a threshold. Cells stay readable at a quarter of the size.
"""

from __future__ import annotations

import os
import tempfile
import wave
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT, FPS = 1280, 720, 30
FRAMES = 900  # then it starts over
CELLS, CELL = 20, 64
VERSION = 2  # goes into the file's name: a new drawing is never mixed up with an old file


def bits_of(number: int) -> list[int]:
    """16 bits and their checksum: the sum of the four nibbles plus 5, modulo 16."""
    checksum = (sum(number >> shift & 15 for shift in (0, 4, 8, 12)) + 5) & 15
    word = number << 4 | checksum
    return [word >> shift & 1 for shift in reversed(range(CELLS))]


def draw_frame(number: int, background: np.ndarray) -> np.ndarray:
    """One picture: the code on top of a background that moves, so that it costs bits to send."""
    frame = np.roll(background, number * 6, axis=1).copy()
    row = np.repeat(np.array(bits_of(number), dtype=np.uint8) * 255, CELL)
    frame[:CELL] = row[None, :, None]
    frame[CELL : 2 * CELL] = 255 - row[None, :, None]
    x = number * 8 % (WIDTH - 120)
    frame[400:520, x : x + 120] = (230, 60, 60)
    return frame


def _background() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [np.sin(2 * np.pi * (x * k + y * j) / WIDTH) for k, j in ((4, 3), (8, -5), (2, 7))]
    return np.stack([110 + 60 * wave for wave in waves], axis=-1).astype(np.uint8)


def camera_file() -> Path:
    """A Motion JPEG file of 30 s, made once per machine."""
    return made_once(f"camera-{VERSION}.mjpeg", _write_camera)


def microphone_file() -> Path:
    """A WAV file of 10 s, made once per machine."""
    return made_once(f"microphone-{VERSION}.wav", _write_microphone)


def made_once(name: str, write) -> Path:
    folder = Path(tempfile.gettempdir()) / f"microvibe-e2e-{os.getuid()}"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        unfinished = folder / f".{os.getpid()}-{name}"
        write(unfinished)
        unfinished.rename(path)
    return path


def _write_camera(path: Path) -> None:
    background = _background()
    with path.open("wb") as file:
        for number in range(FRAMES):
            Image.fromarray(draw_frame(number, background)).save(file, "JPEG", quality=80)


def _write_microphone(path: Path) -> None:
    """Chords that come and go like syllables: a steady tone would be taken for noise."""
    rate, secs = 48_000, 10
    t = np.arange(rate * secs) / rate
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 440, 660, 1320)) / 4
    syllables = np.clip(np.sin(2 * np.pi * 4 * t), 0, 1)
    samples = (chord * syllables * 20_000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
