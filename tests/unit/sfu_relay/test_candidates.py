"""Which ICE candidates pass."""

from __future__ import annotations

from typing import Any

import pytest

from sfu_relay.candidates import BadCandidate, guard_candidate

HOST = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


def init(text: Any, **more: Any) -> dict[str, Any]:
    return {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0, **more}


PASSES = {
    "host": (HOST, HOST),
    "what Chromium adds is left out": (
        HOST + " generation 0 ufrag abcd network-id 1 network-cost 10",
        HOST,
    ),
    "reflexive": (
        "candidate:2 1 UDP 1677729535 198.51.100.2 40000 typ srflx raddr 0.0.0.0 rport 0",
        "candidate:2 1 udp 1677729535 198.51.100.2 40000 typ srflx raddr 0.0.0.0 rport 0",
    ),
    "reflexive of a hidden host": (
        "candidate:2 1 udp 1677729535 198.51.100.2 40000 typ srflx raddr x-1.local rport 9",
        "candidate:2 1 udp 1677729535 198.51.100.2 40000 typ srflx",
    ),
    "relayed": (
        "candidate:3 1 udp 8265471 203.0.113.4 3478 typ relay raddr 192.0.2.7 rport 50000",
        "candidate:3 1 udp 8265471 203.0.113.4 3478 typ relay raddr 192.0.2.7 rport 50000",
    ),
    "IPv6": (
        "candidate:1 1 udp 2130706431 2001:DB8::1 50000 typ host",
        "candidate:1 1 udp 2130706431 2001:db8::1 50000 typ host",
    ),
}


@pytest.mark.parametrize("name", PASSES)
def test_passes_rebuilt(name: str) -> None:
    text, rebuilt = PASSES[name]
    checked = guard_candidate(init(text, usernameFragment="abcd", evil="x"))
    assert checked == init(rebuilt, usernameFragment="abcd")


SILENT = {
    "end of candidates": None,
    "end of a generation": init(""),
    "TCP": init("candidate:1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active"),
    "mDNS": init(
        "candidate:1 1 udp 2113937151 0f8a3c1e-6f6e-4a1b-9d6c-7d8f9a0b1c2d.local 50000 typ host"
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_dropped_in_silence(name: str) -> None:
    assert guard_candidate(SILENT[name]) is None


def test_mdns_passes_where_the_sfu_resolves_it() -> None:
    checked = guard_candidate(SILENT["mDNS"], mdns=True)
    assert checked is not None
    assert ".local" in checked["candidate"]


REFUSED = {
    "text instead of an object": HOST,
    "a list": [HOST],
    "a number": 7,
    "candidate is a number": init(5),
    "garbage": init("hello"),
    "cut short": init("candidate:1 1 udp 2130706431 192.0.2.7"),
    "host name": init("candidate:1 1 udp 2130706431 intranet.example.org 50000 typ host"),
    "port 0": init(HOST.replace("50000", "0")),
    "port 70000": init(HOST.replace("50000", "70000")),
    "port in words": init(HOST.replace("50000", "http")),
    "port of another script": init(HOST.replace("50000", "٥٠٠٠٠")),
    "negative priority": init(HOST.replace("2130706431", "-1")),
    "priority of 33 bits": init(HOST.replace("2130706431", "4294967296")),
    "component 3": init(HOST.replace(":1 1 ", ":1 3 ")),
    "transport": init(HOST.replace("udp", "sctp")),
    "type": init(HOST.replace("typ host", "typ guest")),
    "multicast": init(HOST.replace("192.0.2.7", "224.0.0.1")),
    "nobody's address": init(HOST.replace("192.0.2.7", "0.0.0.0")),
    "zone": init(HOST.replace("192.0.2.7", "fe80::1%eth0")),
    "a line break": init(HOST + "\r\na=evil"),
    "odd attributes": init(HOST + " ufrag"),
    "2000 characters": init(HOST + " x y" * 500),
    "mid is a number": init(HOST, sdpMid=0),
    "mid with a space": init(HOST, sdpMid="a b"),
    "index is text": init(HOST, sdpMLineIndex="0"),
    "index is true": init(HOST, sdpMLineIndex=True),
    "index is negative": init(HOST, sdpMLineIndex=-1),
    "index is huge": init(HOST, sdpMLineIndex=2**40),
    "neither mid nor index": {"candidate": HOST},
    "ufrag malformed": init(HOST, usernameFragment="a b"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(BadCandidate):
        guard_candidate(REFUSED[name])
