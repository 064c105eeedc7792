"""Where somebody connects from, as far as it can be believed. Pure."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network


def client_address(remote: str, forwarded_for: str, proxies: int) -> str:
    """`remote`: the other end of the socket. `forwarded_for`: the X-Forwarded-For header.

    `proxies`: how many of ours stand in front and add to that header; 0: it is not believed.
    An IPv6 host may use any address of its /64, so the network stands for it.
    """
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    found = hops[-min(proxies, len(hops))] if proxies > 0 and hops else remote
    try:
        address = ip_address(found)
    except ValueError:
        return found[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)
