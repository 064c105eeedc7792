"""Where the SFU listens: command line, then environment, then what the machine has."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ifaddr

LOOPBACK = "127.0.0.1"
MAX_ADDRESSES = 8
# Networks between containers or virtual machines of this host: no browser is there.
_VIRTUAL = ("docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "podman")


@dataclass(frozen=True, slots=True)
class Config:
    grpc_host: str
    grpc_port: int
    udp_port: int
    addresses: tuple[str, ...]  # the first is the preferred one


def parse_config(arguments: Sequence[str], environment: Mapping[str, str]) -> Config:
    """Exits with a message when an argument makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m embedded_sfu",
        description="The SFU of one machine: rtc.RTC over gRPC, media over one UDP port.",
    )
    parser.add_argument("--grpc-host", default=LOOPBACK, help="loopback only")
    parser.add_argument(
        "--grpc-port", type=_port, default=environment.get("SFU_GRPC_PORT") or "5551"
    )
    parser.add_argument("--udp-port", type=_port, default=environment.get("SFU_UDP_PORT") or "5000")
    parser.add_argument(
        "--public-ips",
        type=_addresses,
        default=environment.get("SFU_PUBLIC_IPS", ""),
        help="addresses that browsers can reach, comma-separated; empty: loopback and LAN",
    )
    options = parser.parse_args(arguments)
    if not _is_loopback(options.grpc_host):
        parser.error("--grpc-host must be a loopback address: the service has no authentication")
    return Config(
        grpc_host=_numeric(options.grpc_host),
        grpc_port=options.grpc_port,
        udp_port=options.udp_port,
        addresses=options.public_ips or found_addresses(),
    )


def found_addresses() -> tuple[str, ...]:
    """The machine's own IPv4 addresses, LAN first, loopback last."""
    return _ordered(
        (adapter.nice_name, str(ip.ip))
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if ip.is_IPv4
    )


def _ordered(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Of (interface, address): those a browser may reach."""
    found: list[str] = []
    for name, text in pairs:
        address = ipaddress.ip_address(text)
        if address.is_loopback or address.is_link_local or name.startswith(_VIRTUAL):
            continue
        if text not in found:
            found.append(text)
    return (*found[: MAX_ADDRESSES - 1], LOOPBACK)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _addresses(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(str(ipaddress.ip_address(part)) for part in parts[:MAX_ADDRESSES])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(_numeric(host)).is_loopback
    except ValueError:
        return False


def _numeric(host: str) -> str:
    return LOOPBACK if host == "localhost" else host
