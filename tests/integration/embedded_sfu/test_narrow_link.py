"""A real Chromium behind a link that gets narrow and wide again: its picture follows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, async_playwright

from embedded_sfu.config import Config
from embedded_sfu.service import Sfu

from .bridge import Client, until
from .conftest import ARGUMENTS, CHROMIUM, Open
from .narrow_link import NarrowLink, narrow_link
from .seen import frames_advance, plays

pytestmark = pytest.mark.media

FULL_WIDTH = 1280
WIDE_KBPS, NARROW_KBPS = 3_000, 400


@pytest.fixture
def link(missing_part: Callable[[str], None]) -> Iterator[NarrowLink]:
    with narrow_link(missing_part) as made:
        yield made


@pytest.fixture
async def sfu(link: NarrowLink) -> AsyncIterator[Sfu]:
    running = Sfu(Config("127.0.0.1", 0, 0, (link.host_ip, "127.0.0.1")))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def far_chromium(
    link: NarrowLink, chromium: BrowserContext, tmp_path: Path
) -> AsyncIterator[BrowserContext]:
    """At the far end of the link. `chromium`: that the program is there at all."""
    executable = str(link.browser(CHROMIUM, tmp_path))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield await browser.new_context()
        await browser.close()


async def secs_until_width(
    what: str, viewer: Client, right: Callable[[int], bool], within_secs: float
) -> float:
    began = time.monotonic()

    async def check() -> Any:
        video = (await viewer.stats())["video"]
        return video and right(video[0]["width"] or 0)

    await until(f"the picture {what}", check, within_secs=within_secs)
    return time.monotonic() - began


@pytest.mark.timeout(300)  # 30-45 s on a quiet machine; so that a failure is told by its reason
async def test_the_picture_follows_the_width_of_the_link(
    client: Open, far_chromium: BrowserContext, channel: Any, link: NarrowLink
) -> None:
    publisher = await client("publisher")
    viewer = await Client.open(far_chromium, channel, "viewer")
    try:
        stream = await publisher.publish("room", codec="H264", layers=True, width=1280, height=720)
        await viewer.watch("room")
        first_ms = await plays(viewer, stream)
        full = await secs_until_width("is full", viewer, lambda width: width == FULL_WIDTH, 20)
        await frames_advance(viewer, more=60)

        link.carries(kbps=NARROW_KBPS)
        fall = await secs_until_width("falls", viewer, lambda width: 0 < width < FULL_WIDTH, 15)
        await frames_advance(viewer, more=60)
        narrow = (await viewer.stats())["video"][0]

        link.carries(kbps=WIDE_KBPS)
        climb = await secs_until_width("climbs", viewer, lambda width: width == FULL_WIDTH, 100)
        await frames_advance(viewer, more=30)
        print(
            f"first frame {first_ms:.0f} ms, full width {full:.1f} s later; {NARROW_KBPS} kbit/s: "
            f"{narrow['width']} pixels after {fall:.1f} s, {narrow['freezes']} freezes so far; "
            f"{WIDE_KBPS} kbit/s: full again after {climb:.1f} s"
        )
        assert not viewer.errors and not publisher.errors
    finally:
        await viewer.close()
