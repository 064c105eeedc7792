"""What the machine's network looks like: its addresses, and which ports are free."""

from __future__ import annotations

import errno
import ipaddress
import socket

import ifaddr


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine that others may reach, private ones first."""
    found: set[ipaddress.IPv4Address] = set()
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if isinstance(ip.ip, str):
                address = ipaddress.IPv4Address(ip.ip)
                if not address.is_loopback and not address.is_link_local:
                    found.add(address)
    return [str(a) for a in sorted(found, key=lambda a: (not a.is_private, a))]


def port_problem(host: str, port: int, kind: socket.SocketKind) -> str | None:
    """Why `port` can't be listened on, in a few words; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            # Connections of the last run in TIME_WAIT are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another program has it"
            if error.errno == errno.EACCES:
                return "only root may listen below 1024"
            return error.strerror or "it can't be opened"
    return None
