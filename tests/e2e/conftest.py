"""One browser for all, and sites: a shared one, and fresh ones for tests that break things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import Visitor, visitor
from tests.e2e.harness.chromium import find_chromium, launched
from tests.e2e.harness.site import Site


@pytest.fixture(scope="session")
def browser(missing_part: Callable[[str], None]) -> Iterator[Browser]:
    """Chromium whose camera shows frame numbers and whose microphone hears chords."""
    program = find_chromium()
    if program is None:
        missing_part("no Chromium: apt-get install chromium, or set CHROMIUM to the program")
    with launched(program) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """MicroVibe as `make run` starts it, shared by tests that leave it in order."""
    with sites.running(tmp_path_factory.mktemp("site") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def breakable_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One whose processes the tests of a module may kill."""
    with sites.running(tmp_path_factory.mktemp("breakable") / "var") as running:
        yield running


@pytest.fixture
def person(browser: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """`person("demo")` or `person()` for a guest; `at=` another site. All go home at the end."""
    with ExitStack() as leaving:

        def arrive(username: str | None = None, at: Site | None = None) -> Visitor:
            return leaving.enter_context(visitor(browser, at or site, username))

        yield arrive


@pytest.fixture
def room_id(site: Site, request: pytest.FixtureRequest) -> str:
    """A room of its own for each test."""
    return site.create_room(request.node.name[:60])


@pytest.fixture
def show() -> Callable[[str], None]:
    """Print a measurement where it is seen even when the test passes."""
    folder = Path(__file__).resolve().parents[2] / "var"

    def write(line: str) -> None:
        folder.mkdir(exist_ok=True)
        with (folder / "e2e-measurements.txt").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        MEASUREMENTS.append(line)

    return write


MEASUREMENTS: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MEASUREMENTS:
        terminalreporter.section("measured (goals are in the README; nothing here is asserted)")
        for line in MEASUREMENTS:
            terminalreporter.write_line("  " + line)
