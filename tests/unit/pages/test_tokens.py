"""Colours: both ways to be dark say the same, and text can be read on every surface (WCAG AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[3] / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text()
# The admin has style sheets of its own, without layers.
SHEETS = sorted(path for path in CSS.rglob("*.css") if not path.name.startswith("admin"))
SURFACES = ("bg", "surface", "surface-2")
# Text on what it lies on: 4.5 to 1. Lines that mark an input: 3 to 1.
TEXT_PAIRS = [
    *((text, on) for text in ("text", "text-muted", "danger", "ok", "warn") for on in SURFACES),
    *(("accent", on) for on in ("bg", "surface", "surface-2", "accent-soft")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-live", "live"),
    ("on-live", "live-strong"),
    ("live-text", "surface"),
    ("text", "accent-soft"),
    *((name, f"{name}-soft") for name in ("danger", "ok", "warn")),
]
LINE_PAIRS = [("line-strong", "surface"), ("line-strong", "bg"), ("accent", "surface")]


def blocks() -> dict[str, dict[str, str]]:
    tokens = re.sub(r"/\*.*?\*/", "", TOKENS, flags=re.DOTALL)
    light, _, rest = tokens.partition("@media (prefers-color-scheme: dark)")
    by_system, _, by_switch = rest.partition(':root[data-theme="dark"]')
    parts = {"light": light, "dark": by_system, "switched": by_switch}
    return {name: dict(re.findall(r"--([\w-]+):\s*([^;]+);", css)) for name, css in parts.items()}


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_dark_by_system_and_dark_by_switch_are_the_same() -> None:
    found = blocks()
    assert found["dark"] == found["switched"]
    assert set(found["dark"]) < set(found["light"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast(theme: str) -> None:
    tokens = blocks()[theme]
    poor = {
        f"{text} on {on}": round(contrast(tokens[text], tokens[on]), 2)
        for pairs, least in ((TEXT_PAIRS, 4.5), (LINE_PAIRS, 3.0))
        for text, on in pairs
        if contrast(tokens[text], tokens[on]) < least
    }
    assert not poor


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_style_sheet_keeps_to_the_rules(path: Path) -> None:
    """In a layer, without !important, with tokens that exist."""
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert css.lstrip().startswith(("@layer", "@charset"))
    assert "!important" not in css
    declared = set(re.findall(r"--[\w-]+(?=:)", css)) | set(re.findall(r"--[\w-]+(?=:)", TOKENS))
    # A fallback (`var(--x, …)`) means that the script sets it.
    assert set(re.findall(r"var\((--[\w-]+)\)", css)) <= declared
