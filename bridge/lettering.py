"""Names as letters: which of this machine's fonts has them, and what they look like.

Names are strangers' words: what no font has is left out, and nothing here raises.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

logger = logging.getLogger(__name__)
Mask = npt.NDArray[np.uint8]  # 0 to 255, how much of a pixel is ink

FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts")
# Those with Chinese first, they have Latin letters as well. (file name, which face of it)
WANTED: Final = (
    ("NotoSansCJK-Medium.ttc", 2),
    ("NotoSansCJK-Regular.ttc", 2),
    ("NotoSansCJK-Bold.ttc", 2),
    ("NotoSansSC-Regular.otf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("PingFang.ttc", 0),
    ("DejaVuSans-Bold.ttf", 0),
    ("NotoSans-Bold.ttf", 0),
    ("LiberationSans-Bold.ttf", 0),
    ("DejaVuSans.ttf", 0),
)
MOST_FONTS: Final = 3
MOST_FILES: Final = 20_000
NO_LETTER: Final = "\uffff"  # a font shows its sign for "I don't have this"


def write(text: str, size_px: int, most_wide_px: int) -> Mask | None:
    """One line, cut with "…" where it is too long; None: nothing of it can be written."""
    try:
        return _write(text, size_px, most_wide_px)
    except Exception:  # a font of this machine may be anything; a face without letters is one too
        logger.exception("a name could not be written")
        return None


def _write(text: str, size_px: int, most_wide_px: int) -> Mask | None:
    best, found = None, ""
    for font in _fonts(size_px):
        there = "".join(each for each in text if _has(font, each)).strip()
        if len(there) > len(found):
            best, found = font, there
        if found == text:
            break
    if best is None:
        return None
    line = _fitting(best, found, most_wide_px)
    if not line:
        return None
    left, top, right, low = best.getbbox(line)
    ascent, descent = best.getmetrics()
    size = int(right - min(0, left)) + 1, max(int(low), ascent + descent) - min(0, int(top))
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((-min(0, left), -min(0, top)), line, fill=255, font=best)
    return np.asarray(image)


def _fitting(font: FreeTypeFont, text: str, most_wide_px: int) -> str:
    if font.getlength(text) <= most_wide_px:
        return text
    more = "…" if _has(font, "…") else ""
    for length in range(len(text) - 1, 0, -1):
        line = text[:length].rstrip() + more
        if font.getlength(line) <= most_wide_px:
            return line
    return ""


@functools.lru_cache(maxsize=4_096)
def _has(font: FreeTypeFont, letter: str) -> bool:
    if letter == " ":
        return True
    missing, there = font.getmask(NO_LETTER), font.getmask(letter)
    return there.size[0] > 0 and bytes(missing) != bytes(there)


@functools.lru_cache(maxsize=32)
def _fonts(size_px: int) -> tuple[FreeTypeFont, ...]:
    found = []
    for path, index in _files():
        with contextlib.suppress(OSError):  # not a font, or with fewer faces
            found.append(ImageFont.truetype(path, size_px, index))
    own = ImageFont.load_default(size_px)  # Pillow's: English letters
    return (*found, own) if isinstance(own, FreeTypeFont) else tuple(found)


@functools.cache
def _files() -> tuple[tuple[str, int], ...]:
    there = dict(_installed())
    found = [(there[name], index) for name, index in WANTED if name in there]
    if not found:
        logger.info("no font that is known here: names have English letters only")
    return tuple(found[:MOST_FONTS])


def _installed() -> Iterator[tuple[str, str]]:
    count = 0
    for folder in FOLDERS:
        for where, _, names in os.walk(folder):
            for name in names:
                yield name, str(Path(where) / name)
            count += len(names)
            if count > MOST_FILES:
                return
