"""Every page at two widths, in both languages and themes; with OBS: test_pages_with_obs.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse
from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import visitor
from tests.e2e.harness.look import SCREENSHOTS, WIDTHS, Look, axe_source
from tests.e2e.harness.site import Site


@pytest.fixture(scope="module")
def axe(missing_part: Callable[[str], None]) -> str:
    return axe_source(missing_part)


@pytest.fixture(scope="module")
def quiet_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Nobody else's rooms on its pages."""
    with sites.running(tmp_path_factory.mktemp("look") / "var") as running:
        yield running


def arrive(browser: Browser, site: Site, username: str | None) -> Iterator[Page]:
    with visitor(browser, site, username) as someone:
        page = someone.open("/sign-in")
        yield page


@pytest.fixture(scope="module")
def guest(browser: Browser, quiet_site: Site) -> Iterator[Page]:
    yield from arrive(browser, quiet_site, None)


@pytest.fixture(scope="module")
def demo(browser: Browser, quiet_site: Site) -> Iterator[Page]:
    yield from arrive(browser, quiet_site, "demo")


@pytest.fixture(scope="module")
def own_room(quiet_site: Site) -> str:
    return quiet_site.create_room("早安咖啡 · Morning coffee")


@pytest.fixture(scope="module")
def others_room(quiet_site: Site) -> str:
    body = {"title": "Staff only", "streaming_mode": "webrtc"}
    token = quiet_site.token("staff")
    status, answer = quiet_site.call("POST", "/api/v1/live/create", body, token)
    assert status in {200, 201}, answer
    return str(answer["data"]["room_id"])


@pytest.fixture(scope="class")
def on_air(browser: Browser, quiet_site: Site, own_room: str) -> Iterator[Page]:
    """The studio page of a room that is live; over when the class is, since encoding is slow."""
    with visitor(browser, quiet_site, "demo") as streamer:
        page = browse.open_studio(streamer, own_room, "?simulcast=0")
        browse.go_live(page)
        yield page
        browse.end_live(page)
        browse.wait_for_state(page, "#studio", "ended")


def at_once(page: Page) -> Any:
    return page.locator("main").wait_for()


def until_state(selector: str, state: str) -> Callable[[Page], Any]:
    return lambda page: browse.wait_for_state(page, selector, state)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("home-empty", "/"),
        ("sign-in", "/sign-in"),
        ("sign-up", "/sign-up"),
        ("not-found", "/nothing/here"),
    ],
)
def test_pages_of_a_guest(name: str, path: str, guest: Page, axe: str) -> None:
    Look(name, axe).all_ways(guest, path, at_once)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("room-new", "/rooms/new"),
        ("room-edit", "/rooms/{own}/edit"),
        ("room-key", "/rooms/{own}/key"),
        ("forbidden", "/studio/{others}"),
    ],
)
def test_pages_of_a_streamer(
    name: str, path: str, demo: Page, own_room: str, others_room: str, axe: str
) -> None:
    Look(name, axe).all_ways(demo, path.format(own=own_room, others=others_room), at_once)


def test_studio_before_going_live(demo: Page, own_room: str, axe: str) -> None:
    Look("studio-ready", axe).all_ways(
        demo, f"/studio/{own_room}", lambda page: page.locator("#go-live:enabled").wait_for()
    )


class TestWhileLive:
    def test_home(self, guest: Page, on_air: Page, axe: str) -> None:
        Look("home-live", axe).all_ways(
            guest, "/", lambda page: page.locator(".room-card .is-live").wait_for()
        )

    def test_watch(self, guest: Page, on_air: Page, own_room: str, axe: str) -> None:
        Look("watch", axe).all_ways(guest, f"/live/{own_room}", until_state("#player", "live"))

    def test_studio(self, on_air: Page, axe: str) -> None:
        """In the language it was opened in: a reload while live is another test's matter."""
        look = Look("studio-live", axe)
        look.every_theme_and_width(on_air, "en")
        assert not look.wrong, "\n".join(look.wrong)

    def test_home_keeps_its_counts_true(
        self, browser: Browser, quiet_site: Site, on_air: Page, own_room: str
    ) -> None:
        """A viewer comes; the card on a page that was open before says so, without a reload."""
        with visitor(browser, quiet_site) as someone, visitor(browser, quiet_site) as viewer:
            home = someone.open("/")
            viewers = home.locator(f"[data-room={own_room}] [data-viewers]")
            before = int(viewers.inner_text())
            browse.wait_for_state(browse.watch(viewer, own_room), "#player", "live")
            sites.wait_for(
                "the card counts one viewer more", lambda: int(viewers.inner_text()) > before, 30
            )


def test_dashboard(demo: Page, own_room: str, axe: str) -> None:
    """After the show: it is in the table."""
    Look("dashboard", axe).all_ways(demo, "/dashboard", at_once)


def test_the_page_to_try_the_api(guest: Page, axe: str) -> None:
    """Swagger UI's own work, so axe is not asked; it must stand under our policy."""
    problems: list[str] = []
    guest.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    guest.emulate_media(color_scheme="light")
    guest.goto("/api/docs")
    guest.locator(".opblock").first.wait_for()
    for width, height in WIDTHS.items():
        guest.set_viewport_size({"width": width, "height": height})
        guest.screenshot(path=SCREENSHOTS / f"api-docs-{width}.png")
    assert not problems


def test_the_menu_switches_theme_and_language(browser: Browser, quiet_site: Site) -> None:
    with visitor(browser, quiet_site) as someone:
        page = someone.open("/")
        page.locator(".menu > summary").click()
        page.locator("[data-theme-switch] [data-theme=dark]").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.locator("[name=language][value=zh-hans]").click()
        page.locator("html[lang=zh-hans]").wait_for()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert someone.problems == []


def test_the_dashboard_shows_copies_and_rotates_the_key(
    browser: Browser, quiet_site: Site, own_room: str
) -> None:
    with visitor(browser, quiet_site, "demo") as streamer:
        streamer.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = streamer.open("/dashboard")
        card = page.locator(f"[data-room={own_room}]")
        key = card.locator("[data-key]")
        assert key.inner_text().strip("•") == ""
        card.locator("[data-copy-key]").first.click()  # the other one is for WHIP
        card.locator("[data-copy-key].is-done").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        card.locator("[data-reveal]").click()
        page.wait_for_function("key => document.body.innerText.includes(key)", arg=copied)
        card.locator("[data-rotate]").click()
        page.locator("#rotate-dialog [value=cancel]").click()
        assert key.inner_text() == copied
        card.locator("[data-rotate]").click()
        page.locator("#rotate-dialog [value=rotate]").click()
        page.wait_for_function("key => !document.body.innerText.includes(key)", arg=copied)
        assert len(key.inner_text()) == len(copied)
        card.locator("[data-reveal]").click()
        assert key.inner_text().strip("•") == ""
