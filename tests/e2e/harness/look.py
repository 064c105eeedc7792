"""Looks at a page at two widths, in both languages and themes: screenshots, no overflow, axe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

ROOT = Path(__file__).resolve().parents[3]
SCREENSHOTS = ROOT / "var" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES = ("en", "zh-hans")
THEMES = ("light", "dark")
WIDTHS = {390: 844, 1280: 800}  # width: height
BAD = {"serious", "critical"}
# What a page asked for and did not get on purpose (the 404 page itself).
EXPECTED = "Failed to load resource"
FIND_BAD = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    const why = n => (n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? "";
    return found.violations.map(v => ({
        id: v.id, impact: v.impact, nodes: v.nodes.map(n => `${n.target.join(" ")}: ${why(n)}`)}));
}"""


@dataclass
class Look:
    """Looks at pages in all eight ways and keeps what is wrong with them."""

    name: str
    axe: str
    wrong: list[str] = field(default_factory=list)

    def all_ways(self, page: Page, path: str, ready: Callable[[Page], object]) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type == "error" and EXPECTED not in message.text:
                self.wrong.append(f"console: {message.text}")

        page.on("console", heard)
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        for language in LANGUAGES:
            choose_language(page.context, page.url, language)
            page.goto(path)
            ready(page)
            self.every_theme_and_width(page, language)
        assert not self.wrong, "\n".join(self.wrong)

    def every_theme_and_width(self, page: Page, language: str) -> None:
        page.evaluate(self.axe)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            for width, height in WIDTHS.items():
                page.set_viewport_size({"width": width, "height": height})
                self.one_way(page, f"{self.name}-{language}-{theme}-{width}", theme, width)

    def one_way(self, page: Page, what: str, theme: str, width: int) -> None:
        page.screenshot(path=SCREENSHOTS / f"{what}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self.wrong.append(f"{what}: {wide} px wide in a window of {width} px")
        if page.locator("html[lang^=zh]").count() and theme == "light":
            return  # another language changes neither colours nor structure
        for found in page.evaluate(FIND_BAD):
            if found["impact"] in BAD:
                nodes = "; ".join(found["nodes"][:3])
                self.wrong.append(f"{what}: {found['impact']} {found['id']}: {nodes}")


def choose_language(context: BrowserContext, url: str, language: str) -> None:
    base = url.split("/", 3)
    context.add_cookies(
        [{"name": "django_language", "value": language, "url": f"{base[0]}//{base[2]}"}]
    )


def axe_source(missing_part: Callable[[str], None]) -> str:
    """axe-core, to be evaluated in a page."""
    if not AXE.exists():
        missing_part("axe-core is missing: run `npm ci`")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return AXE.read_text()
