"""One SFU in this process and one headless Chromium per test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc.aio
import pytest
from playwright.async_api import BrowserContext, async_playwright

from embedded_sfu.config import Config, found_addresses
from embedded_sfu.service import Sfu

from .bridge import Client

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

Open = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    running = Sfu(Config("127.0.0.1", 0, 0, found_addresses()))
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def channel(sfu: Sfu) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{sfu.grpc_port}") as opened:
        yield opened


@pytest.fixture
async def chromium(missing_part: Callable[[str], None]) -> AsyncIterator[BrowserContext]:
    if shutil.which(CHROMIUM) is None:
        missing_part(f"Chromium at {CHROMIUM} (Debian package chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield await browser.new_context(permissions=["camera", "microphone"])
        await browser.close()


@pytest.fixture
async def client(chromium: BrowserContext, channel: grpc.aio.Channel) -> AsyncIterator[Open]:
    opened: list[Client] = []

    async def make(uid: str) -> Client:
        opened.append(await Client.open(chromium, channel, uid))
        return opened[-1]

    yield make
    for one in opened:
        await one.close()
