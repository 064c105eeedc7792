"""What the pages draw: covers, the small graph, icons; and what they let in: the policy."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from live.pages.cover import cover_svg
from live.pages.icons import icon_svg
from live.pages.security import content_security_policy
from live.pages.spark import HEIGHT, WIDTH, spark
from tests.effort import few


@few
@given(st.text(max_size=40))
def test_a_cover_is_well_formed_and_always_the_same(seed: str) -> None:
    seed = seed.encode(errors="replace").decode()
    ElementTree.fromstring(cover_svg(seed))
    assert cover_svg(seed) == cover_svg(seed)
    assert "style=" not in cover_svg(seed)


@few
@given(st.lists(st.integers(min_value=0, max_value=10**9), max_size=6))
def test_bars_stay_inside_the_graph(values: list[int]) -> None:
    bars = spark(values)
    assert len(bars) == len(values)
    assert all(0 <= bar.x <= WIDTH - 6 and 2 <= bar.height <= HEIGHT for bar in bars)
    assert all(bar.y + bar.height == HEIGHT for bar in bars)


def test_the_highest_bar_is_full() -> None:
    assert [bar.height for bar in spark([0, 5, 10])] == [2, 10, 20]


def test_an_icon_without_its_file_is_an_empty_drawing(tmp_path: Path) -> None:
    with override_settings(ICONS_DIR=tmp_path):
        assert icon_svg("mic").endswith("></svg>")


def test_an_icon_is_put_in_without_scripts_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mic.svg").write_text(
        '<!-- c -->\n<svg\n  width="24">\n  <path d="M1 2" />\n</svg>'
    )
    with override_settings(ICONS_DIR=tmp_path):
        svg = icon_svg("mic", 'x" onload="y')
    assert '<path d="M1 2" />' in svg
    assert 'aria-hidden="true"' in svg
    assert "&quot;" in svg  # the class can't break out of its attribute


@pytest.mark.parametrize("name", ["../secret", "Mic", "", "a/b", "mic.svg"])
def test_an_icon_name_is_no_path(name: str, tmp_path: Path) -> None:
    with override_settings(ICONS_DIR=tmp_path), pytest.raises(ValueError, match="not the name"):
        icon_svg(name)


def test_the_policy_allows_our_own_host_only() -> None:
    policy = content_security_policy("example.org:8080")
    assert "connect-src 'self' ws://example.org:8080 wss://example.org:8080;" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "connect-src 'self';" in content_security_policy("")
