"""Which node a room sits on: the choice is pure, the memory of it sits behind a Protocol."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu_relay.events import RoomId


@dataclass(frozen=True, slots=True)
class NodeLoad:
    address: str
    state: str  # "ready" | "connecting" | "down"
    peers: int


_PREFERENCE = {"ready": 0, "connecting": 1, "down": 2}


def choose_node(method: str, loads: Sequence[NodeLoad], turn: int, chance: random.Random) -> str:
    """Pick a node for a new room, of the healthiest ones. `turn` counts the choices so far.

    There is always an answer: with every node down a join is still tried, until its time is up.
    """
    best = min(_PREFERENCE[load.state] for load in loads)
    candidates = [load for load in loads if _PREFERENCE[load.state] == best]
    match method:
        case "random":
            return chance.choice(candidates).address
        case "leastconn":
            fewest = min(load.peers for load in candidates)
            return next(load.address for load in candidates if load.peers == fewest)
        case _:
            return candidates[turn % len(candidates)].address


class PlacementStore(Protocol):
    """Remembers rooms' nodes. One process: a dict; several: one store that all of them share."""

    def get(self, room_id: RoomId) -> str | None: ...

    def put(self, room_id: RoomId, address: str) -> str:
        """Keep the choice and return the one that holds (somebody may have been first)."""
        ...

    def forget(self, room_id: RoomId) -> None: ...

    def forget_node(self, address: str) -> None: ...


class LocalPlacement:
    """Placement within one process."""

    def __init__(self) -> None:
        self._nodes: dict[RoomId, str] = {}

    def get(self, room_id: RoomId) -> str | None:
        return self._nodes.get(room_id)

    def put(self, room_id: RoomId, address: str) -> str:
        return self._nodes.setdefault(room_id, address)

    def forget(self, room_id: RoomId) -> None:
        self._nodes.pop(room_id, None)

    def forget_node(self, address: str) -> None:
        self._nodes = {room: node for room, node in self._nodes.items() if node != address}
