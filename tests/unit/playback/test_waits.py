"""Waiting for a playlist: bounded, and over with the broadcast."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playback import waits as waits_module
from playback.marks import set_marks
from playback.waits import TooMany, Waits

A, B = "play_a", "play_b"


async def test_until_it_is_there_or_off_the_air(tmp_path: Path) -> None:
    set_marks(tmp_path, "air", [A, B])
    waits = Waits(tmp_path)
    first, second = (asyncio.create_task(waits.playlist(name, 20)) for name in (A, B))
    await asyncio.sleep(0)
    assert set(waits) == {A, B}
    (tmp_path / "hls" / A).mkdir(parents=True)
    (tmp_path / "hls" / A / "index.m3u8").touch()
    assert await first is True
    set_marks(tmp_path, "air", [A])
    assert await second is False
    assert set(waits) == set()
    assert await waits.playlist(B, 20) is False
    set_marks(tmp_path, "air", [B])
    assert await waits.playlist(B, 0.01) is False


async def test_there_are_only_so_many_places(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(waits_module, "MOST_OF_ONE", 2)
    monkeypatch.setattr(waits_module, "MOST_WAITING", 3)
    set_marks(tmp_path, "air", [A, B, "play_c"])
    waits = Waits(tmp_path)
    held = [asyncio.create_task(waits.playlist(name, 20)) for name in (A, A, B)]
    await asyncio.sleep(0)
    for name in (A, B, "play_c"):
        with pytest.raises(TooMany):
            await waits.playlist(name, 20)
    for one in held:
        one.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert list(waits) == []
    with waits.one(A):
        assert A in waits
