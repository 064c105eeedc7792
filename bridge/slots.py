"""Who has one of the few places, and one of the fewer slots for converting pictures. Pure.

The rules are in docs/bridge.md, "Slots": a slot is kept while nobody waits for one. Somebody who
waits for longer than `WAIT_SECS` gets that of who has had it longest, `HOLD_SECS` at least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from bridge.plan_terms import Wish

LUXURIES: Final = ("restream", "ladder")  # of a person's own jobs they come last
# A page reloaded, an encoder started anew: over before anybody had to yield for it.
WAIT_SECS: Final = 60.0
# Each exchange is a freeze for the viewers of one room, and takes the picture from them.
HOLD_SECS: Final = 600.0


def by_turns(wishes: Iterable[Wish], has: Mapping[int, int] | None = None) -> list[Wish]:
    """One of each owner, then the next of each: nobody's many rooms keep the others out.

    Of one owner in the order given, luxuries last. `has`: what an owner has already.
    """
    turns: Counter[int] = Counter(has or {})
    found = []
    for wish in sorted(wishes, key=lambda wish: wish.job.kind in LUXURIES):
        found.append((turns[wish.job.owner], wish))
        turns[wish.job.owner] += 1
    return [wish for _, wish in sorted(found, key=lambda one: one[0])]


def slots_of(wishes: Iterable[Wish], most: int, now: float) -> frozenset[str]:
    """Keys of the jobs that may convert.

    Qualities get what is left, and give it back: viewers have the source without them, but
    nothing at all where a picture can't be converted.
    """
    wishes = list(wishes)
    given: list[Wish] = []
    for luxury in (False, True):
        these = [wish for wish in wishes if (wish.job.kind == "ladder") is luxury]
        free = max(0, most - len(given))
        holding = [wish for wish in these if _has_slot(wish)]
        if luxury:
            holding = holding[:free]
        given += _given(holding, [wish for wish in these if not _has_slot(wish)], free, now)
    return frozenset(wish.job.key for wish in given)


def _given(holding: list[Wish], others: Iterable[Wish], most: int, now: float) -> list[Wish]:
    waiting = [wish for wish in others if wish.costs]
    free = max(0, most - len(holding))
    first = _in_turn(waiting, holding, now)[:free]
    holding = holding + first
    waiting = [wish for wish in waiting if wish not in first and _waited(wish, now) >= WAIT_SECS]
    while (exchange := _next_exchange(holding, waiting, now)) is not None:
        gives, gets = exchange
        holding = [wish for wish in holding if wish is not gives] + [gets]
        waiting = [wish for wish in waiting if wish is not gets]
    return holding


def _in_turn(waiting: Iterable[Wish], holding: Iterable[Wish], now: float) -> list[Wish]:
    """Rooms with viewers first, by turns of owners, of each who has waited longest."""
    longest = sorted(waiting, key=lambda wish: -_waited(wish, now))
    in_turn = by_turns(longest, _count(holding))
    return sorted(in_turn, key=lambda wish: not wish.watched)


def _next_exchange(
    holding: Iterable[Wish], waiting: Iterable[Wish], now: float
) -> tuple[Wish, Wish] | None:
    """Who gives up a slot, and who gets it."""
    has = _count(holding)
    for gets in _in_turn(waiting, holding, now):
        may = [wish for wish in holding if _yields(wish, gets, has, now)]
        if may:
            return min(may, key=lambda wish: (wish.costs, wish.watched, -_held(wish, now))), gets
    return None


def _yields(holder: Wish, to: Wish, has: Mapping[int, int], now: float) -> bool:
    if not holder.costs:
        return True  # it does nothing with it at the moment
    if _held(holder, now) < HOLD_SECS:
        return False
    if holder.watched != to.watched:
        return to.watched
    ours, theirs = holder.job.owner, to.job.owner
    return ours == theirs or has[ours] > has[theirs]


def _count(wishes: Iterable[Wish]) -> Counter[int]:
    return Counter(wish.job.owner for wish in wishes)


def _has_slot(wish: Wish) -> bool:
    return wish.held is not None and wish.held.has_slot


def _held(wish: Wish, now: float) -> float:
    """Seconds."""
    since = wish.held.slot_since if wish.held is not None and wish.held.has_slot else 0.0
    return now - since if since else 0.0


def _waited(wish: Wish, now: float) -> float:
    """Seconds."""
    since = wish.held.waits_since if wish.held is not None else 0.0
    return now - since if since else 0.0
