"""Every advice that the stream doctor gives has words, and says what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from live.advice_words import SEVERITIES, said

VALUES = {
    "secs": 8.3,
    "kbps": 600,
    "wanted_kbps": 3000,
    "fps": 20.0,
    "declared": 30.0,
    "codec": "MP3",
    "profile": "High 4:4:4",
}
DOCTOR = (Path(__file__).parents[3] / "ingest" / "doctor.py").read_text(encoding="utf-8")
CODES = sorted({*re.findall(r'_advice\("(\w+)"', DOCTOR), "no_audio", "no_video", "already_live"})


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_words(code):
    (told,) = said([{"code": code, "values": VALUES}])
    assert told["severity"] in SEVERITIES
    assert told["title"]
    assert told["detail"]
    assert "%(" not in told["title"] + told["detail"]


@pytest.mark.parametrize("code", CODES)
def test_values_of_another_version_do_not_break_them(code):
    for values in ({}, None, {"secs": "x", "kbps": None}):
        assert len(said([{"code": code, "values": values}])) == 1


def test_they_are_the_documented_ones():
    doc = (Path(__file__).parents[3] / "docs" / "ingest.md").read_text(encoding="utf-8")
    listed = doc.split("## Advice")[1].split("\n##")[0].split("\n", 1)[1]
    assert set(re.findall(r"`(\w+)`", listed)) == set(CODES)


@pytest.mark.parametrize(("secs", "severity"), [(2.6, "hint"), (4.5, "hint"), (4.6, "warn")])
def test_keyframes_far_apart_are_worse_the_farther(secs, severity):
    (told,) = said([{"code": "keyframes_far", "values": {"secs": secs}}])
    assert told["severity"] == severity
    assert f"{secs:g} s apart" in told["title"]


def test_worst_first():
    mixed = [{"code": code, "values": VALUES} for code in ("all_good", "b_frames", "hevc")]
    assert [each["code"] for each in said(mixed)] == ["hevc", "b_frames", "all_good"]
