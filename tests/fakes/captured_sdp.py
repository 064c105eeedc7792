"""The SDPs that Chromium 156 really made (tests/data/sdp)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data" / "sdp"
PUBLISHER_OFFERS = (
    "publisher-addtrack",
    "publisher-all",
    "publisher-av1",
    "publisher-h264",
    "publisher-h264-simulcast",
    "publisher-screen-added",
    "publisher-screen-removed",
    "publisher-screen-stopped",
    "publisher-vp8",
    "publisher-vp8-simulcast",
    "publisher-vp9",
)


@cache
def captured(name: str) -> str:
    """The text as it came out of the browser, CRLF and all."""
    return (FOLDER / f"{name}.sdp").read_bytes().decode("ascii")


def with_line_after(sdp: str, marker: str, line: str) -> str:
    """Put a line behind the first one that begins with `marker`."""
    lines = sdp.split("\r\n")
    at = next(i for i, each in enumerate(lines) if each.startswith(marker))
    return "\r\n".join([*lines[: at + 1], line, *lines[at + 1 :]])


def with_line_replaced(sdp: str, marker: str, line: str | None, count: int = 1) -> str:
    """Replace the first `count` lines that begin with `marker`; None takes them out."""
    kept: list[str] = []
    for each in sdp.split("\r\n"):
        if count and each.startswith(marker):
            count -= 1
            if line is not None:
                kept.append(line)
        else:
            kept.append(each)
    assert not count, f"no line begins with {marker!r}"
    return "\r\n".join(kept)
