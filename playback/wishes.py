"""How many bridges one address may have started by asking for what nobody feeds yet. Pure.

Whoever then watches never asks so again; whoever only asks has one started each time anew.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

MOST: Final = 10  # at about 20 s of a bridge each: one of them all the time, at most
WITHIN_SECS: Final = 300.0
AT_ONCE_SECS: Final = 1.0  # what is there so soon was fed already
SAME_SECS: Final = 15.0  # one wish, of many people at one address or of one who tries again
MOST_NETWORKS: Final = 20_000


Wish = tuple[float, str]  # when, monotonic seconds, for which play id


class Wishes:
    def __init__(self) -> None:
        # network → its wishes; who wished last is last
        self._made: OrderedDict[str, deque[Wish]] = OrderedDict()

    def make(self, network: str, play_id: str, at: float) -> Wish | None:
        """None: it has had too many."""
        made = self._made.setdefault(network, deque())
        while made and made[0][0] < at - WITHIN_SECS:
            made.popleft()
        for wish in made:
            if wish[1] == play_id and wish[0] > at - SAME_SECS:
                return wish
        if len(made) >= MOST:
            return None
        made.append((at, play_id))
        self._made.move_to_end(network)
        if len(self._made) > MOST_NETWORKS:
            self._made.popitem(last=False)
        return made[-1]

    def came_true(self, network: str, wish: Wish, at: float) -> None:
        made = self._made.get(network)
        if at - wish[0] < AT_ONCE_SECS and made is not None and wish in made:
            made.remove(wish)


def network_of(address: str) -> str:
    """What counts as one: an IPv6 host may use any address of its /64. "": not an address."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))
