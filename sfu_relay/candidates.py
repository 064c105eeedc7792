"""Which ICE candidates may pass, pure: a browser's in, the same rebuilt from checked fields out."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

MAX_CANDIDATE_CHARS = 1024
_MAX_U32 = 2**32 - 1

_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_MID = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")
_MDNS = re.compile(r"[0-9A-Za-z-]{1,63}\.local")
_NUMBER = re.compile(r"[0-9]{1,10}")
_TYPES = frozenset({"host", "srflx", "prflx", "relay"})


class BadCandidate(ValueError):
    """Not a candidate an SFU should see; the text says why."""


def guard_candidate(candidate: object, *, mdns: bool = False) -> dict[str, Any] | None:
    """Check an RTCIceCandidateInit from a browser and rebuild it.

    None: nothing to send on (end of candidates, TCP, or an mDNS name the SFU can't resolve).
    Raises BadCandidate.
    """
    if candidate is None:
        return None
    if not isinstance(candidate, Mapping):
        raise BadCandidate("A candidate must be an object or null.")
    text = candidate.get("candidate", "")
    if not isinstance(text, str):
        raise BadCandidate("The field candidate must be text.")
    mid = _checked_mid(candidate.get("sdpMid"))
    index = _checked_index(candidate.get("sdpMLineIndex"))
    ufrag = candidate.get("usernameFragment")
    if ufrag is not None and not (isinstance(ufrag, str) and _UFRAG.fullmatch(ufrag)):
        raise BadCandidate("The field usernameFragment is malformed.")
    if not text:
        return None  # the end of candidates of one generation
    if mid is None and index is None:
        raise BadCandidate("One of sdpMid and sdpMLineIndex is needed.")
    line = guard_candidate_line(text, mdns=mdns)
    if line is None:
        return None
    return {
        "candidate": line,
        "sdpMid": mid,
        "sdpMLineIndex": index,
        "usernameFragment": ufrag,
    }


def guard_candidate_line(text: str, *, mdns: bool = False) -> str | None:
    """Check `candidate:…` and rebuild it; None if an SFU has no use for it. Raises BadCandidate."""
    if len(text) > MAX_CANDIDATE_CHARS or not text.isascii() or not text.isprintable():
        raise BadCandidate("The candidate is too long or not plain text.")
    words = text.removeprefix("a=").removeprefix("candidate:").split(" ")
    if len(words) < 8 or words[6] != "typ":
        raise BadCandidate("The candidate does not follow the grammar of RFC 8839.")
    foundation, component, transport, priority, address, port, _, kind = words[:8]
    if not _FOUNDATION.fullmatch(foundation):
        raise BadCandidate("The candidate's foundation is malformed.")
    if component not in ("1", "2"):
        raise BadCandidate("The candidate's component must be 1 or 2.")
    if not _NUMBER.fullmatch(priority) or not 0 < int(priority) <= _MAX_U32:
        raise BadCandidate("The candidate's priority is no 32-bit number.")
    if kind not in _TYPES:
        raise BadCandidate("The candidate's type is unknown.")
    extensions = _extensions(words[8:])
    transport = transport.lower()
    if transport not in ("udp", "tcp"):
        raise BadCandidate("The candidate's transport is unknown.")
    is_mdns = bool(_MDNS.fullmatch(address))
    ip = address if is_mdns else _checked_ip(address)
    if transport == "tcp":  # browsers offer port 9 for active TCP; no SFU here speaks ICE-TCP
        return None
    port_number = _checked_port(port)
    if is_mdns and not mdns:
        return None
    parts = [foundation, component, "udp", str(int(priority)), ip, str(port_number), "typ", kind]
    related = _related(extensions)
    return "candidate:" + " ".join(parts + related)


def _extensions(words: list[str]) -> dict[str, str]:
    if len(words) % 2 or len(words) > 32:
        raise BadCandidate("The candidate's attributes must be pairs.")
    return dict(zip(words[::2], words[1::2], strict=True))


def _related(extensions: Mapping[str, str]) -> list[str]:
    """raddr and rport, which full ICE agents like to have for srflx and relay."""
    if "raddr" not in extensions or "rport" not in extensions:
        return []
    raddr, rport = extensions["raddr"], extensions["rport"]
    if not _NUMBER.fullmatch(rport) or int(rport) > 65535:
        raise BadCandidate("The candidate's rport is no port.")
    if _MDNS.fullmatch(raddr):
        return []
    try:
        return ["raddr", str(ipaddress.ip_address(raddr)), "rport", str(int(rport))]
    except ValueError:
        raise BadCandidate("The candidate's raddr is no IP address.") from None


def _checked_ip(text: str) -> str:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        raise BadCandidate("The candidate's address must be an IP address.") from None
    if ip.is_multicast or ip.is_unspecified or "%" in text or text == "255.255.255.255":
        raise BadCandidate("The candidate's address is nobody's.")
    return str(ip)


def _checked_port(text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= 65535:
        raise BadCandidate("The candidate's port must be 1 to 65535.")
    return int(text)


def _checked_mid(mid: object) -> str | None:
    if mid is None:
        return None
    if not isinstance(mid, str) or not _MID.fullmatch(mid):
        raise BadCandidate("The field sdpMid is malformed.")
    return mid


def _checked_index(index: object) -> int | None:
    if index is None:
        return None
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index <= 255:
        raise BadCandidate("The field sdpMLineIndex must be a small number.")
    return index
