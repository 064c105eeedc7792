"""Waiting for a playlist: bounded, and over with the broadcast."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playback import waits as waits_module
from playback import wishes
from playback.marks import set_marks
from playback.waits import TooMany, TooManyOfOne, Waits
from playback.wishes import Wishes, network_of

A, B = "play_a", "play_b"


async def test_until_it_is_there_or_off_the_air(tmp_path: Path) -> None:
    set_marks(tmp_path, "air", [A, B])
    waits = Waits(tmp_path)
    first, second = (asyncio.create_task(waits.playlist(name, secs=20)) for name in (A, B))
    await asyncio.sleep(0)
    assert set(waits) == {A, B}
    (tmp_path / "hls" / A).mkdir(parents=True)
    (tmp_path / "hls" / A / "index.m3u8").touch()
    assert await first is True
    set_marks(tmp_path, "air", [A])
    assert await second is False
    assert set(waits) == set()
    assert await waits.playlist(B, secs=20) is False
    set_marks(tmp_path, "air", [B])
    assert await waits.playlist(B, secs=0.01) is False


async def test_there_are_only_so_many_places(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(waits_module, "MOST_OF_ONE", 2)
    monkeypatch.setattr(waits_module, "MOST_WAITING", 3)
    set_marks(tmp_path, "air", [A, B, "play_c"])
    waits = Waits(tmp_path)
    held = [asyncio.create_task(waits.playlist(name, secs=20)) for name in (A, A, B)]
    await asyncio.sleep(0)
    for name in (A, B, "play_c"):
        with pytest.raises(TooMany):
            await waits.playlist(name, secs=20)
    for one in held:
        one.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert list(waits) == []
    with waits.one(A):
        assert A in waits


async def test_an_address_has_only_so_many_places(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(waits_module, "MOST_BY_ADDRESS", 2)
    set_marks(tmp_path, "air", [A, B])
    waits = Waits(tmp_path)
    addresses = ("2001:db8::1", "2001:db8::2")  # one network
    held = [asyncio.create_task(waits.playlist(A, address, 20)) for address in addresses]
    await asyncio.sleep(0)
    for address in ("2001:db8::3", "2001:db8::1"):
        with pytest.raises(TooManyOfOne):
            await waits.playlist(B, address, 20)
    others = [asyncio.create_task(waits.playlist(B, name, 20)) for name in ("192.0.2.1", "")]
    await asyncio.sleep(0)
    assert set(waits) == {A, B}
    for one in (*held, *others):
        one.cancel()
    await asyncio.gather(*held, *others, return_exceptions=True)
    with waits.one(A, "2001:db8::3"):
        assert A in waits


async def test_who_asks_again_and_again_has_no_more_started(tmp_path: Path) -> None:
    names = [f"play_{n}" for n in range(wishes.MOST + 1)]
    set_marks(tmp_path, "air", names)
    waits = Waits(tmp_path)
    for name in names[:-1]:
        assert await waits.playlist(name, "192.0.2.1", 0) is False
    with pytest.raises(TooManyOfOne):
        await waits.playlist(names[-1], "192.0.2.1", 0)
    assert await waits.playlist(names[0], "192.0.2.1", 0) is False  # one that it has wished for
    (tmp_path / "hls" / names[-1]).mkdir(parents=True)
    (tmp_path / "hls" / names[-1] / "index.m3u8").touch()
    assert await waits.playlist(names[-1], "192.0.2.1", 0) is True  # somebody feeds it


def test_wishes_are_forgotten_and_what_was_there_at_once_was_none() -> None:
    made = Wishes()
    first = made.make("n", "play_0", 0.0)
    assert first is not None and made.make("n", "play_0", wishes.SAME_SECS - 1) == first
    made.came_true("n", first, 0.5)
    for number in range(wishes.MOST):
        assert made.make("n", f"play_{number}", 20.0 + number) is not None
    assert made.make("n", "play_x", 40.0) is None
    assert made.make("m", "play_x", 40.0) is not None
    late = made.make("n", "play_x", 21.0 + wishes.WITHIN_SECS)
    assert late is not None
    made.came_true("n", late, late[0] + wishes.AT_ONCE_SECS)  # a bridge was started for it
    assert made.make("n", "play_y", late[0]) is None


def test_what_is_remembered_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(wishes, "MOST_NETWORKS", 3)
    made = Wishes()
    for number in range(10):
        made.make(f"n{number}", "play_a", 0.0)
    assert len(made._made) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
