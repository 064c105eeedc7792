"""Faces and names in the mixed picture: letters where a font has them, never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import lettering
from bridge.canvas import Box, Canvas
from bridge.faces import DISC, GROUND, INK, PILL, face, label
from bridge.lettering import write
from tests.effort import few

BRIGHT = 170  # luma: only letters are
NAMES = ["Mei", "王小明", "Élodie", "😀", "أحمد", "", "<b>x</b>", "\x00", "\ud800", "👩‍👩‍👧"]


@pytest.fixture
def fontless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without any font; Pillow brings English letters."""

    def forget() -> None:
        for cached in (lettering._files, lettering._fonts, face, label):
            cached.cache_clear()

    forget()
    monkeypatch.setattr(lettering, "FOLDERS", ("/nonexistent",))
    yield
    forget()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), [(640, 360), (282, 158), (16, 16), (2, 720)])
def test_faces_and_names_of_anybody(name: str, width: int, height: int) -> None:
    luma, cb, cr = face(name, width, height)
    assert (luma.shape, cb.shape, cr.shape) == (
        (height, width),
        (height // 2, width // 2),
        (height // 2, width // 2),
    )
    stamp = label(name, 720, width, height)
    if stamp is not None:
        assert stamp.width <= width and stamp.height <= height
        assert stamp.width % 2 == stamp.height % 2 == 0


@few
@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    mask = write(text, 18, 200)
    assert mask is None or mask.shape[1] <= 260


def test_a_face_is_a_disc_with_the_first_letter() -> None:
    luma, cb, _ = face("Mei", 640, 360)
    assert abs(int(luma[2, 2]) - GROUND[0]) < 2
    assert abs(int(luma[180, 320 - 60]) - DISC[0]) < 2
    assert abs(int(cb[90, 160 - 30]) - DISC[1]) < 2
    letters = np.argwhere(luma > BRIGHT)
    assert len(letters) > 100
    assert abs(letters.mean(axis=0) - (180, 320)).max() < 8, "the letter is in the middle"
    assert not (face("", 640, 360)[0] > BRIGHT).any()


def test_a_name_is_a_pill_over_the_picture_and_is_cut_where_it_is_too_long() -> None:
    short, long = (label(name, 720, 282, 158) for name in ("Mei", "Mei " * 12))
    assert short is not None and long is not None
    assert short.width < 100 < long.width <= 282
    canvas = Canvas(320, 180)
    canvas.fill(Box(0, 0, 320, 180), (235, 128, 128))
    canvas.stamp(short, 6, 100)
    luma = canvas.data[:180]
    middle = luma[100 : 100 + short.height, 6 : 6 + short.width]
    assert middle.min() < PILL[0] + 0.28 * 235 + 4, "the pill darkens what is below it"
    assert middle.max() > INK[0] - 8, "letters are bright"
    assert luma[100, 6] == 235, "its corners are round"
    assert (luma[:100] == 235).all() and (luma[:, 6 + short.width :] == 235).all()


def test_no_name_on_a_picture_too_small_for_it() -> None:
    assert label("Mei", 720, 64, 36) is None
    assert label("", 720, 640, 360) is None


def test_without_fonts_there_are_english_letters_or_none(fontless: None) -> None:
    assert write("Mei", 18, 200) is not None
    assert write("王小明", 18, 200) is None
    assert label("王小明", 720, 640, 360) is None
    assert not (face("王", 640, 360)[0] > BRIGHT).any(), "a disc without a letter"
    one, same = write("Mei 王", 18, 200), write("Mei", 18, 200)
    assert one is not None and same is not None and np.array_equal(one, same)


def test_a_broken_font_is_no_font(
    fontless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, _ in lettering.WANTED[:3]:
        (tmp_path / name).write_bytes(b"not a font")
    monkeypatch.setattr(lettering, "FOLDERS", (str(tmp_path),))
    assert write("Mei", 18, 200) is not None


def test_chinese_names_have_letters_where_a_font_has_them() -> None:
    """On Debian fonts-wqy-microhei or fonts-noto-cjk."""
    english = ("DejaVu", "NotoSans-", "Liberation")
    chinese = any(not Path(path).name.startswith(english) for path, _ in lettering._files())
    assert (write("王", 40, 200) is not None) == chinese
    assert bool((face("王", 640, 360)[0] > BRIGHT).any()) == chinese
    assert write("\uffff", 40, 200) is None
