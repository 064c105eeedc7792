"""What a viewer's browser shows: waited for, with the reason in the failure."""

from __future__ import annotations

from typing import Any

from .bridge import Client, until


async def plays(viewer: Client, stream: str, *, more: int = 10) -> float:
    """Wait for the first frame and for `more` after it; how long the first one took (ms)."""

    async def first() -> float | None:
        return await viewer.first_frame_ms(stream)

    took = await until(f"{viewer.uid} sees the first frame of {stream}", first, every=0.03)
    await frames_advance(viewer, more=more)
    return float(took)


async def frames(viewer: Client) -> dict[str, int]:
    video = (await viewer.stats())["video"]
    return {item["mid"]: item["frames"] or 0 for item in video}


async def frames_advance(viewer: Client, *, more: int = 10, streams: int = 1) -> None:
    before = await frames(viewer)

    async def advanced() -> Any:
        now = await frames(viewer)
        return sum(now[mid] >= before.get(mid, 0) + more for mid in now) >= streams

    await until(f"{viewer.uid} decodes {more} more frames of {streams} streams", advanced)


async def width_is(viewer: Client, width: int) -> None:
    async def check() -> Any:
        return [item for item in (await viewer.stats())["video"] if item["width"] == width]

    await until(f"{viewer.uid} decodes {width} pixels", check)
