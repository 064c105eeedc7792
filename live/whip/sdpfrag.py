"""Trickled candidates as `application/trickle-ice-sdpfrag` (RFC 8840, section 9). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MAX_CHARS: Final = 16 * 1024
MAX_CANDIDATES: Final = 32  # a laptop with three networks has about ten


class BadFragment(ValueError):
    """Text that is no fragment; the message says why."""


@dataclass(frozen=True)
class Fragment:
    ufrag: str  # of the ICE session that the candidates are for; "": not said
    candidates: tuple[dict[str, Any], ...]  # RTCIceCandidateInit, as browsers trickle them


def parse_fragment(text: str) -> Fragment:
    """Raises BadFragment. What the candidates say is for the relay to check."""
    if len(text) > MAX_CHARS:
        raise BadFragment("The fragment is too long.")
    if not text.isascii() or not text.strip():
        raise BadFragment("The fragment is empty or not plain ASCII.")
    ufrag = ""
    section, mid = -1, ""
    candidates: list[dict[str, Any]] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line:
            continue
        if not line.isprintable() or len(line) < 2 or line[1] != "=":
            raise BadFragment("A line of the fragment is not of the form x=….")
        name, _, value = line[2:].partition(":")
        if line.startswith("m="):
            section, mid = section + 1, ""
        elif not line.startswith("a="):
            continue
        elif name == "mid":
            mid = value.strip()
        elif name == "ice-ufrag":
            ufrag = ufrag or value.strip()
        elif name == "candidate":
            candidates.append(_init(line[2:], mid, max(section, 0)))
            if len(candidates) > MAX_CANDIDATES:
                raise BadFragment("The fragment has too many candidates.")
    return Fragment(ufrag, tuple(candidates))


def _init(candidate: str, mid: str, section: int) -> dict[str, Any]:
    init: dict[str, Any] = {"candidate": candidate, "sdpMLineIndex": section}
    return {**init, "sdpMid": mid} if mid else init
