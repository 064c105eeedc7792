"""Which settings the relay takes, and what it says about the others."""

from __future__ import annotations

import pytest

from sfu_relay.config import ConfigError, RelayConfig, parse_node_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5551", "127.0.0.1:5551"),
        (" sfu-1.example.org:50051 ", "sfu-1.example.org:50051"),
        ("ion_sfu:05551", "ion_sfu:5551"),
        ("[::1]:5551", "[::1]:5551"),
    ],
)
def test_addresses(text: str, address: str) -> None:
    assert parse_node_address(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://localhost:7000", "without a scheme"),
        ("https://sfu:7000", "without a scheme"),
        ("ws://sfu:7000/ws", "without a scheme"),
        ("wss://sfu", "without a scheme"),
        ("HTTP://sfu:1", "without a scheme"),
        ("grpc://sfu:1", "without a scheme"),
        ("sfu:7000/ws", "path"),
        ("sfu", "no port"),
        (":5551", "no port"),
        ("", "no port"),
        ("sfu:", "no port"),
        ("sfu:0", "1 to 65535"),
        ("sfu:70000", "1 to 65535"),
        ("sfu:http", "1 to 65535"),
        ("sfu:٥٥٥١", "1 to 65535"),
        ("::1:5551", "brackets"),
        ("[fe80]:5551", "no IPv6"),
        ("a b:5551", "no host name"),
        ("-x:5551", "no host name"),
        ("直播:5551", "no host name"),
    ],
)
def test_what_is_no_address_is_refused_with_an_explanation(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_node_address(text)


def test_nodes_by_mode() -> None:
    nodes = ("sfu-1:5551", "sfu-2:5551")
    one = RelayConfig(enabled=True, server_url="127.0.0.1:5551", cluster_nodes=nodes)
    many = RelayConfig(enabled=True, server_url="", mode="cluster", cluster_nodes=nodes)
    off = RelayConfig(enabled=False, server_url="http://nonsense")
    assert one.nodes == ("127.0.0.1:5551",)
    assert many.nodes == nodes
    assert off.nodes == ()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"server_url": "http://localhost:7000"}, "without a scheme"),
        ({"mode": "swarm"}, "standalone, cluster"),
        ({"mode": "cluster"}, "SFU_CLUSTER_NODES"),
        ({"mode": "cluster", "cluster_nodes": ("a:1", "a:1")}, "twice"),
        ({"mode": "cluster", "cluster_nodes": ("a:1", "ws://b:1")}, "without a scheme"),
        ({"load_balance_method": "fastest"}, "random, roundrobin, leastconn"),
        ({"video_codecs": ("H265",)}, "H264"),
        ({"video_codecs": ()}, "H264"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        RelayConfig(**{"enabled": True, "server_url": "127.0.0.1:5551", **settings})
