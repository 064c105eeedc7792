"""What the relay is told: which SFU nodes there are and how long it waits. Checked here, once."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST_LABEL = re.compile(r"^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$")

MODES = ("standalone", "cluster")
LOAD_BALANCE_METHODS = ("random", "roundrobin", "leastconn")
ALL_VIDEO_CODECS = ("H264", "VP8", "VP9", "AV1")


class ConfigError(ValueError):
    """A setting that can't work; the text says what to write instead."""


def parse_node_address(text: str) -> str:
    """Return `host:port` normalised, or raise ConfigError with an explanation.

    Example: "127.0.0.1:5551", "sfu-1.example.org:5551", "[::1]:5551".
    """
    text = text.strip()
    scheme = _SCHEME.match(text)
    if scheme:
        raise ConfigError(
            f"{text!r} is a URL. An SFU node is written as host:port, without a scheme: the relay "
            f"talks gRPC to it, not {scheme[1]}. For example 127.0.0.1:5551."
        )
    if "/" in text:
        raise ConfigError(f"{text!r} has a path. An SFU node is written as host:port.")
    host, colon, port_text = text.rpartition(":")
    if not colon or not host:
        raise ConfigError(f"{text!r} has no port. An SFU node is written as host:port.")
    if not (port_text.isascii() and port_text.isdecimal()) or not 1 <= int(port_text) <= 65535:
        raise ConfigError(f"{port_text!r} in {text!r} is no port: it must be 1 to 65535.")
    _check_host(host, text)
    return f"{host}:{int(port_text)}"


def _check_host(host: str, text: str) -> None:
    if host.startswith("[") and host.endswith("]"):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise ConfigError(f"{host!r} in {text!r} is no IPv6 address.") from None
        return
    if ":" in host:
        raise ConfigError(f"{text!r}: write an IPv6 address in brackets, as [::1]:5551.")
    if len(host) > 253 or not all(_HOST_LABEL.match(label) for label in host.split(".")):
        raise ConfigError(f"{host!r} in {text!r} is no host name.")


@dataclass(frozen=True)
class RelayConfig:
    """Settings of the relay. Raises ConfigError when they can't work together."""

    enabled: bool
    server_url: str  # host:port
    mode: str = "standalone"
    cluster_nodes: tuple[str, ...] = ()  # host:port each; used in mode "cluster"
    load_balance_method: str = "roundrobin"
    join_timeout_secs: float = 15.0
    answer_timeout_secs: float = 10.0
    assume_media_secs: float = 3.0  # for SFUs that don't announce a publisher to itself (Ion)
    close_timeout_secs: float = 1.0
    health_interval_secs: float = 1.5
    health_timeout_secs: float = 2.0
    video_codecs: tuple[str, ...] = ALL_VIDEO_CODECS  # Ion: H264 only
    mdns_candidates: bool = False  # pass *.local candidates on (an SFU that resolves mDNS)

    def __post_init__(self) -> None:
        if not self.enabled:
            return
        if self.mode not in MODES:
            raise ConfigError(f"SFU_MODE is {self.mode!r}; it must be one of {', '.join(MODES)}.")
        if self.load_balance_method not in LOAD_BALANCE_METHODS:
            raise ConfigError(
                f"SFU_LOAD_BALANCE_METHOD is {self.load_balance_method!r}; "
                f"it must be one of {', '.join(LOAD_BALANCE_METHODS)}."
            )
        unknown = set(self.video_codecs) - set(ALL_VIDEO_CODECS)
        if unknown or not self.video_codecs:
            raise ConfigError(f"SFU_VIDEO_CODECS must be of {', '.join(ALL_VIDEO_CODECS)}.")
        if self.mode == "cluster" and not self.cluster_nodes:
            raise ConfigError("SFU_MODE=cluster needs SFU_CLUSTER_NODES: host:port,host:port.")
        if len(set(self.nodes)) != len(self.nodes):
            raise ConfigError("SFU_CLUSTER_NODES names a node twice.")

    @property
    def nodes(self) -> tuple[str, ...]:
        """The addresses in use, normalised."""
        if not self.enabled:
            return ()
        if self.mode == "cluster":
            return tuple(parse_node_address(node) for node in self.cluster_nodes)
        return (parse_node_address(self.server_url),)
