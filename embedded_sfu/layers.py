"""Which simulcast layer a viewer gets. Pure: estimates, times and wishes in, a layer out.

A viewer starts as high as it may, falls at once and climbs after a while of head-room. Room for
the next layer can't be seen (see `downlink`), only tried: a try that ends in a fall doubles the
time before the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

RIDS = ("q", "h", "f")  # lowest first; "" is the only layer of a track without simulcast
CLIMB_AFTER_MS = 5_000
# A climb that falls again within this time was a mistake.
CLIMB_PROOF_MS = 10_000
MAX_CLIMB_AFTER_MS = 120_000
# A layer that is this far behind the liveliest one of its track has stopped.
STOPPED_AFTER_MS = 600


@dataclass(frozen=True, slots=True)
class LayerState:
    rid: str
    last_packet_ms: int
    bitrate: int  # bit/s, as measured from the publisher


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one viewer and one track between two choices."""

    climb_after_ms: int = CLIMB_AFTER_MS
    headroom_since_ms: int | None = None
    climbed_ms: int | None = None
    settled: bool = False  # it has fallen once; before that it may climb without waiting


@dataclass(frozen=True, slots=True)
class Choice:
    rid: str | None  # None: no layer is alive
    memory: Memory


def rank(rid: str) -> int:
    return RIDS.index(rid) if rid in RIDS else len(RIDS)


def alive(layers: Sequence[LayerState]) -> tuple[LayerState, ...]:
    """The layers that are being sent, lowest first. Quiet together means a still picture."""
    if not layers:
        return ()
    newest = max(layer.last_packet_ms for layer in layers)
    return tuple(
        sorted(
            (layer for layer in layers if newest - layer.last_packet_ms <= STOPPED_AFTER_MS),
            key=lambda layer: rank(layer.rid),
        )
    )


def choose(
    layers: Sequence[LayerState],
    *,
    current: str | None,
    most: str,
    budget: int | None,
    headroom: bool,
    memory: Memory,
    now_ms: int,
) -> Choice:
    """The layer to forward next.

    `current`: the one forwarded (or being switched to) now; `most`: highest wanted, "" for any;
    `budget`: bit/s this viewer has for this track, None while nothing limits it; `headroom`:
    whether its path would carry more than it gets.
    """
    live = alive(layers)
    if not live:
        return Choice(current, memory)
    wanted = tuple(layer for layer in live if not most or rank(layer.rid) <= rank(most))
    # Better a layer above the wish than none at all.
    wanted = wanted or live[:1]
    now = next((layer for layer in wanted if layer.rid == current), None)
    if now is None:
        below = tuple(
            layer for layer in wanted if current is None or rank(layer.rid) <= rank(current)
        )
        # Thrown off a layer that stopped: it may come and go, so climb back slowly.
        fresh = replace(_fresh(memory), settled=memory.settled or current is not None)
        return Choice((_fitting(below, budget) or wanted[0]).rid, fresh)
    if budget is not None and budget < now.bitrate:
        lower = tuple(layer for layer in wanted if rank(layer.rid) < rank(now.rid))
        if lower:
            return Choice((_fitting(lower, budget) or lower[0]).rid, _fallen(memory, now_ms))
        return Choice(now.rid, _fresh(memory))
    higher = next((layer for layer in wanted if rank(layer.rid) > rank(now.rid)), None)
    if higher is None:
        return Choice(now.rid, _proven(memory, now_ms))
    return _climb(now, higher, headroom, _proven(memory, now_ms), now_ms)


def _climb(
    now: LayerState, higher: LayerState, headroom: bool, memory: Memory, now_ms: int
) -> Choice:
    if not headroom:
        return Choice(now.rid, _fresh(memory))
    if memory.headroom_since_ms is None:
        memory = replace(memory, headroom_since_ms=now_ms)
    if memory.settled and now_ms - (memory.headroom_since_ms or 0) < memory.climb_after_ms:
        return Choice(now.rid, memory)
    return Choice(higher.rid, replace(_fresh(memory), climbed_ms=now_ms))


def _fitting(layers: Sequence[LayerState], budget: int | None) -> LayerState | None:
    """The highest that fits, the lowest if none does."""
    for layer in reversed(layers):
        if budget is None or layer.bitrate <= budget:
            return layer
    return layers[0] if layers else None


def _fresh(memory: Memory) -> Memory:
    return replace(memory, headroom_since_ms=None)


def _fallen(memory: Memory, now_ms: int) -> Memory:
    hasty = memory.climbed_ms is not None and now_ms - memory.climbed_ms < CLIMB_PROOF_MS
    after = min(memory.climb_after_ms * 2, MAX_CLIMB_AFTER_MS) if hasty else CLIMB_AFTER_MS
    return Memory(climb_after_ms=after, settled=True)


def _proven(memory: Memory, now_ms: int) -> Memory:
    if memory.climbed_ms is not None and now_ms - memory.climbed_ms >= CLIMB_PROOF_MS:
        return Memory(headroom_since_ms=memory.headroom_since_ms, settled=memory.settled)
    return memory


def share(budget: int | None, fixed: int, rates: Sequence[int]) -> tuple[int | None, ...]:
    """Each simulcast track's part of a viewer's budget, in proportion to what it gets now.

    `fixed`: bit/s of audio and of video without layers, which never drop.
    """
    if budget is None:
        return tuple(None for _ in rates)
    left, total = max(0, budget - fixed), sum(rates)
    return tuple(left * rate // total if total else left // len(rates) for rate in rates)
