"""Which layer for whom, by table."""

from __future__ import annotations

import pytest

from embedded_sfu.layers import (
    CLIMB_AFTER_MS,
    CLIMB_PROOF_MS,
    MAX_CLIMB_AFTER_MS,
    Choice,
    LayerState,
    Memory,
    choose,
    share,
)

NOW = 100_000
Q, H, F = (
    LayerState("q", NOW, 150_000),
    LayerState("h", NOW, 500_000),
    LayerState("f", NOW, 2_000_000),
)
ALL = (F, H, Q)
SETTLED = Memory(settled=True)


def stopped(layer: LayerState) -> LayerState:
    return LayerState(layer.rid, NOW - 700, layer.bitrate)


def pick(
    layers: tuple[LayerState, ...],
    current: str | None,
    *,
    most: str = "",
    budget: int | None = None,
    headroom: bool = True,
    memory: Memory = SETTLED,
    now_ms: int = NOW,
) -> Choice:
    return choose(
        layers,
        current=current,
        most=most,
        budget=budget,
        headroom=headroom,
        memory=memory,
        now_ms=now_ms,
    )


@pytest.mark.parametrize(
    ("layers", "current", "most", "budget", "rid"),
    [
        (ALL, None, "", None, "f"),  # starts as high as it may
        (ALL, None, "h", None, "h"),
        (ALL, None, "", 600_000, "h"),
        (ALL, None, "", 1_000, "q"),
        ((F,), None, "q", None, "f"),  # better a layer above the wish than none
        ((LayerState("", NOW, 9),), None, "q", None, ""),  # no simulcast: the only one there is
        (ALL, "f", "", 600_000, "h"),  # falls at once
        (ALL, "f", "", 1_000, "q"),
        (ALL, "q", "", 1_000, "q"),  # nowhere to fall
        (ALL, "f", "q", None, "q"),  # pinned lower
        ((stopped(F), H, Q), "f", "", None, "h"),  # a layer that stops is left
        ((stopped(F), stopped(H), Q), "f", "", None, "q"),
        ((F, stopped(H), stopped(Q)), "q", "", None, "f"),  # or for any live one
        ((stopped(F), stopped(H), stopped(Q)), "f", "", None, "f"),  # a still picture
        ((), None, "", None, None),
        (ALL, "h", "", None, "h"),  # climbs later, see below
    ],
)
def test_choice(
    layers: tuple[LayerState, ...],
    current: str | None,
    most: str,
    budget: int | None,
    rid: str | None,
) -> None:
    assert pick(layers, current, most=most, budget=budget).rid == rid


def test_a_newcomer_climbs_without_waiting() -> None:
    """The layers of a publisher come one after the other within its first second."""
    first = pick((Q,), None, memory=Memory())
    assert first.rid == "q"
    second = pick((Q, H), "q", memory=first.memory)
    assert second.rid == "h"
    assert pick(ALL, "h", memory=second.memory).rid == "f"


def test_climbs_after_five_seconds_of_headroom() -> None:
    waiting = pick(ALL, "h")
    assert waiting.rid == "h"
    early = pick(ALL, "h", memory=waiting.memory, now_ms=NOW + CLIMB_AFTER_MS - 1)
    assert early.rid == "h"
    assert pick(ALL, "h", memory=early.memory, now_ms=NOW + CLIMB_AFTER_MS).rid == "f"


def test_headroom_must_not_be_interrupted() -> None:
    waiting = pick(ALL, "h")
    broken = pick(ALL, "h", headroom=False, memory=waiting.memory, now_ms=NOW + 4_000)
    assert pick(ALL, "h", memory=broken.memory, now_ms=NOW + CLIMB_AFTER_MS).rid == "h"


def test_a_hasty_climb_doubles_the_wait_and_a_proven_one_forgives() -> None:
    memory, now_ms, waits = Memory(settled=True), NOW, []
    for _ in range(7):
        choice = pick(ALL, "h", memory=memory, now_ms=now_ms)
        since = now_ms
        while choice.rid == "h":
            now_ms += 250
            choice = pick(ALL, "h", memory=choice.memory, now_ms=now_ms)
        waits.append(now_ms - since)
        now_ms += 1_000
        memory = pick(ALL, "f", budget=600_000, memory=choice.memory, now_ms=now_ms).memory
    assert waits[:3] == [CLIMB_AFTER_MS, 2 * CLIMB_AFTER_MS, 4 * CLIMB_AFTER_MS]
    assert waits[-1] == MAX_CLIMB_AFTER_MS
    climbed = Memory(climb_after_ms=80_000, climbed_ms=NOW, settled=True)
    proven = pick(ALL, "f", memory=climbed, now_ms=NOW + CLIMB_PROOF_MS).memory
    assert proven.climb_after_ms == CLIMB_AFTER_MS


def test_whoever_was_thrown_off_climbs_back_slowly() -> None:
    thrown = pick((stopped(F), H, Q), "f", memory=Memory())
    back = pick(ALL, "h", memory=thrown.memory)
    assert back.rid == "h"
    assert pick(ALL, "h", memory=back.memory, now_ms=NOW + CLIMB_AFTER_MS).rid == "f"


@pytest.mark.parametrize(
    ("budget", "fixed", "rates", "parts"),
    [
        (None, 0, (1, 2), (None, None)),
        (1000, 100, (100, 200), (300, 600)),
        (50, 100, (100, 200), (0, 0)),  # audio never drops
        (1000, 0, (0, 0), (500, 500)),
        (1000, 0, (), ()),
    ],
)
def test_share(
    budget: int | None, fixed: int, rates: tuple[int, ...], parts: tuple[int | None, ...]
) -> None:
    assert share(budget, fixed, rates) == parts
