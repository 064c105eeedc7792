"""Which node a room is put on."""

from __future__ import annotations

import random

import pytest

from sfu_relay.events import RoomId
from sfu_relay.placement import LocalPlacement, NodeLoad, choose_node

CHANCE = random.Random(7)
ALL_READY = [NodeLoad("a:1", "ready", 5), NodeLoad("b:1", "ready", 2), NodeLoad("c:1", "ready", 2)]
ONE_READY = [
    NodeLoad("a:1", "down", 0),
    NodeLoad("b:1", "ready", 9),
    NodeLoad("c:1", "connecting", 0),
]
NONE_READY = [NodeLoad("a:1", "down", 0), NodeLoad("b:1", "connecting", 9)]
ALL_DOWN = [NodeLoad("a:1", "down", 0), NodeLoad("b:1", "down", 9)]


def test_roundrobin_takes_turns() -> None:
    chosen = [choose_node("roundrobin", ALL_READY, turn, CHANCE) for turn in range(4)]
    assert chosen == ["a:1", "b:1", "c:1", "a:1"]


def test_leastconn_takes_the_emptiest() -> None:
    assert choose_node("leastconn", ALL_READY, 0, CHANCE) == "b:1"


def test_random_reaches_all() -> None:
    chosen = {choose_node("random", ALL_READY, 0, CHANCE) for _ in range(100)}
    assert chosen == {"a:1", "b:1", "c:1"}


@pytest.mark.parametrize("method", ["random", "roundrobin", "leastconn"])
def test_the_healthiest_come_first(method: str) -> None:
    for turn in range(5):
        assert choose_node(method, ONE_READY, turn, CHANCE) == "b:1"
        assert choose_node(method, NONE_READY, turn, CHANCE) == "b:1"
        assert choose_node(method, ALL_DOWN, turn, CHANCE) in {"a:1", "b:1"}


def test_the_first_choice_holds_until_forgotten() -> None:
    store, room = LocalPlacement(), RoomId("r")
    assert store.get(room) is None
    assert store.put(room, "a:1") == "a:1"
    assert store.put(room, "b:1") == "a:1"
    store.forget_node("b:1")
    assert store.get(room) == "a:1"
    store.forget_node("a:1")
    assert store.put(room, "b:1") == "b:1"
    store.forget(room)
    assert store.get(room) is None
