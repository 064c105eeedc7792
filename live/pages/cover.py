"""Pure: a drawn cover for a room without a picture; the same room always has the same one."""

from __future__ import annotations

import hashlib
import math

# Dark to light, quiet enough for white badges on top.
PALETTES = (
    ("#0d2b36", "#1f7f7c"),
    ("#2a1a3e", "#8a4a86"),
    ("#16223f", "#3d72ad"),
    ("#33190f", "#b0683a"),
    ("#10281b", "#468a5c"),
    ("#231b4a", "#6f68c9"),
    ("#1a2b22", "#8f9a45"),
    ("#2e220d", "#a3873a"),
    ("#0b2644", "#2a96b4"),
    ("#3a1530", "#b0567a"),
)
WIDTH, HEIGHT = 640, 360


def _wave(base: float, swell: float, turns: float, phase: float) -> str:
    """A filled wave from `base` down to the lower edge."""
    steps = 24
    points = []
    for step in range(steps + 1):
        x = WIDTH * step / steps
        y = base + swell * math.sin(phase + turns * math.tau * step / steps)
        points.append(f"{x:.0f} {y:.0f}")
    return f"M0 {HEIGHT}L{'L'.join(points)}L{WIDTH} {HEIGHT}Z"


def cover_svg(seed: str) -> str:
    """An SVG of 640×360 drawn from `seed` (a room id): two colours, a light and three waves."""
    digest = hashlib.sha256(seed.encode()).digest()
    dark, light = PALETTES[digest[0] % len(PALETTES)]
    share = [byte / 255 for byte in digest]
    sun_x, sun_y = 120 + 400 * share[1], 30 + 110 * share[2]
    waves = "".join(
        f'<path d="{_wave(base, swell, turns, phase)}" fill="{dark}" fill-opacity="{opacity}"/>'
        for base, swell, turns, phase, opacity in (
            (190 + 30 * share[3], 26 + 16 * share[4], 0.8 + share[5], math.tau * share[6], 0.30),
            (240 + 20 * share[7], 18 + 16 * share[8], 1.1 + share[9], math.tau * share[10], 0.45),
            (295, 12 + 12 * share[11], 1.4 + share[12], math.tau * share[13], 0.65),
        )
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="xMidYMid slice"><defs>'
        f'<linearGradient id="g" x1="0" y1="1" x2="{0.4 + 0.6 * share[14]:.2f}" y2="0">'
        f'<stop stop-color="{dark}"/><stop offset="1" stop-color="{light}"/></linearGradient>'
        f'<radialGradient id="s"><stop stop-color="#fff" stop-opacity="0.55"/>'
        f'<stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient></defs>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#g)"/>'
        f'<circle cx="{sun_x:.0f}" cy="{sun_y:.0f}" r="{110 + 60 * share[15]:.0f}" fill="url(#s)"/>'
        f"{waves}</svg>"
    )
