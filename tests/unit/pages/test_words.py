"""Numbers and times in words: Python and the browser's script say the same."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import translation

from live.pages.words import (
    ago,
    clock,
    compact_count,
    file_size,
    recording_problem,
    watched,
)

FORMAT_JS = Path(__file__).parents[3] / "static" / "js" / "format.js"
COUNTS = [
    (0, "en", "0"),
    (-3, "en", "0"),
    (999, "en", "999"),
    (1000, "en", "1K"),
    (1290, "en", "1.2K"),
    (12_000, "en", "12K"),
    (12_399, "en", "12.3K"),
    (123_999, "en", "123K"),
    (999_999, "en", "999K"),
    (1_000_000, "en", "1M"),
    (9_999, "zh-hans", "9999"),
    (12_345, "zh-hans", "1.2 万"),
    (10_000, "zh-hans", "1 万"),
    (123_456_789, "zh-hans", "1.2 亿"),
]
CLOCKS = [(0, "0:00"), (-5, "0:00"), (59.9, "0:59"), (754, "12:34"), (3754, "1:02:34")]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AGES = [
    (timedelta(seconds=-5), "just now", "刚刚"),
    (timedelta(seconds=59), "just now", "刚刚"),
    (timedelta(minutes=1), "1 minute ago", "1分钟前"),
    (timedelta(minutes=59), "59 minutes ago", "59分钟前"),
    (timedelta(hours=5), "5 hours ago", "5小时前"),
    (timedelta(days=2), "2 days ago", "2天前"),
]


@pytest.mark.parametrize(("number", "language", "text"), COUNTS)
def test_compact_count(number: int, language: str, text: str) -> None:
    assert compact_count(number, language) == text


@pytest.mark.parametrize(("secs", "text"), CLOCKS)
def test_clock(secs: float, text: str) -> None:
    assert clock(secs) == text


@pytest.mark.parametrize(("age", "english", "chinese"), AGES)
def test_ago(age: timedelta, english: str, chinese: str) -> None:
    with translation.override("en"):
        assert ago(NOW - age, NOW) == english
    with translation.override("zh-hans"):
        assert ago(NOW - age, NOW) == chinese


def test_what_is_old_is_a_date() -> None:
    with translation.override("en"):
        assert ago(NOW - timedelta(days=40), NOW) == "Oct. 12, 2026"


def test_watched() -> None:
    with translation.override("en"):
        assert (watched(125), watched(9000)) == ("2 min", "2.5 h")


def test_the_script_says_the_same(missing_part: Callable[[str], None]) -> None:
    node = shutil.which("node")
    if node is None:
        missing_part("no node: apt-get install nodejs")
    table = [COUNTS, CLOCKS, [(NOW - age).isoformat() for age, _, _ in AGES], NOW.isoformat()]
    program = f"""
        globalThis.document = {{ documentElement: {{ lang: "en" }} }};
        const f = await import({json.dumps(FORMAT_JS.as_uri())});
        const [counts, clocks, ages, now] = {json.dumps(table)};
        console.log(JSON.stringify({{
            counts: counts.map(([n, lang]) => f.count(n, lang)),
            clocks: clocks.map(([secs]) => f.clock(secs)),
            ages: ages.map((then) => f.ago(new Date(then), new Date(now), "en")),
            chinese: ages.map((then) => f.ago(new Date(then), new Date(now), "zh-hans")),
        }}));
    """
    done = subprocess.run(
        [str(node), "--input-type=module", "-e", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["counts"] == [text for _, _, text in COUNTS]
    assert said["clocks"] == [text for _, text in CLOCKS]
    assert said["ages"] == [english for _, english, _ in AGES]
    # No catalogue is loaded here, so the one text that comes from it stays English.
    assert said["chinese"][2:] == [chinese for _, _, chinese in AGES[2:]]


@pytest.mark.parametrize(
    ("size_bytes", "words_for_it"),
    [
        (0, "0.0 MB"),
        (440_000, "0.4 MB"),
        (44_400_000, "44 MB"),
        (999_400_000, "999 MB"),
        (1_234_000_000, "1.2 GB"),
        (250_000_000_000, "250 GB"),
    ],
)
def test_sizes_are_decimal_as_disks_are_sold(size_bytes: int, words_for_it: str) -> None:
    assert file_size(size_bytes) == words_for_it


@pytest.mark.parametrize("problem", ["disk_full", "empty", "codec", "too_long", "broken", "new"])
def test_each_problem_of_a_recording_has_a_sentence(problem: str) -> None:
    assert recording_problem(problem).endswith(".")
    assert recording_problem("") == ""
