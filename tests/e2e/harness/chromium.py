"""Chromium with the fake camera and microphone, for tests and for bench/latency."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.harness.camera import camera_file, microphone_file

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


def find_chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextlib.contextmanager
def launched(program: str) -> Iterator[Browser]:
    """Its camera shows frame numbers and its microphone hears chords."""
    media = [
        f"--use-file-for-fake-video-capture={camera_file()}",
        f"--use-file-for-fake-audio-capture={microphone_file()}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, headless=True, args=[*FLAGS, *media]
        )
        yield chromium
        chromium.close()
